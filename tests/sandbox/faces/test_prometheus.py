"""Prometheus' HTTP API, as clients use it: over a socket and by upstream's rules."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from prometheus_api_client import PrometheusConnect

from labkit.clock import EPOCH, SECOND
from labkit.kube.request import User
from labkit.promql import Engine
from labkit.sandbox.faces.prometheus import application, respond
from labkit.sandbox.faces.prometheus_call import Reply
from labkit.signals.series import Labels, SeriesStore
from labkit.world.actions import Query

NOW = EPOCH + 90 * SECOND


@pytest.fixture(scope="module")
def store() -> SeriesStore:
    """Two targets, one of them down, and a counter of the other."""
    store = SeriesStore()
    store.describe("up", "gauge", "Whether the last scrape succeeded.")
    store.describe("hits_total", "counter", "Hits.")
    block = store.block([
        Labels([("__name__", "up"), ("job", "api"), ("instance", "10.0.0.1:80")]),
        Labels([("__name__", "up"), ("job", "worker"), ("instance", "10.0.0.2:80")]),
        Labels([("__name__", "hits_total"), ("job", "api"), ("instance", "10.0.0.1:80")]),
    ])  # fmt: skip
    for tick in range(7):
        block.append(EPOCH + tick * 15 * SECOND, np.array([1.0, 0.0, tick * 30.0]))
    return store


class Gate:
    """Performs a query at once and remembers it."""

    def __init__(self, store: SeriesStore) -> None:
        self.seen: list[tuple[str, Query]] = []
        self._store = store

    async def perform(self, user: User, action: Query) -> Reply:
        self.seen.append((user.name, action))
        return respond(Engine(self._store), self._store, lambda: NOW, action.path, action.params)


@pytest.fixture(scope="module")
def gate(store: SeriesStore) -> Gate:
    return Gate(store)


@pytest.fixture(scope="module")
def url(store: SeriesStore, gate: Gate) -> Iterator[str]:
    app = application(Engine(store), store, lambda: NOW, gate)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


def ask(store: SeriesStore, path: str, *params: tuple[str, str]) -> tuple[int, dict[str, Any]]:
    reply = respond(Engine(store), store, lambda: NOW, f"/api/v1/{path}", params)
    return reply.code, json.loads(reply.body)


def test_prometheus_api_client(url: str) -> None:
    client = PrometheusConnect(url=url)
    assert client.check_prometheus_connection()
    assert client.all_metrics() == ["hits_total", "up"]
    assert client.get_label_names() == ["__name__", "instance", "job"]
    assert client.get_label_values("job") == ["api", "worker"]
    (row,) = client.custom_query("increase(hits_total[1m])")
    assert row == {"metric": {"job": "api", "instance": "10.0.0.1:80"}, "value": [NOW // SECOND, "120"]}
    (line,) = client.custom_query_range(
        "sum(up)", start_time=_date(EPOCH), end_time=_date(EPOCH + 30 * SECOND), step="15"
    )
    assert line["values"] == [[EPOCH // SECOND + offset, "1"] for offset in (0, 15, 30)]
    assert [one["metric"]["job"] for one in client.get_current_metric_value("up", {"job": "api"})] == ["api"]
    assert {one["health"] for one in client.get_targets()["activeTargets"]} == {"up", "down"}
    assert client.get_metric_metadata("hits_total")[0]["type"] == "counter"
    metadata = client.get_target_metadata({"job": "api"})
    assert {one["metric"] for one in metadata} == {"up", "hits_total"}
    assert sorted(client.get_scrape_pools()) == ["api", "worker"]
    assert len(client.get_series(_date(EPOCH), _date(NOW), params={"match[]": "up"})) == 2


def _date(time_: int) -> datetime:
    return datetime.fromtimestamp(time_ / SECOND, UTC)


def test_queries_go_through_the_gate_and_the_rest_does_not(url: str, gate: Gate) -> None:
    gate.seen.clear()
    httpx.get(f"{url}/api/v1/labels")
    httpx.get(f"{url}/api/v1/query", params={"query": "up"})
    httpx.post(f"{url}/api/v1/query?time=5", data={"query": "up"})
    assert gate.seen == [
        ("prometheus-client", Query(path="/api/v1/query", params=(("query", "up"),))),
        ("prometheus-client", Query(path="/api/v1/query", params=(("query", "up"), ("time", "5")))),
    ]


def test_health(url: str) -> None:
    assert [httpx.get(url + path).status_code for path in ("/", "/-/ready", "/-/healthy", "/nothing")] == [
        200,
        200,
        200,
        404,
    ]


@pytest.mark.parametrize(
    ("path", "params", "code", "kind", "message"),
    [
        ("query", [("query", "up(")], 400, "bad_data", 'invalid parameter "query": parse error: '),
        ("query", [("query", "up"), ("time", "x")], 400, "bad_data", "invalid parameter \"time\": invalid time value for 'time': cannot parse \"x\" to a valid timestamp"),
        ("query", [("query", "up + on() up")], 422, "execution", "found duplicate series for the match group {}"),
        ("query_range", [("query", "up"), ("start", "2"), ("end", "1"), ("step", "1")], 400, "bad_data", "end timestamp must not be before start time"),
        ("query_range", [("query", "up"), ("start", "1"), ("end", "2"), ("step", "0")], 400, "bad_data", "zero or negative query resolution step"),
        ("query_range", [("query", "up"), ("start", "0"), ("end", "11001"), ("step", "1")], 400, "bad_data", "exceeded maximum resolution of 11,000 points"),
        ("query_range", [("query", "up"), ("start", "0"), ("end", "1"), ("step", "1x")], 400, "bad_data", 'cannot parse "1x" to a valid duration'),
        ("series", [], 400, "bad_data", "no match[] parameter provided"),
        ("series", [("match[]", "{")], 400, "bad_data", 'invalid parameter "match[]": parse error: '),
    ],
)  # fmt: skip
def test_errors_are_upstreams(
    store: SeriesStore, path: str, params: list[tuple[str, str]], code: int, kind: str, message: str
) -> None:
    got, body = ask(store, path, *params)
    assert (got, body["status"], body["errorType"]) == (code, "error", kind)
    assert message in body["error"]


def test_eleven_thousand_points_are_still_answered(store: SeriesStore) -> None:
    code, _ = ask(store, "query_range", ("query", "up"), ("start", "0"), ("end", "11000"), ("step", "1"))
    assert code == 200


def test_a_time_may_be_rfc3339_and_a_step_a_duration(store: SeriesStore) -> None:
    code, body = ask(
        store, "query_range", ("query", "sum(up)"), ("start", "2025-11-28T12:00:00Z"),
        ("end", "2025-11-28T13:00:30.500+01:00"), ("step", "30s500ms"),
    )  # fmt: skip
    assert code == 200
    assert body["data"]["result"][0]["values"] == [[EPOCH // SECOND, "1"], [EPOCH / SECOND + 30.5, "1"]]


def test_a_limit_cuts_and_says_so(store: SeriesStore) -> None:
    _, body = ask(store, "query", ("query", "up"), ("limit", "1"))
    assert len(body["data"]["result"]) == 1
    assert body["warnings"] == ["results truncated due to limit"]


def test_scalars_and_strings(store: SeriesStore) -> None:
    assert ask(store, "query", ("query", "1/0"), ("time", "1.5"))[1]["data"] == {
        "resultType": "scalar",
        "result": [1.5, "+Inf"],
    }
    assert ask(store, "query", ("query", '"x"'), ("time", "1"))[1]["data"] == {
        "resultType": "string",
        "result": [1, "x"],
    }


def test_the_rest_of_the_api(store: SeriesStore) -> None:
    assert ask(store, "rules")[1]["data"] == {"groups": []}
    assert ask(store, "alerts")[1]["data"] == {"alerts": []}
    assert ask(store, "label/job/values", ("match[]", "hits_total"))[1]["data"] == ["api"]
    assert ask(store, "status/buildinfo")[1]["data"]["version"].startswith("3.")
    rows = ask(store, "targets/metadata", ("match_target", '{job="worker"}'))[1]["data"]
    assert [(row["metric"], row["target"]["job"]) for row in rows] == [("up", "worker")]
