"""Aggregations of one series over its windows, as Loki computes them.

Rules: upstream ``pkg/logql/range_vector.go``. Windows are ``(end - length, end]``; of an empty window
whatever comes out counts for nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.logql.units import SECOND
from labkit.promql.values import Floats
from labkit.promql.windows import taken
from labkit.signals.streams import Nanos

_NEAR = 1.1


@dataclass(frozen=True)
class Windows:
    """One series and its windows.

    ``times`` (nanoseconds, ascending) and ``values`` have the shape (samples,), never empty; ``low``,
    ``high`` (excluded) and ``ends`` have (steps,).
    """

    times: NDArray[np.int64]
    values: Floats
    low: NDArray[np.intp]
    high: NDArray[np.intp]
    ends: NDArray[np.int64]
    length: Nanos
    passed: Callable[[int], None]
    """Told of samples before they are gone through, so that a query may end in between."""

    @property
    def seconds(self) -> float:
        """The length of a window."""
        return self.length / SECOND

    @property
    def count(self) -> NDArray[np.intp]:
        """How many samples every window has."""
        return self.high - self.low

    @property
    def first(self) -> NDArray[np.intp]:
        """The index of every window's first sample."""
        return np.minimum(self.low, len(self.times) - 1)

    @property
    def last(self) -> NDArray[np.intp]:
        """The index of every window's last sample."""
        return np.maximum(self.high - 1, 0)

    def reduced(self, operation: np.ufunc) -> Floats:
        """Every window's samples taken together by ``operation``."""
        result: Floats = taken(operation, self.values[None, :], self.low, self.high)[0]
        return result

    def each(self, compute: Callable[[Floats], float]) -> Floats:
        """``compute`` of every window's samples."""
        result = np.zeros(len(self.low))
        for step, (low, high) in enumerate(zip(self.low.tolist(), self.high.tolist(), strict=True)):
            if low < high:
                self.passed(high - low)
                result[step] = compute(self.values[low:high])
        return result


def _sum(windows: Windows) -> Floats:
    return windows.reduced(np.add)


def _rate_counter(windows: Windows) -> Floats:
    """The increase, resets allowed for, extrapolated to the window's ends as Prometheus does it."""
    first, last, count = windows.first, windows.last, windows.count
    values, times = windows.values, windows.times
    drops = np.where(np.diff(values) < 0, values[:-1], 0.0)
    grown = values + np.concatenate([[0.0], np.cumsum(drops)])
    increase = grown[last] - grown[first]
    sampled = (times[last] - times[first]) / SECOND
    to_start = (times[first] - (windows.ends - windows.length)) / SECOND
    to_end = (windows.ends - times[last]) / SECOND
    apart = sampled / (count - 1)
    to_start = np.where(to_start >= apart * _NEAR, apart / 2, to_start)
    to_zero = np.where((increase > 0) & (values[first] >= 0), sampled * (values[first] / increase), to_start)
    to_start = np.minimum(to_start, to_zero)
    to_end = np.where(to_end >= apart * _NEAR, apart / 2, to_end)
    rate: Floats = increase * ((sampled + to_start + to_end) / sampled) / windows.seconds
    return np.where(count < 2, 0.0, rate)


def quantile(level: float, values: Floats) -> float:
    """The quantile of a window, interpolated between samples."""
    if level < 0 or level > 1:
        return -np.inf if level < 0 else np.inf
    ordered = np.sort(values)
    rank = level * (len(ordered) - 1)
    lower = int(np.floor(rank))
    upper = min(len(ordered) - 1, lower + 1)
    weight = rank - lower
    return float(ordered[lower] * (1 - weight) + ordered[upper] * weight)


_COMPUTED: dict[str, Callable[[Windows], Floats]] = {
    "count_over_time": lambda windows: windows.count.astype(np.float64),
    "bytes_over_time": _sum,
    "sum_over_time": _sum,
    "rate": lambda windows: _sum(windows) / windows.seconds,
    "bytes_rate": lambda windows: _sum(windows) / windows.seconds,
    "rate_counter": _rate_counter,
    "avg_over_time": lambda windows: _sum(windows) / windows.count,
    "min_over_time": lambda windows: windows.reduced(np.fmin),
    "max_over_time": lambda windows: windows.reduced(np.fmax),
    "stddev_over_time": lambda windows: windows.each(lambda values: float(np.std(values))),
    "stdvar_over_time": lambda windows: windows.each(lambda values: float(np.var(values))),
    "first_over_time": lambda windows: windows.values[windows.first],
    "last_over_time": lambda windows: windows.values[windows.last],
    "absent_over_time": lambda windows: np.ones(len(windows.ends)),
}


def over_time(op: str, windows: Windows, parameter: float | None) -> Floats:
    """The values of an aggregation at every step; of an empty window, anything."""
    with np.errstate(all="ignore"):
        if op == "quantile_over_time":
            assert parameter is not None  # the parser asked for it
            level = parameter
            return windows.each(lambda values: quantile(level, values))
        return _COMPUTED[op](windows)
