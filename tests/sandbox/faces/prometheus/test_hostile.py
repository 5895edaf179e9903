"""Bad input, heavy queries and clients that misbehave: each gets its error, and the server lives."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.clock import EPOCH, SECOND
from labkit.signals.series import Labels, SeriesStore
from tests.sandbox.faces.conftest import NOW

WIDE = 10_000
"""Values of one label."""

HEAVY = "count_values without() ('v', " + " + ".join(['{__name__="wide"}'] * 30) + ")"
"""A query of some seconds."""


@pytest.fixture(scope="module")
def wide(serve: Any) -> Iterator[str]:
    """A label of ten thousand values."""
    store = SeriesStore()
    block = store.block([Labels([("__name__", "wide"), ("user", f"user-{n:05}")]) for n in range(WIDE)])
    for tick in range(7):
        block.append(EPOCH + tick * 15 * SECOND, np.arange(WIDE) * (tick + 0.5))
    with serve(store, concurrent=2) as url:
        yield url


@given(
    st.sampled_from(["query", "query_range", "series", "labels", "label/job/values", "metadata", "targets/metadata"]),
    st.lists(
        st.tuples(
            st.sampled_from([
                "query", "time", "start", "end", "step", "timeout", "limit", "match[]", "lookback_delta", "stats",
                "metric", "match_target", "limit_per_metric",
            ]),
            st.text(max_size=20) | st.sampled_from(["up", "1", "-1", "1e400", "NaN", "{}", "up[5m]", "9" * 400, "١"]),
        ),
        max_size=6,
    ),
)  # fmt: skip
@settings(deadline=None, max_examples=300)
def test_whatever_is_asked_is_answered_by_the_rules(ask: Any, path: str, params: list[tuple[str, str]]) -> None:
    code, body = ask(path, *params)
    assert (code, body["status"]) in {(200, "success"), (400, "error"), (422, "error"), (503, "error")}
    assert (body["status"] == "error") == ("errorType" in body)


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("(" * 5000 + "up" + ")" * 5000, 400, "parse error"),
        ("up" + " + up" * 20_000, 400, "parse error"),
        ("sum(" * 140 + "up" + ")" * 140, 200, ""),
        ("\x00", 400, "parse error"),
        ('{job=~"(((a{1,100}){1,100}){1,100})"}', 400, "error parsing regexp"),
        ('up{job=~"(a+)+$"}', 200, ""),
        ('up{job=~"["}', 400, "error parsing regexp"),
        ("label_replace(up, 'x', '$1', 'job', '(')", 422, ""),
        ("vector(1)[1000d:1ms]", 422, "too many samples"),
    ],
)
def test_queries_that_are_too_much(ask: Any, query: str, code: int, message: str) -> None:
    begun = time.monotonic()
    got, body = ask("query", ("query", query))
    assert got == code, body
    assert message in body.get("error", "")
    assert time.monotonic() - begun < 10


def test_a_regex_that_explodes_elsewhere_is_matched_in_linear_time(wide: str) -> None:
    begun = time.monotonic()
    got = httpx.get(
        f"{wide}/api/v1/query", params={"query": 'count(wide{user=~"(.*)*(u|us|use)*-[0-9]+x"})', "time": NOW / SECOND}
    )
    assert got.json()["data"]["result"] == []
    assert time.monotonic() - begun < 5


def test_a_label_of_ten_thousand_values(wide: str) -> None:
    with httpx.Client(base_url=f"{wide}/api/v1", timeout=30) as client:
        assert len(client.get("/label/user/values").json()["data"]) == WIDE
        assert len(client.get("/series", params={"match[]": "wide"}).json()["data"]) == WIDE
        assert (
            len(client.get("/query", params={"query": "wide", "time": NOW / SECOND}).json()["data"]["result"]) == WIDE
        )
        got = client.get("/query", params={"query": 'wide{user="user-00042"}', "time": NOW / SECOND}).json()
        assert [one["value"][1] for one in got["data"]["result"]] == ["273"]


def test_more_samples_than_may_be_held(wide: str) -> None:
    when = {"start": 0, "end": 11_000, "step": 1}
    got = httpx.get(f"{wide}/api/v1/query_range", params={"query": "sum(wide offset -20000d)", **when}, timeout=60)
    assert got.status_code in {200, 422}
    when = {"start": EPOCH / SECOND - 5000, "end": EPOCH / SECOND + 5000, "step": 1}
    got = httpx.get(f"{wide}/api/v1/query_range", params={"query": "wide", **when}, timeout=60)
    assert (got.status_code, got.json()["errorType"]) == (422, "execution")
    assert "query processing would load too many samples into memory in query execution" in got.json()["error"]


def test_an_answer_for_which_there_is_no_memory(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> list[bytes]:
        raise MemoryError

    monkeypatch.setattr("labkit.sandbox.faces.prometheus.queries.rendered", full)
    code, body = ask("query", ("query", "up"))
    assert (code, body["errorType"]) == (422, "execution")
    assert "too many samples into memory" in body["error"]
    monkeypatch.undo()
    assert ask("query", ("query", "up"))[0] == 200


def test_a_body_beyond_the_limit_is_refused_and_a_long_query_is_not(url: str) -> None:
    got = httpx.post(f"{url}/api/v1/query", data={"query": "up", "x": "y" * (11 * 1024 * 1024)}, timeout=30)
    assert (got.status_code, got.json()["error"]) == (400, "error parsing form values: http: POST too large")
    long = 'up{job!~"' + "|".join(["x" * 100] * 9000) + '"}'
    got = httpx.post(f"{url}/api/v1/query", data={"query": long}, timeout=30)
    assert got.status_code in {200, 400}
    assert httpx.get(f"{url}/-/ready").status_code == 200


def test_clocks_that_go_backwards(ask: Any) -> None:
    """A range that ends before it begins is refused; a time long before all samples finds nothing."""
    code, body = ask("query_range", ("query", "up"), ("start", "10"), ("end", "5"), ("step", "1"))
    assert (code, body["error"]) == (400, 'invalid parameter "end": end timestamp must not be before start time')
    assert ask("query", ("query", "up"), ("time", "-62135596800"))[1]["data"]["result"] == []
    assert ask("series", ("match[]", "up"), ("start", "10"), ("end", "5"))[1]["data"] == []


def test_time_runs_out(wide: str) -> None:
    begun = time.monotonic()
    got = httpx.get(
        f"{wide}/api/v1/query", params={"query": HEAVY, "time": NOW / SECOND, "timeout": "50ms"}, timeout=30
    )
    assert (got.status_code, got.json()["errorType"]) == (503, "timeout")
    assert got.json()["error"] == "query timed out in expression evaluation"
    assert time.monotonic() - begun < 5


def test_heavy_queries_wait_in_a_queue_and_stop_nobody_else(wide: str) -> None:
    def heavy(timeout: str) -> httpx.Response:
        return httpx.get(
            f"{wide}/api/v1/query", params={"query": HEAVY, "time": NOW / SECOND, "timeout": timeout}, timeout=60
        )

    with ThreadPoolExecutor(5) as clients:
        running = [clients.submit(heavy, "4s") for _ in range(2)]
        time.sleep(0.3)
        waiting = [clients.submit(heavy, "100ms") for _ in range(2)]
        assert httpx.get(f"{wide}/-/ready", timeout=10).status_code == 200
        assert httpx.get(f"{wide}/api/v1/labels", timeout=10).json()["data"] == ["__name__", "user"]
        assert not any(one.done() for one in running)
        assert {one.result().json()["error"] for one in waiting} <= {
            "query timed out in query queue", "query timed out in expression evaluation",
        }  # fmt: skip
        assert all(one.result().status_code in {200, 503} for one in running)


def test_a_client_that_leaves_ends_its_query(wide: str) -> None:
    """Two queries may run here; when as many have been left alone, a third is answered at once."""
    host, port = urlsplit(wide).hostname, urlsplit(wide).port
    target = httpx.URL(f"{wide}/api/v1/query", params={"query": HEAVY, "time": NOW / SECOND}).raw_path.decode()
    left = [socket.create_connection((host, port)) for _ in range(2)]
    for connection in left:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    time.sleep(0.3)
    for connection in left:
        connection.close()
    begun = time.monotonic()
    assert httpx.get(f"{wide}/api/v1/query", params={"query": "1"}, timeout=30).status_code == 200
    assert time.monotonic() - begun < 5


def test_a_slow_reader_stops_nobody(wide: str) -> None:
    host, port = urlsplit(wide).hostname, urlsplit(wide).port
    when = f"start={EPOCH // SECOND}&end={NOW // SECOND}&step=1"
    with socket.create_connection((host, port)) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(f"GET /api/v1/query_range?query=wide&{when} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        slow.recv(100)
        begun = time.monotonic()
        assert httpx.get(f"{wide}/api/v1/query", params={"query": "1"}, timeout=30).status_code == 200
        assert time.monotonic() - begun < 10
    with socket.create_connection((host, port)) as half:
        half.sendall(b"POST /api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nquery=")
        assert httpx.get(f"{wide}/-/ready").status_code == 200


def test_many_clients_at_once_get_the_same_answer(url: str) -> None:
    with ThreadPoolExecutor(16) as clients:
        params = {"query": "sum by (job) (increase(hits_total[1m]))", "time": NOW / SECOND}
        answers = list(clients.map(lambda _: httpx.get(f"{url}/api/v1/query", params=params).text, range(100)))
    assert len(set(answers)) == 1


def test_reading_while_the_world_is_written(serve: Any) -> None:
    """Blocks begin, are packed and forgotten while clients read; no answer shows a sample that was not written."""
    store = SeriesStore()
    labels = [Labels([("__name__", "m"), ("n", str(n))]) for n in range(20)]
    stop = threading.Event()

    def write() -> None:
        tick = 0
        while not stop.is_set():
            block = store.block(labels[tick % 3 :])
            for _ in range(300):
                tick += 1
                block.append(EPOCH + tick, np.full(len(block.labels), float(tick)))
            store.forget(EPOCH + tick - 1000)

    writer = threading.Thread(target=write)
    with serve(store) as url, httpx.Client(timeout=30) as client:
        writer.start()
        try:
            for _ in range(60):
                got = client.get(f"{url}/api/v1/query", params={"query": "m[1s]", "time": EPOCH / SECOND + 3})
                for series in got.json()["data"]["result"]:
                    assert all(float(value) == round(at * SECOND) - EPOCH for at, value in series["values"])
                assert client.get(f"{url}/api/v1/series", params={"match[]": "m"}).status_code == 200
        finally:
            stop.set()
            writer.join()
