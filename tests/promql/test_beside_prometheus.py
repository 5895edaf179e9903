"""The same series, the same queries, a real Prometheus and this engine: equal answers.

Debian's Prometheus scrapes itself and a node exporter for some seconds; its samples are copied by its
API. It is of an older release (2.42), whose ranges include their left end and whose rates follow an
older rule where a series begins: so both are asked at times beside the samples' own, and not before
a window lies within the series.
"""

import json
import math
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest

from labkit.promql import Engine
from labkit.sandbox.faces.prometheus import respond
from labkit.signals.labels import Labels
from labkit.signals.samples import SampleStore
from tests.benchmarks.servers import free_port, prometheus

pytestmark = pytest.mark.skipif(
    not (shutil.which("prometheus") and shutil.which("prometheus-node-exporter")),
    reason="Debian's prometheus and prometheus-node-exporter are not installed",
)

INTERVAL = 500
"""Milliseconds between scrapes."""
SCRAPES = 16
"""Scrapes of every target that are waited for: a window of three seconds at each of three seconds' steps, and more."""
PATIENCE = 40.0
"""Seconds they are waited for."""

CONFIGURATION = """
global: {scrape_interval: 500ms, scrape_timeout: 400ms}
scrape_configs:
- job_name: prometheus
  static_configs: [{targets: ["127.0.0.1:PORT"]}]
- job_name: node
  static_configs: [{targets: ["127.0.0.1:EXPORTER"]}]
"""

EXACT = (
    '{__name__=~".+"}',
    "up == 1",
    'node_cpu_seconds_total{mode!~"idle|user"}',
    "timestamp(up)",
    "max_over_time(go_memstats_alloc_bytes[3s])",
    "min_over_time(go_goroutines[3s])",
    "count_over_time(scrape_duration_seconds[2s])",
    "last_over_time(process_resident_memory_bytes[2s])",
    "changes(go_memstats_heap_objects[3s])",
    "resets(go_goroutines[3s])",
    "idelta(node_memory_MemFree_bytes[3s])",
    "count by (mode) (node_cpu_seconds_total)",
    "max by (job) (scrape_samples_scraped)",
    "sort_desc(go_goroutines)",
    'label_replace(up, "host", "$1", "instance", "(.*):.*")',
    'label_join(up, "both", "/", "job", "instance")',
    "node_memory_MemFree_bytes > bool node_memory_Buffers_bytes",
    "up unless on (job) go_goroutines > 1e9",
    "absent(nothing_here)",
    "absent_over_time(up[3s])",
    "count_values('number', scrape_samples_scraped)",
    "floor(go_memstats_alloc_bytes / 1024)",
    "clamp(go_goroutines, 10, 20)",
    "bottomk(1, process_start_time_seconds)",
    "go_goroutines offset 2s",
    "vector(1) + on () group_right () up",
    "scalar(sum(up)) * up",
    "max_over_time(sum(up)[3s:1s])",
)
CLOSE = (
    "rate(prometheus_http_requests_total[3s])",
    "increase(node_cpu_seconds_total[3s])",
    "irate(node_cpu_seconds_total[3s])",
    "delta(go_memstats_alloc_bytes[3s])",
    "deriv(process_resident_memory_bytes[4s])",
    "predict_linear(go_memstats_alloc_bytes[4s], 60)",
    "sum by (job) (rate(process_cpu_seconds_total[3s]))",
    "sum(rate(node_cpu_seconds_total[3s])) by (mode) / on () group_left sum(rate(node_cpu_seconds_total[3s]))",
    "avg by (job) (scrape_duration_seconds)",
    "stddev(scrape_duration_seconds)",
    "stdvar by (job) (node_cpu_seconds_total)",
    "quantile(0.7, node_cpu_seconds_total)",
    "avg_over_time(scrape_duration_seconds[3s])",
    "sum_over_time(scrape_duration_seconds[3s])",
    "stddev_over_time(go_goroutines[3s])",
    "quantile_over_time(0.9, scrape_duration_seconds[3s])",
    "histogram_quantile(0.9, prometheus_http_request_duration_seconds_bucket)",
    "histogram_quantile(0.5, sum by (le) (rate(prometheus_http_request_duration_seconds_bucket[3s])))",
    "ln(go_memstats_alloc_bytes) ^ 2 % 7",
    "sum(node_memory_MemTotal_bytes - node_memory_MemFree_bytes) / 1024 ^ 3",
    "avg_over_time(rate(process_cpu_seconds_total[2s])[2s:500ms])",
)


@dataclass(frozen=True)
class Beside:
    """A real server, a copy of its series, and when both may be asked (milliseconds)."""

    url: str
    store: SampleStore
    start: int
    end: int

    def theirs(self, path: str, params: dict[str, Any]) -> Any:
        return httpx.post(f"{self.url}/api/v1/{path}", data=params, timeout=60).json()["data"]

    def ours(self, path: str, params: dict[str, Any]) -> Any:
        pairs = [(name, str(value)) for name, value in params.items()]
        reply = respond(Engine(self.store), self.store, lambda: self.end, f"/api/v1/{path}", pairs)
        assert reply.code == 200, reply.body
        return json.loads(reply.body)["data"]


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    port = free_port()
    exporter = subprocess.Popen(
        ["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        configuration = CONFIGURATION.replace("EXPORTER", str(port))
        with prometheus(tmp_path_factory.mktemp("prometheus"), configuration) as url:
            deadline = time.monotonic() + PATIENCE
            while scraped(url) < SCRAPES:  # asking is traffic too, of which its histograms tell
                assert time.monotonic() < deadline, "Prometheus does not scrape"
                time.sleep(0.25)
            yield copied(url)
    finally:
        exporter.terminate()
        exporter.wait(10)


def scraped(url: str) -> float:
    """How often the target that was scraped least has been scraped."""
    query = "min(count_over_time(up[1m])) + (count(up) == 2) * 0"
    found = httpx.get(f"{url}/api/v1/query", params={"query": query}).json()["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


def copied(url: str) -> Beside:
    """The series of a server, and a time off all its samples' own."""
    now = time.time()
    found = httpx.get(f"{url}/api/v1/query", params={"query": '{__name__=~".+"}[10m]', "time": now}, timeout=60).json()
    store = SampleStore()
    shared: dict[bytes, np.ndarray] = {}
    for series in found["data"]["result"]:
        times = np.array([round(at * 1000) for at, _ in series["values"]], np.int64)
        values = np.array([float(value) for _, value in series["values"]])
        store.append(Labels(series["metric"].items()), shared.setdefault(times.tobytes(), times), values)
    every = np.unique(np.concatenate(list(shared.values())))
    phases = np.unique(every % INTERVAL)
    gaps = np.diff(np.append(phases, phases[0] + INTERVAL))
    phase = int(phases[gaps.argmax()] + gaps.max() // 2) % INTERVAL
    end = int(now * 1000) // INTERVAL * INTERVAL - INTERVAL + phase
    return Beside(url, store, end - 3000, end)


def compared(beside: Beside, query: str, tolerance: float) -> None:
    """Ask both for one time and for a range."""
    when = {"start": beside.start / 1000, "end": beside.end / 1000, "step": INTERVAL / 1000}
    requests = (("query", {"query": query, "time": beside.end / 1000}), ("query_range", {"query": query, **when}))
    for path, params in requests:
        theirs, ours = beside.theirs(path, params), beside.ours(path, params)
        assert theirs["resultType"] == ours["resultType"]
        left, right = numbers(theirs), numbers(ours)
        assert left, f"{query} shows nothing"
        assert left.keys() == right.keys()
        for key, value in left.items():
            other = right[key]
            same = value == other or (math.isnan(value) and math.isnan(other))
            assert same or math.isclose(value, other, rel_tol=tolerance), (query, key, value, other)


def numbers(data: Any) -> dict[Any, float]:
    return {
        (*sorted(series["metric"].items()), at): float(value)
        for series in data["result"]
        for at, value in series.get("values", [series.get("value")])
    }


@pytest.mark.parametrize("query", EXACT)
def test_equal(beside: Beside, query: str) -> None:
    if query.startswith(("absent_over", "up unless")):
        when = {"query": query, "time": beside.end / 1000}
        assert numbers(beside.theirs("query", when)) == numbers(beside.ours("query", when))
        return
    compared(beside, query, 0.0)


@pytest.mark.parametrize("query", CLOSE)
def test_equal_but_for_the_order_of_additions(beside: Beside, query: str) -> None:
    """Sums are compensated here as in Prometheus 3, and were not in 2.42."""
    compared(beside, query, 1e-9)


def test_samples_are_equal_as_they_are(beside: Beside) -> None:
    params = {"query": '{job="node"}[3s]', "time": beside.end / 1000}
    assert numbers(beside.theirs("query", params)).keys() == numbers(beside.ours("query", params)).keys()
    assert len(beside.ours("query", params)["result"]) > 100


def test_labels_are_equal(beside: Beside) -> None:
    window = {"start": (beside.end - 5000) / 1000, "end": beside.end / 1000}
    for name in ("job", "mode", "__name__"):
        theirs = httpx.get(f"{beside.url}/api/v1/label/{name}/values").json()["data"]
        assert beside.ours(f"label/{name}/values", {}) == theirs
    params = {"match[]": '{job="node"}', **window}
    assert beside.theirs("labels", params) == beside.ours("labels", params)
    theirs, ours = beside.theirs("series", params), beside.ours("series", params)
    assert sorted(map(sorted, (one.items() for one in theirs))) == sorted(map(sorted, (one.items() for one in ours)))
