"""Loki's answers as frames. The answers are in the form its documentation prints."""

import pandas as pd
import pytest

from labkit.clock import EPOCH, HOUR
from labkit.errors import QueryError
from labkit.lab.logs import LogFrame, logs

PATH = "/loki/api/v1/query_range"
NANOS = EPOCH * 1_000_000


def streams(*found):
    return {
        "status": "success",
        "data": {
            "resultType": "streams",
            "result": [{"stream": labels, "values": values} for labels, values in found],
            "stats": {},
        },
    }


def asked(served, query='{app="api"}', **kw):
    return logs(served.url, query, EPOCH - HOUR, EPOCH, **kw)


def test_lines_are_rows_the_newest_first_with_labels_as_columns(served):
    served.answers[PATH] = streams(
        ({"app": "api", "pod": "a"}, [[str(NANOS - 5), "late"], [str(NANOS - 9), "early"]]),
        ({"app": "api"}, [[str(NANOS - 7), "middle", {"trace_id": "t1"}]]),
    )
    frame = asked(served)
    assert list(frame.columns) == ["time", "app", "pod", "trace_id", "line"]
    assert list(frame["line"]) == ["late", "middle", "early"]
    assert frame["time"].iloc[0] == pd.Timestamp(NANOS - 5, unit="ns", tz="UTC")
    assert frame.about.common == {"app": "api"}
    assert served.asked[0][1] | {"step": ""} == {
        "query": '{app="api"}', "start": str((EPOCH - HOUR) * 1_000_000), "end": str(NANOS), "limit": "500", "direction": "backward", "step": "",
    }  # fmt: skip


def test_the_list_is_escaped_and_coloured_and_a_part_of_it_is_drawn_too(served):
    served.answers[PATH] = streams(
        ({"app": "api"}, [[str(NANOS), '{"level":"error","msg":"<script>x</script>"}'], [str(NANOS - 1), "fine"]])
    )
    frame = asked(served)
    html = frame._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "2 lines" in html
    assert isinstance(frame[frame["line"] == "fine"], LogFrame)
    assert "1 lines" in frame[frame["line"] == "fine"]._repr_html_()
    assert frame.groupby("app").size().tolist() == [2]
    assert "<table" in frame[["app"]]._repr_html_(), "what is no list of lines is a table"


def test_a_count_of_lines_is_a_chart(served):
    served.answers[PATH] = {
        "data": {
            "resultType": "matrix",
            "result": [{"metric": {"level": "error"}, "values": [[EPOCH / 1000, "2"], [EPOCH / 1000 + 15, "3"]]}],
        }
    }
    frame = asked(served, 'sum by (level) (rate({app="api"}[1m]))')
    assert frame.iloc[:, 0].tolist() == [2.0, 3.0]
    assert frame.about.unit.name == "cps"
    assert "<svg" in frame._repr_html_()


def test_more_than_was_asked_for_and_nothing_are_said(served):
    served.answers[PATH] = streams(({"app": "api"}, [[str(NANOS), "x"]]))
    assert "only the newest 1 lines" in asked(served, limit=1)._repr_html_()
    served.answers[PATH] = streams()
    served.answers["/loki/api/v1/labels"] = {"data": ["app"]}
    served.answers["/loki/api/v1/label/app/values"] = {"data": ["worker"]}
    empty = asked(served)
    assert list(empty.columns) == ["time", "line"]
    assert "Its values are worker" in empty._repr_html_()


def test_a_wrong_query_is_refused_in_lokis_words(served):
    served.answers[PATH] = (400, "parse error at line 1, col 6: syntax error: unexpected }, expecting STRING")
    with pytest.raises(QueryError, match="unexpected }") as caught:
        asked(served, "{app=}")
    assert str(caught.value).splitlines()[1:3] == ["    {app=}", "         ^"]


@pytest.mark.parametrize(
    ("query", "unit"),
    [
        ('sum(rate({app="api"} |= "ERROR" [5m])) / sum(rate({app="api"}[5m]))', "percentunit"),
        ('count_over_time({app="api"} |= "bytes_rate(" [5m])', "short"),
        ('sum(bytes_rate({app="api"}[5m]))', "binBps"),
        ('rate({app="api"}[5m]) * 60', "none"),
        ('topk(3, rate({app="api"}[5m])) > 1', "cps"),
        ('sum_over_time({app="api"} | json | unwrap duration_ms [5m])', "none"),
        ("what Loki 4 may know", "none"),
    ],
)
def test_the_unit_is_what_is_counted(served, query, unit):
    served.answers[PATH] = {"data": {"resultType": "matrix", "result": []}}
    assert asked(served, query).about.unit.name == unit
