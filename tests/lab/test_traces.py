"""Jaeger's answers as frames. The answers are in the form of its query API."""

import json

import pandas as pd
import pytest

from labkit.clock import EPOCH, HOUR
from labkit.errors import QueryError
from labkit.lab import traces

MICROS = EPOCH * 1000


def span(identity, parent, process, operation, start, duration, **tags):
    references = [{"refType": "CHILD_OF", "traceID": "t1", "spanID": parent}] if parent else []
    return {
        "traceID": "t1", "spanID": identity, "operationName": operation, "references": references, "startTime": MICROS + start, "duration": duration,
        "tags": [{"key": key, "type": "string", "value": value} for key, value in tags.items()], "logs": [], "processID": process, "warnings": None,
    }  # fmt: skip


TRACE = {
    "traceID": "t1",
    "spans": [
        span("c", "b", "p2", "INSERT", 300, 500, error=True),
        span("a", None, "p1", "POST /api", 0, 1500),
        span("d", "a", "p1", "answer <now>", 1200, 100),
        span("b", "a", "p1", "store", 200, 900),
    ],
    "processes": {"p1": {"serviceName": "api", "tags": []}, "p2": {"serviceName": "postgres", "tags": []}},
    "warnings": None,
}


@pytest.fixture
def jaeger(served):
    served.answers |= {
        "/api/services": {"data": ["api", "postgres"], "total": 2, "errors": None},
        "/api/traces": {"data": [TRACE], "errors": None},
        "/api/traces/t1": {"data": [TRACE], "errors": None},
        "/api/traces/t2": (404, '{"data":null,"errors":[{"code":404,"msg":"trace not found"}]}'),
    }
    return served


def search(jaeger, wanted=None, service=None, tags=None, limit=20):
    return traces.search(jaeger.url, EPOCH - HOUR, EPOCH, wanted or {}, service, tags or {}, limit)


def test_a_trace_is_a_row_with_its_root_duration_and_errors(jaeger):
    frame = search(jaeger, {"minDuration": "500ms"}, "api", {"error": True, "http.status_code": 500})
    row = frame.iloc[0]
    assert (row["trace"], row["service"], row["operation"], row["spans"], row["errors"]) == (
        "t1",
        "api",
        "POST /api",
        4,
        1,
    )
    assert row["time"] == pd.Timestamp(EPOCH, unit="ms", tz="UTC")
    assert frame[frame["duration"] > "1ms"]["duration"].iloc[0] == pd.Timedelta("1.5ms")
    _, asked = jaeger.asked[-1]
    assert asked["minDuration"] == "500ms"
    assert (asked["start"], asked["end"]) == (str((EPOCH - HOUR) * 1000), str(MICROS))
    assert json.loads(asked["tags"]) == {"error": "true", "http.status_code": "500"}


def test_without_a_service_all_are_asked_and_a_trace_of_two_comes_once(jaeger):
    assert len(search(jaeger)) == 1
    assert sorted(asked["service"] for path, asked in jaeger.asked if path == "/api/traces") == ["api", "postgres"]


def test_an_unknown_service_is_named_with_those_there_are(jaeger):
    with pytest.raises(QueryError, match="no service 'apy'") as caught:
        search(jaeger, service="apy")
    assert "api, postgres" in caught.value.remedy


def test_no_trace_says_so(jaeger):
    jaeger.answers["/api/traces"] = {"data": []}
    html = search(jaeger, service="api")._repr_html_()
    assert "No traces." in html
    assert "api, postgres" in html


def test_one_trace_is_a_row_a_span_children_below_their_parents(jaeger):
    frame = traces.trace(jaeger.url, "t1")
    assert list(zip(frame["span"], frame["depth"], strict=True)) == [("a", 0), ("b", 1), ("c", 2), ("d", 1)]
    assert frame["error"].tolist() == [False, False, True, False]
    assert frame["tags"].iloc[2] == {"error": "true"}
    html = frame._repr_html_()
    for said in ("1.5 ms", "4 spans", "1 failed", "postgres", "answer &lt;now&gt;"):
        assert said in html
    assert "<table" in frame[["span", "depth"]]._repr_html_()


def test_a_trace_that_is_not_there(jaeger):
    with pytest.raises(QueryError, match="trace not found") as caught:
        traces.trace(jaeger.url, "t2")
    assert caught.value.where == "t2"


def test_spans_without_a_parent_and_spans_in_a_circle_are_shown_all_the_same():
    spans = [
        span("a", "lost", "p1", "x", 0, 5),
        span("b", "c", "p1", "y", 1, 2),
        span("c", "b", "p1", "z", 2, 2),
        span("e", "e", "p1", "w", 3, 1),
    ]
    frame = traces.span_frame({**TRACE, "spans": spans})
    assert sorted(frame["span"]) == ["a", "b", "c", "e"]
    assert frame["depth"].max() == 0


def test_the_list_is_drawn_with_bars_and_errors(jaeger):
    html = search(jaeger)._repr_html_()
    assert "1 failed" in html
    assert "1.5 ms" in html
    assert "lab.trace(id)" in html
