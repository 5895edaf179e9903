"""Loki's HTTP API, as its clients use it: over a socket, by upstream's rules."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import orjson
import pytest
import uvicorn
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Request, TextMessage

from labkit.clock import EPOCH, SECOND
from labkit.kube.request import User
from labkit.sandbox.faces.loki import Answer, application, respond
from labkit.signals.labels import Labels
from labkit.signals.streams import StreamStore
from labkit.world.actions import LokiQuery

NOW = EPOCH + 120 * SECOND
NANOS = 1_000_000
S = 10**9
START = EPOCH * NANOS


@pytest.fixture(scope="module")
def store() -> StreamStore:
    """A line a second of an API, every tenth an error; one line of a cache."""
    store = StreamStore()
    for second in range(120):
        level = "ERROR" if second % 10 == 0 else "INFO"
        line = orjson.dumps(
            {"level": level, "status": 500 if level == "ERROR" else 200, "took": f"{second}ms"}
        ).decode()
        store.write(Labels([("app", "api"), ("level", level)]), START + second * S, line)
    store.write(Labels([("app", "cache")]), START + 60 * S, "ready")
    return store


class Gate:
    """Performs a query at once and remembers it; while one waits, a line is written."""

    def __init__(self, store: StreamStore) -> None:
        self.seen: list[tuple[str, LokiQuery]] = []
        self.now = NOW
        self._store = store

    async def perform(self, user: User, action: LokiQuery) -> Answer:
        self.seen.append((user.name, action))
        return respond(self._store, self.now * NANOS, action.path, action.params)

    async def wait(self, until: int) -> None:
        self.now += SECOND
        self._store.write(Labels([("app", "tailed")]), self.now * NANOS - 1, f"line at {self.now}")


@pytest.fixture(scope="module")
def gate(store: StreamStore) -> Gate:
    return Gate(store)


@pytest.fixture(scope="module")
def port(store: StreamStore, gate: Gate) -> Iterator[int]:
    app = application(store, lambda: gate.now, gate)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off", ws="wsproto")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def client(port: int) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield client


def ask(client: httpx.Client, path: str, **params: str) -> Any:
    answer = client.get(f"/loki/api/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def data(client: httpx.Client, path: str, **params: str) -> Any:
    body = ask(client, path, **params)
    assert body["status"] == "success"
    return body["data"]


def test_grafanas_health_check(client: httpx.Client) -> None:
    found = data(client, "query", query="vector(1)+vector(1)", time=str(NOW * NANOS))
    assert found["resultType"] == "vector"
    assert found["result"] == [{"metric": {}, "value": [NOW // 1000, "2"]}]
    assert client.get("/ready").text == "ready\n"
    assert client.get("/loki/api/v1/status/buildinfo").json()["version"].startswith("3.")


def test_lines_come_newest_first_with_their_times_in_nanoseconds(client: httpx.Client) -> None:
    found = data(client, "query_range", query='{app="api"} |= "ERROR"', limit="2")
    assert found["resultType"] == "streams"
    assert found["result"] == [{
        "stream": {"app": "api", "level": "ERROR"},
        "values": [[str(START + at * S), f'{{"level":"ERROR","status":500,"took":"{at}ms"}}'] for at in (110, 100)],
    }]  # fmt: skip
    summary = found["stats"]["summary"]
    assert summary["totalEntriesReturned"] == 2
    assert summary["totalLinesProcessed"] == 120  # all of the other level, none of which is an error
    few = data(client, "query_range", query='{app="api"}', limit="2")["stats"]["summary"]
    assert few["totalLinesProcessed"] <= 64  # who wants two lines reads few more
    assert found["stats"]["ingester"]["totalReached"] == 1


def test_lines_come_oldest_first_if_asked(client: httpx.Client) -> None:
    found = data(client, "query_range", query='{app="api"} |= "ERROR"', limit="2", direction="forward")
    assert [time for time, _ in found["result"][0]["values"]] == [str(START), str(START + 10 * S)]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (str(START + 60 * S), str(START + 62 * S)), (str(START // S + 60), str(START // S + 62)),
        (f"{START // S + 60}.0", f"{START // S + 62}.000"), ("2025-11-28T12:01:00Z", "2025-11-28T13:01:02.000+01:00"),
    ],
)  # fmt: skip
def test_times_in_all_of_lokis_forms(client: httpx.Client, start: str, end: str) -> None:
    found = data(client, "query_range", query='{app=~"api|cache"}', start=start, end=end)
    assert sum(len(stream["values"]) for stream in found["result"]) == 3


def test_since_and_interval(client: httpx.Client) -> None:
    found = data(client, "query_range", query='{app="api"}', since="30s", interval="10s", direction="FORWARD")
    assert sum(len(stream["values"]) for stream in found["result"]) == 3


def test_a_metric_over_a_range_is_a_matrix_with_a_default_step(client: httpx.Client) -> None:
    found = data(client, "query_range", query='sum by (level) (count_over_time({app="api"}[1m]))', start=str(START),
                 end=str(START + 120 * S), step="60")  # fmt: skip
    assert found["resultType"] == "matrix"
    assert found["result"] == [
        {"metric": {"level": "ERROR"}, "values": [[START // S, "1"], [START // S + 60, "6"], [START // S + 120, "5"]]},
        {"metric": {"level": "INFO"}, "values": [[START // S + 60, "54"], [START // S + 120, "54"]]},
    ]
    steps = data(client, "query_range", query='count_over_time({app="cache"}[5m])')["result"][0]["values"]
    assert steps[1][0] - steps[0][0] == 14  # 3600 s / 250


def test_a_number_is_a_scalar(client: httpx.Client) -> None:
    assert data(client, "query", query="1 + 1", time=str(START))["result"] == [START // S, "2"]


def test_labels_values_and_series(client: httpx.Client) -> None:
    assert {"app", "level"} == set(data(client, "labels")) == set(data(client, "label"))
    assert data(client, "label/app/values", since="100s", end=str(NOW * NANOS)) == ["api", "cache"]
    assert data(client, "label/app/values", query='{level="ERROR"}') == ["api"]
    assert data(client, "label/none/values") == []
    assert data(client, "series", **{"match[]": '{app="cache"}'}) == [{"app": "cache"}]
    form = {"match[]": ['{app="cache"}', '{level="INFO"}'], "start": "1"}
    assert client.post("/loki/api/v1/series", data=form).json()["data"] == [
        {"app": "api", "level": "INFO"},
        {"app": "cache"},
    ]


def test_what_the_index_knows(client: httpx.Client) -> None:
    stats = ask(client, "index/stats", query='{app="api"}')
    assert (stats["streams"], stats["entries"]) == (2, 120)
    volume = data(client, "index/volume", query='{app=~"api|cache"}')
    assert volume["resultType"] == "vector"
    assert [(one["metric"], one["value"][1]) for one in volume["result"]] == [
        ({"app": "api"}, str(stats["bytes"])), ({"app": "cache"}, "5"),
    ]  # fmt: skip
    by_label = data(client, "index/volume", query='{app=~"api|cache"}', aggregateBy="labels", targetLabels="app,level")
    assert [one["metric"] for one in by_label["result"]] == [{"app": "app"}, {"level": "level"}]
    assert {"label": "app", "cardinality": 2} in ask(client, "detected_labels", query='{app=~"api|cache"}')[
        "detectedLabels"
    ]
    fields = ask(client, "detected_fields", query='{app="api"}')["fields"]
    assert {one["label"]: one["type"] for one in fields} == {"level": "string", "status": "int", "took": "duration"}


def test_queries_are_journalled_and_looking_around_is_not(client: httpx.Client, gate: Gate) -> None:
    gate.seen.clear()
    data(client, "query", query="vector(1)")
    data(client, "labels")
    client.post("/loki/api/v1/query_range", data={"query": '{app="api"}'})
    assert [(user, action.path, action.params) for user, action in gate.seen] == [
        ("loki-client", "/loki/api/v1/query", (("query", "vector(1)"),)),
        ("loki-client", "/loki/api/v1/query_range", (("query", '{app="api"}'),)),
    ]


@pytest.mark.parametrize(
    ("path", "params", "code", "text"),
    [
        ("query_range", {"query": '{app="api"'}, 400, "parse error at line 1, col 11: syntax error: unexpected $end, expecting } or ,"),
        ("query_range", {}, 400, "parse error at line 1, col 1: syntax error: unexpected $end"),
        ("query_range", {"query": "{}"}, 400, "queries require at least one regexp or equality matcher"),
        ("query_range", {"query": '{app="api"} |~ "(a{1000}){1000}"'}, 400, "error parsing regexp: invalid repetition size"),
        ("query", {"query": '{app="api"}'}, 400, "log queries are not supported as an instant query type"),
        ("query_range", {"query": '{app="api"}', "limit": "-1"}, 400, "limit must be a positive value"),
        ("query_range", {"query": '{app="api"}', "limit": "many"}, 400, 'strconv.Atoi: parsing "many": invalid syntax'),
        ("query_range", {"query": '{app="api"}', "limit": "99999999999999999999999"}, 400, "is out of range"),
        ("query_range", {"query": '{app="api"}', "limit": "5001"}, 400,
         "max entries limit per query exceeded, limit > max_entries_limit_per_query (5001 > 5000)"),
        ("query_range", {"query": '{app="api"}', "start": "20", "end": "10"}, 400, "end timestamp must not be before or equal to start time"),
        ("query_range", {"query": '{app="api"}', "start": "x"}, 400, "could not parse 'start' parameter: strconv.ParseInt: parsing \"x\""),
        ("query_range", {"query": '{app="api"}', "end": "9" * 30}, 400, "could not parse 'end' parameter"),
        ("query_range", {"query": '{app="api"}', "start": "2025-13-41T00:00:00Z"}, 400, "could not parse 'start' parameter"),
        ("query_range", {"query": '{app="api"}', "since": "an hour"}, 400, "could not parse 'since' parameter"),
        ("query_range", {"query": '{app="api"}', "direction": "up"}, 400, "invalid direction 'up'"),
        ("query_range", {"query": '{app="api"}', "interval": "-1"}, 400, "interval must be >= 0"),
        ("query_range", {"query": 'rate({app="api"}[1m])', "step": "0"}, 400, "zero or negative query resolution step widths"),
        ("query_range", {"query": 'rate({app="api"}[1m])', "step": "soon"}, 400, 'cannot parse "soon" to a valid duration'),
        ("query_range", {"query": 'rate({app="api"}[1m])', "step": "0.1"}, 400, "exceeded maximum resolution of 11,000 points per time series"),
        ("query", {"query": 'rate({app="cache"} | json [5m])', "time": str(NOW * NANOS)}, 400, "pipeline error: 'JSONParserErr' for series"),
        ("query", {"query": "1", "time": "later"}, 400, 'strconv.ParseInt: parsing "later": invalid syntax'),
        ("labels", {"query": '{app="api"} |= "x"'}, 400, "only label matchers are supported"),
        ("series", {"match[]": "{"}, 400, "parse error at line 1, col 2"),
        ("index/volume", {"query": '{app="api"}', "aggregateBy": "moon"}, 400, "invalid aggregation option"),
        ("nothing", {}, 404, "404 page not found"), ("label//values", {}, 200, ""), ("patterns", {}, 404, "404 page not found"),
    ],
)  # fmt: skip
def test_bad_input_is_answered_in_lokis_words(
    client: httpx.Client, path: str, params: dict[str, str], code: int, text: str
) -> None:
    answer = client.get(f"/loki/api/v1/{path}", params=params)
    assert answer.status_code == code
    if code != 200:
        assert text in answer.text
        assert answer.headers["content-type"].startswith("text/plain")
    assert client.get("/ready").status_code == 200


def test_ten_thousand_label_values_are_refused_and_many_readers_are_served(client: httpx.Client, port: int) -> None:
    store = StreamStore()
    for number in range(10_000):
        store.write(Labels([("app", "wide"), ("pod", str(number))]), START + number, "{}")
    answer = respond(store, NOW * NANOS, "/loki/api/v1/query", [("query", 'count_over_time({app="wide"}[5m])')])
    assert answer.code == 400
    assert b"maximum number of series (500) reached" in answer.body
    assert len(orjson.loads(respond(store, NOW * NANOS, "/loki/api/v1/label/pod/values", []).body)["data"]) == 10_000
    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(lambda _: httpx.get(
            f"http://127.0.0.1:{port}/loki/api/v1/query_range", params={"query": '{app="api"} | json | took > 5ms'}
        ).status_code, range(64)))  # fmt: skip
    assert codes == [200] * 64


def received(sock: socket.socket) -> bytes:
    data = sock.recv(65_536)
    assert data, "the server closed without a word"
    return data


def test_a_tail_sends_what_was_and_what_comes(port: int, gate: Gate) -> None:
    connection = WSConnection(ConnectionType.CLIENT)
    target = "/loki/api/v1/tail?query=%7Bapp%3D~%22tailed%7Ccache%22%7D&limit=5&start=1"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        sock.sendall(connection.send(Request(host="127.0.0.1", target=target)))
        messages: list[dict[str, Any]] = []
        while len(messages) < 3:
            connection.receive_data(received(sock))
            for event in connection.events():
                assert not isinstance(event, CloseConnection), event.reason
                if isinstance(event, TextMessage):
                    messages.append(orjson.loads(event.data))
                else:
                    assert isinstance(event, AcceptConnection)
        sock.sendall(connection.send(CloseConnection(code=1000)))
    assert messages[0]["streams"][0]["stream"] == {"app": "cache"}
    lines = [value[1] for message in messages[1:] for stream in message["streams"] for value in stream["values"]]
    assert len(lines) == len(set(lines)) >= 2
    assert all(line.startswith("line at ") for line in lines)
    assert gate.seen[-1][1].path == "/loki/api/v1/tail"


def test_a_tail_of_a_bad_query_is_closed_with_the_reason(port: int) -> None:
    connection = WSConnection(ConnectionType.CLIENT)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        sock.sendall(connection.send(Request(host="127.0.0.1", target="/loki/api/v1/tail?query=oops")))
        closed: list[CloseConnection] = []
        while not closed:
            connection.receive_data(received(sock))
            closed += [event for event in connection.events() if isinstance(event, CloseConnection)]
    assert "syntax error: unexpected IDENTIFIER" in str(closed[0].reason)


def test_a_query_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch, store: StreamStore) -> None:
    monkeypatch.setattr("labkit.sandbox.faces.loki.api.TIMEOUT", -1.0)
    wide = StreamStore()
    for number in range(5_000):
        wide.write(Labels([("app", "x")]), START + number, "{}")
    answer = respond(wide, NOW * NANOS, "/loki/api/v1/query", [("query", 'rate({app="x"} | json [5m])')])
    assert (answer.code, answer.body[:17]) == (504, b"request timed out")


def test_a_form_beyond_gos_limit_is_refused(client: httpx.Client) -> None:
    answer = client.post("/loki/api/v1/query_range", data={"query": "x" * (11 * 1024 * 1024)})
    assert (answer.status_code, answer.text) == (413, "http: POST too large\n")
