"""Jaeger's query API, as its UI and Grafana use it: over a socket and by upstream's rules."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import orjson
import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.clock import DAY, EPOCH, HOUR, SECOND
from labkit.kube.request import User
from labkit.sandbox.faces.jaeger import Answer, application, respond
from labkit.signals.spans import Event, Span, SpanStore
from labkit.world.actions import AnyAction, JaegerQuery, Query

NOW = EPOCH + HOUR
WHEN = EPOCH * 1000
LONG = "5b8aa5a2d2c872e8321cf37308d69df2"
SHORT = "0000000000000000000000000000abcd"


@pytest.fixture(scope="module")
def store() -> SpanStore:
    """A request that failed at the database, one that went well, and one of three days ago."""
    store = SpanStore()
    pod = {"k8s.pod.name": "api-1", "service.version": "1.8.2"}
    exception = Event(time=WHEN + 900, fields={"event": "exception", "exception.message": "unexpected end of row"})
    for span in (
        Span(trace_id=LONG, span_id="00000000000000a1", service="api", operation="GET /x", start=WHEN, duration=1_000,
             tags={"span.kind": "server", "http.response.status_code": 500, "error": True, "share": 0.5}, process=pod),
        Span(trace_id=LONG, span_id="00000000000000a2", parent_id="00000000000000a1", service="api", operation="SELECT x",
             start=WHEN + 100, duration=800, tags={"span.kind": "client", "error": True}, process=pod, events=(exception,)),
        Span(trace_id=LONG, span_id="00000000000000a3", parent_id="00000000000000a2", service="worker", operation="work",
             start=WHEN + 2_000, duration=2_000_000, tags={"span.kind": "consumer", "offset": 2**60}),
        Span(trace_id=SHORT, span_id="00000000000000b1", service="api", operation="GET /x", start=WHEN + 5_000_000,
             duration=20, tags={"span.kind": "server", "http.response.status_code": 200}),
        Span(trace_id="c" * 32, span_id="00000000000000c1", service="api", operation="GET /old",
             start=WHEN - 3 * DAY * 1000, duration=20),
    ):  # fmt: skip
        store.add(span)
    return store


class Gate:
    """Answers at once and remembers what it was asked."""

    def __init__(self, store: SpanStore) -> None:
        self.seen: list[tuple[str, JaegerQuery]] = []
        self._store = store

    async def perform(self, user: User, action: JaegerQuery) -> Answer:
        self.seen.append((user.name, action))
        return respond(self._store, NOW, action.path, action.params)


@pytest.fixture(scope="module")
def gate(store: SpanStore) -> Gate:
    return Gate(store)


@pytest.fixture(scope="module")
def url(gate: Gate) -> Iterator[str]:
    server = uvicorn.Server(
        uvicorn.Config(application(gate), host="127.0.0.1", port=0, log_level="error", lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def ask(store: SpanStore, path: str, *params: tuple[str, str]) -> tuple[int, Any]:
    code, body = respond(store, NOW, f"/api/{path}", params)
    return code, orjson.loads(body)


def found(store: SpanStore, *params: tuple[str, str]) -> list[str]:
    """The ids of the traces that a search finds."""
    code, body = ask(store, "traces", *params)
    assert code == 200
    return [trace["traceID"] for trace in body["data"]]


def test_services_and_operations(url: str) -> None:
    def get(path: str, **params: str) -> dict[str, Any]:
        answer = httpx.get(f"{url}/api/{path}", params=params)
        assert answer.headers["content-type"] == "application/json"
        return answer.json()

    frame = {"limit": 0, "offset": 0, "errors": None}
    assert get("services") == {"data": ["api", "worker"], "total": 2, **frame}
    assert get("services/api/operations") == {"data": ["GET /old", "GET /x", "SELECT x"], "total": 3, **frame}
    assert get("operations", service="api", spanKind="client") == {
        "data": [{"name": "SELECT x", "spanKind": "client"}], "total": 1, **frame,
    }  # fmt: skip
    assert get("operations", service="worker")["data"] == [{"name": "work", "spanKind": "consumer"}]
    assert get("operations", service="nobody") == {"data": [], "total": 0, **frame}
    assert get("services/nobody/operations") == {"data": [], "total": 0, **frame}


def test_a_trace_in_the_form_of_the_ui(url: str) -> None:
    answer = httpx.get(f"{url}/api/traces/{LONG}").json()
    assert answer.keys() == {"data", "total", "limit", "offset", "errors"}
    (trace,) = answer["data"]
    assert trace["traceID"] == LONG
    assert trace["warnings"] is None
    assert trace["processes"] == {
        "p1": {
            "serviceName": "api",
            "tags": [
                {"key": "k8s.pod.name", "type": "string", "value": "api-1"},
                {"key": "service.version", "type": "string", "value": "1.8.2"},
            ],
        },
        "p2": {"serviceName": "worker", "tags": []},
    }
    first, second, third = trace["spans"]
    assert first == {
        "traceID": LONG, "spanID": "00000000000000a1", "operationName": "GET /x", "references": [],
        "startTime": WHEN, "duration": 1_000, "logs": [], "processID": "p1", "warnings": None,
        "tags": [
            {"key": "error", "type": "bool", "value": True},
            {"key": "http.response.status_code", "type": "int64", "value": 500},
            {"key": "share", "type": "float64", "value": 0.5},
            {"key": "span.kind", "type": "string", "value": "server"},
        ],
    }  # fmt: skip
    assert second["references"] == [{"refType": "CHILD_OF", "traceID": LONG, "spanID": "00000000000000a1"}]
    assert second["logs"] == [
        {
            "timestamp": WHEN + 900,
            "fields": [
                {"key": "event", "type": "string", "value": "exception"},
                {"key": "exception.message", "type": "string", "value": "unexpected end of row"},
            ],
        }
    ]
    assert third["processID"] == "p2"
    assert {"key": "offset", "type": "int64", "value": str(2**60)} in third["tags"], "more than JavaScript can count"


@pytest.mark.parametrize("text", ["abcd", "0abcd", "000000000000abcd", SHORT, "ABCD"])
def test_a_trace_id_may_lack_its_leading_zeros(store: SpanStore, text: str) -> None:
    code, body = ask(store, f"traces/{text}")
    assert code == 200
    (trace,) = body["data"]
    assert trace["traceID"] == trace["spans"][0]["traceID"] == "000000000000abcd"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ([], ["abcd", LONG]),
        ([("limit", "1")], ["abcd"]),
        ([("operation", "SELECT x")], [LONG]),
        ([("operation", "SELECT")], []),
        ([("tag", "error:true")], [LONG]),
        ([("tags", '{"http.response.status_code": "200"}')], ["abcd"]),
        ([("tags", '{"k8s.pod.name": "api-1", "error": "true"}')], [LONG]),
        ([("tag", "exception.message:unexpected end of row")], [LONG]),
        ([("tag", "error:true"), ("tags", '{"error": "false"}')], []),
        ([("tags", "null")], ["abcd", LONG]),
        ([("minDuration", "1ms")], [LONG]),
        ([("minDuration", "1000.5us")], []),
        ([("maxDuration", "20us")], ["abcd"]),
        ([("maxDuration", "20us"), ("minDuration", "0")], ["abcd"]),
        ([("start", str(WHEN + 1_000_000))], ["abcd"]),
        ([("end", str(WHEN + 1_000_000))], [LONG]),
        ([("start", "0")], ["abcd", LONG, "c" * 32]),
        ([("start", str(WHEN + 1)), ("end", str(WHEN))], []),
        ([("start", "-9223372036854775808"), ("end", "9223372036854775807")], ["abcd", LONG, "c" * 32]),
        ([("lookback", "1h"), ("raw", "true")], ["abcd", LONG]),
    ],
)
def test_a_search(store: SpanStore, params: list[tuple[str, str]], expected: list[str]) -> None:
    ids = [text.rjust(16, "0") for text in expected]
    assert found(store, ("service", "api"), *params) == ids


def test_of_an_unknown_service_there_are_no_traces(store: SpanStore) -> None:
    assert found(store, ("service", "nobody")) == []


def test_certain_traces(store: SpanStore) -> None:
    code, body = ask(store, "traces", ("traceID", "abcd"), ("traceID", "1"), ("traceID", LONG))
    assert code == 200
    assert [trace["traceID"] for trace in body["data"]] == ["000000000000abcd", LONG]
    assert body["errors"] == [{"msg": "trace not found", "traceID": "0000000000000001"}]


def test_dependencies(store: SpanStore) -> None:
    links = [
        {"parent": "api", "child": "api", "callCount": 1},
        {"parent": "api", "child": "worker", "callCount": 1},
    ]
    assert ask(store, "dependencies")[1]["data"] == links
    assert ask(store, "dependencies", ("service", "worker"))[1]["data"] == links[1:]
    assert ask(store, "dependencies", ("endTs", str(NOW)), ("lookback", str(HOUR)))[1]["data"] == links
    assert ask(store, "dependencies", ("endTs", str(EPOCH)))[1]["data"] == []
    assert ask(store, "dependencies", ("lookback", str(SECOND)))[1]["data"] == []


S = ("service", "api")


@pytest.mark.parametrize(
    ("path", "params", "code", "message"),
    [
        ("traces", [], 400, "parameter 'service' is required"),
        ("operations", [], 400, "parameter 'service' is required"),
        ("traces", [S, ("start", "x")], 400, "unable to parse param 'start': strconv.ParseInt: parsing \"x\": invalid syntax"),
        ("traces", [S, ("end", "1.5")], 400, "unable to parse param 'end': strconv.ParseInt: parsing \"1.5\": invalid syntax"),
        ("traces", [S, ("end", "9" * 30)], 400, f"unable to parse param 'end': strconv.ParseInt: parsing \"{'9' * 30}\": value out of range"),
        ("traces", [S, ("limit", "x")], 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("traces", [S, ("limit", "2147483648")], 400, 'strconv.ParseInt: parsing "2147483648": value out of range'),
        ("traces", [S, ("limit", "0")], 500, "search depth must be greater than 0 and less than max traces"),
        ("traces", [S, ("limit", "-1")], 500, "search depth must be greater than 0 and less than max traces"),
        ("traces", [S, ("limit", "100001")], 500, "search depth must be greater than 0 and less than max traces"),
        ("traces", [S, ("minDuration", "20")], 400, "unable to parse param 'minDuration': time: missing unit in duration \"20\""),
        ("traces", [S, ("maxDuration", "1y")], 400, "unable to parse param 'maxDuration': time: unknown unit \"y\" in duration \"1y\""),
        ("traces", [S, ("maxDuration", "soon")], 400, "unable to parse param 'maxDuration': time: invalid duration \"soon\""),
        ("traces", [S, ("minDuration", "2s"), ("maxDuration", "1s")], 400, "'maxDuration' should be greater than 'minDuration'"),
        ("traces", [S, ("tag", "k")], 400, "malformed 'tag' parameter, expecting key:value, received: k"),
        ("traces", [S, ("tags", '{"a": 1}')], 400, "malformed 'tags' parameter, cannot unmarshal JSON: json: cannot unmarshal number into Go value of type string"),
        ("traces", [S, ("tags", "[]")], 400, "malformed 'tags' parameter, cannot unmarshal JSON: json: cannot unmarshal array into Go value of type map[string]string"),
        ("traces", [S, ("raw", "maybe")], 400, "unable to parse param 'raw': strconv.ParseBool: parsing \"maybe\": invalid syntax"),
        ("traces", [("traceID", "1")] * 101, 400, "parameter 'traceID' is given 101 times, 100 are the most"),
        ("traces", [("traceID", "xyz")], 400, 'cannot parse traceID param: strconv.ParseUint: parsing "xyz": invalid syntax'),
        ("traces/xyz", [], 400, 'strconv.ParseUint: parsing "xyz": invalid syntax'),
        (f"traces/{'a' * 33}", [], 400, f"TraceID cannot be longer than 32 hex characters: {'a' * 33}"),
        (f"traces/{LONG}", [("start", "x")], 400, "unable to parse param 'start': strconv.ParseInt: parsing \"x\": invalid syntax"),
        ("traces/1", [], 404, "trace not found"),
        ("dependencies", [("endTs", "x")], 400, "unable to parse param 'endTs': strconv.ParseInt: parsing \"x\": invalid syntax"),
        ("dependencies", [("lookback", "1h")], 400, "unable to parse param 'lookback': strconv.ParseInt: parsing \"1h\": invalid syntax"),
        ("dependencies", [("lookback", "-1")], 500, "end time must be greater than start time"),
        ("metrics/calls", [S], 501, "metrics querying is currently disabled"),
        ("nothing", [], 404, "404 page not found"),
    ],
)  # fmt: skip
def test_errors_are_upstreams(
    store: SpanStore, path: str, params: list[tuple[str, str]], code: int, message: str
) -> None:
    got, body = ask(store, path, *params)
    assert got == code
    assert body == {
        "data": None, "total": 0, "limit": 0, "offset": 0, "errors": [{"code": code, "msg": message}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "unexpected end of JSON input"),
        ("{", "unexpected end of JSON input"),
        ('{"a', "unexpected end of JSON input"),
        ("error=true", "invalid character 'e' looking for beginning of value"),
        ("{'a': 'b'}", 'invalid character "\'" looking for beginning of object key string'),
        ('{"a":"b"} x', "invalid character 'x' after top-level value"),
        ('{"a" "b"}', "invalid character '\"' after object key"),
        ("[" * 100_000, "exceeded max depth"),
        ('{"a":' + "9" * 5_000 + "}", "json: cannot unmarshal number into Go value of type string"),
    ],
)
def test_tags_that_are_no_json(store: SpanStore, text: str, why: str) -> None:
    code, body = ask(store, "traces", S, ("tags", text))
    assert code == 400
    assert body["errors"][0]["msg"] == f"malformed 'tags' parameter, cannot unmarshal JSON: {why}"


@settings(max_examples=300, deadline=None)
@given(
    endpoint=st.sampled_from(["traces", "dependencies", "operations", "services", f"traces/{LONG}"]) | st.text(max_size=20),
    params=st.lists(
        st.tuples(
            st.sampled_from(["service", "operation", "tag", "tags", "start", "end", "limit", "minDuration", "maxDuration", "traceID", "raw", "endTs", "lookback"]),
            st.text(max_size=12) | st.integers().map(str) | st.sampled_from(["api", "1ms", "-1h", '{"a":null}', "1e9s"]),
        ),
        max_size=5,
    ),
)  # fmt: skip
def test_whatever_is_asked_is_answered_in_the_frame(
    store: SpanStore, endpoint: str, params: list[tuple[str, str]]
) -> None:
    code, body = ask(store, endpoint, *params)
    assert code in (200, 400, 404, 500, 501)
    assert body.keys() == {"data", "total", "limit", "offset", "errors"}
    assert (code == 200) == (body["data"] is not None)


def test_over_the_wire(url: str, gate: Gate) -> None:
    gate.seen.clear()
    for path in ("/", "/status"):
        assert httpx.get(url + path).status_code == 200
    assert gate.seen == [], "who only knocks is not journalled"
    answer = httpx.get(f"{url}/api/traces", params={"service": "api", "tags": '{"error":"true"}'})
    assert [trace["traceID"] for trace in answer.json()["data"]] == [LONG]
    assert gate.seen == [
        ("jaeger-client", JaegerQuery(path="/api/traces", params=(("service", "api"), ("tags", '{"error":"true"}'))))
    ]
    answer = httpx.get(f"{url}/api/traces?service=api&limit=%00&tags=%ff%fe")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert httpx.post(f"{url}/api/traces").status_code == 405
    pretty = httpx.get(f"{url}/api/services?prettyPrint=true").text
    assert "\n" in pretty
    assert json.loads(pretty)["data"] == ["api", "worker"]


def test_a_service_may_have_a_slash_in_its_name() -> None:
    store = SpanStore()
    store.add(Span(trace_id="1" * 32, span_id="1" * 16, service="a/b c", operation="x", start=WHEN, duration=1))
    assert ask(store, "services/a%2Fb+c/operations")[1]["data"] == ["x"]
    assert ask(store, "services/a/b c/operations")[1]["data"] == ["x"]


def test_what_was_asked_is_journalled_as_a_query_which_replay_leaves_out() -> None:
    asked = JaegerQuery(path="/api/traces", params=(("service", "api"),))
    again = msgspec.convert(msgspec.to_builtins(asked), AnyAction)
    assert again == asked
    assert isinstance(again, Query)
