"""Going fast changes no bit: series together or each alone, many steps or one, cut into parts or not."""

import numpy as np
import pytest

from labkit.promql import Engine, Vector, windows
from labkit.signals.labels import Labels
from labkit.signals.samples import SampleStore
from labkit.signals.series import STALE

STEP, LENGTH = 15_000, 120
TIMES = 1_700_000_000_000 + np.arange(LENGTH, dtype=np.int64) * STEP
BUCKETS = ("0.1", "0.5", "1", "+Inf")

PER_SERIES = (
    "m", "rate(m[2m])", "increase(m[5m])", "irate(m[1m])", "delta(m[90s])", "deriv(m[3m])", "sum_over_time(m[3m])",
    "avg_over_time(m[10m])", "max_over_time(m[4m])", "stddev_over_time(m[5m])", "quantile_over_time(0.9, m[3m])",
    "changes(m[5m])", "resets(m[10m])", "timestamp(m)", "last_over_time(m[1m])", "m offset 3m", "rate(m[5m:30s])",
)  # fmt: skip
TOGETHER = (
    "sum by (job) (m)", "avg by (job) (rate(m[2m]))", "min by (job) (m)", "stddev by (job) (m)", "count by (job) (m)",
    "topk by (job) (2, m)", "bottomk(3, m)", "limitk(2, m)", "quantile by (job) (0.3, m)",
    "histogram_quantile(0.9, b)", "histogram_quantile(0.5, sum by (le) (rate(b[2m])))", "m / on (job, n) m", "m > 50",
)  # fmt: skip


def series() -> list[tuple[Labels, np.ndarray]]:
    """Counters with and without resets, gauges, NaN, infinities, gaps and stale markers; and histograms."""
    chance = np.random.default_rng(11)
    made = []
    for number in range(12):
        values = chance.poisson(3.0, LENGTH).cumsum().astype(float) if number % 2 else chance.normal(1e3, 300, LENGTH)
        if number in {1, 5}:
            values[50:] -= values[50]
            values[90:] -= values[90]
        if number == 2:
            values[[10, 40, 41]] = np.nan
        if number == 4:
            values[[20, 70]] = np.inf, -np.inf
        if number == 7:
            values[30:45] = STALE
        made.append((Labels([("__name__", "m"), ("job", f"j{number % 3}"), ("n", str(number))]), values))
    for number in range(3):
        counts = chance.poisson(2.0, (len(BUCKETS), LENGTH)).cumsum(axis=0).cumsum(axis=1).astype(float)
        counts[1, 30:40] -= 5 * (number == 2)  # a bucket that falls behind the one below it
        for bound, row in zip(BUCKETS, counts, strict=True):
            made.append((Labels([("__name__", "b"), ("n", str(number)), ("le", bound)]), row))
    return made


def engine(*, shared: bool) -> Engine:
    """An engine whose series have one array of times, or each its own."""
    store = SampleStore()
    for labels, values in series():
        store.append(labels, TIMES if shared else TIMES.copy(), values)
    return Engine(store)


def bits(found: Vector) -> dict[Labels, bytes]:
    return {labels: value.tobytes() for labels, value in zip(found.labels, found.values, strict=True)}


def over_steps(asked: Engine, query: str) -> list[dict[Labels, bytes]]:
    """The values at each step of a range that begins before the samples and ends after them."""
    result = asked.range(query, int(TIMES[0]) - 90_000, int(TIMES[-1]) + 400_000, 37_000)
    return [
        {result.labels[row]: result.values[row, step].tobytes() for row in np.flatnonzero(result.present[:, step])}
        for step in range(len(result.times))
    ]


@pytest.mark.parametrize("query", [*PER_SERIES, *TOGETHER])
def test_series_with_times_of_their_own_are_treated_as_those_that_share_them(query: str) -> None:
    assert over_steps(engine(shared=True), query) == over_steps(engine(shared=False), query)


@pytest.mark.parametrize("query", [*PER_SERIES, *TOGETHER])
def test_a_range_is_its_instants(query: str) -> None:
    asked = engine(shared=True)
    times = range(int(TIMES[0]) - 90_000, int(TIMES[-1]) + 400_001, 37_000)
    instants = [asked.instant(query, time) for time in times]
    assert [bits(found) for found in instants if isinstance(found, Vector)] == over_steps(asked, query)


@pytest.mark.parametrize("query", PER_SERIES)
def test_windows_in_parts_are_windows_as_a_whole(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = over_steps(engine(shared=True), query)
    monkeypatch.setattr(windows, "_CELLS", 1)
    assert over_steps(engine(shared=True), query) == whole


@pytest.mark.parametrize("step", [STEP, 2 * STEP, 7_000])
def test_samples_in_a_row_are_taken_as_samples_picked_one_by_one(step: int) -> None:
    """Where steps fall on the samples' own rhythm nothing is copied; a step beside it copies."""
    asked = engine(shared=True)
    for query in ("m", "rate(m[2m])"):
        result = asked.range(query, int(TIMES[20]) + 1, int(TIMES[90]) + 1, step)
        for place, time in enumerate(result.times.tolist()):
            found = asked.instant(query, time)
            assert isinstance(found, Vector)
            present = np.flatnonzero(result.present[:, place])
            assert bits(found) == {result.labels[row]: result.values[row, place].tobytes() for row in present}
