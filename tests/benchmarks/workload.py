"""What is measured on: a service's series, the same for every server, and the queries of its dashboards."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.clock import EPOCH, HOUR, SECOND, Millis
from labkit.signals.labels import Labels
from labkit.signals.series import SeriesStore

STEP: Millis = 15 * SECOND
ASIDE: Millis = 7 * SECOND
"""Queries look between samples: Debian's Prometheus has the older boundary of ranges, which includes both ends."""
_BOUNDS = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "+Inf")
_PATHS = ("/", "/search", "/train", "/metrics", "/login")
_CODES = ("200", "404", "500", "503")


@dataclass(frozen=True)
class Workload:
    """Series scraped together: ``times`` of shape (samples,), ``values`` of (series, samples)."""

    labels: list[Labels]
    times: NDArray[np.int64]
    values: NDArray[np.float64]

    @property
    def start(self) -> Millis:
        """A little after the first sample."""
        return int(self.times[0]) + ASIDE

    @property
    def end(self) -> Millis:
        """A little after the last sample."""
        return int(self.times[-1]) + ASIDE


def workload(instances: int = 10, hours: float = 6.0) -> Workload:
    """100 series an instance: 60 of histograms, 20 counters, 20 gauges; one counter is reset.

    Counters have counted before, so that no rate is cut off at zero, where Debian's Prometheus has an older rule.
    """
    chance = np.random.default_rng(2042)
    times = EPOCH + np.arange(0, int(hours * HOUR), STEP, dtype=np.int64)
    labels: list[Labels] = []
    rows: list[NDArray[np.float64]] = []
    for number in range(instances):
        for series, values in _instance(f"10.0.0.{number}:9100", len(times), chance):
            labels.append(series)
            rows.append(values)
    values = np.array(rows)
    values[0, len(times) // 2 :] -= values[0, len(times) // 2]  # a process that was started again
    return Workload(labels, times, values)


def _instance(address: str, number: int, chance: np.random.Generator) -> Iterator[tuple[Labels, NDArray[np.float64]]]:
    own = (("job", "api"), ("instance", address))
    for path in _PATHS:
        arrivals = chance.poisson(4.0, (len(_BOUNDS), number)).cumsum(axis=0).cumsum(axis=1)
        for bound, counts in zip(_BOUNDS, arrivals, strict=True):
            name = ("__name__", "http_request_duration_seconds_bucket")
            yield Labels([name, *own, ("path", path), ("le", bound)]), 1e5 + counts
        for code in _CODES:
            name = ("__name__", "http_requests_total")
            counts = 1e5 + chance.poisson(3.0, number).cumsum()
            yield Labels([name, *own, ("path", path), ("code", code)]), counts
    for device in range(10):
        name = ("__name__", "disk_used_ratio")
        yield Labels([name, *own, ("device", f"sd{device}")]), chance.random(number)
        name = ("__name__", "queue_depth")
        yield Labels([name, *own, ("queue", f"q{device}")]), chance.integers(0, 500, number).astype(float)


def stored(work: Workload) -> SeriesStore:
    """The workload in a store of ours."""
    store = SeriesStore()
    block = store.block(work.labels)
    for place, time in enumerate(work.times.tolist()):
        block.append(time, work.values[:, place])
    return store


def openmetrics(work: Workload) -> Iterator[str]:
    """The workload in OpenMetrics text, from which promtool makes blocks."""
    seconds = [f"{time / SECOND:g}" if time % SECOND else str(time // SECOND) for time in work.times.tolist()]
    for labels, values in zip(work.labels, work.values, strict=True):
        name = str(labels).replace(", ", ",")
        yield "".join(f"{name} {value!r} {time}\n" for value, time in zip(values.tolist(), seconds, strict=True))
    yield "# EOF\n"


INSTANT = (
    "up or disk_used_ratio",
    "http_request_duration_seconds_bucket",
    "sum(rate(http_requests_total[5m]))",
    "sum by (path, code) (rate(http_requests_total[5m]))",
    "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
    "topk(5, disk_used_ratio)",
    "max_over_time(queue_depth[1h])",
    "avg by (device) (avg_over_time(disk_used_ratio[6h]))",
    'http_requests_total{code=~"5..", path!~"/login|/metrics"}',
    'sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))',
)
RANGE = (
    '{__name__=~".+"}',
    "disk_used_ratio",
    "sum by (path, code) (rate(http_requests_total[5m]))",
    "rate(http_request_duration_seconds_bucket[5m])",
    "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
    "histogram_quantile(0.9, sum by (le, path) (rate(http_request_duration_seconds_bucket[5m])))",
    "histogram_quantile(0.5, rate(http_request_duration_seconds_bucket[1h]))",
    "topk(5, disk_used_ratio)",
    "max_over_time(queue_depth[1h])",
    "quantile_over_time(0.9, disk_used_ratio[10m])",
    "avg by (device) (avg_over_time(disk_used_ratio[30m]))",
    'sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))',
)
