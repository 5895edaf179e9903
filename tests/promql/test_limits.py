"""No query takes more memory or time than it may, and the engine lives."""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from labkit.promql import Engine, Options, Scalar
from labkit.promql.failures import ExecutionError, MalformedQueryError, TimedOutError
from labkit.signals.block import View
from labkit.signals.labels import Labels
from labkit.signals.samples import SampleStore
from labkit.signals.series import SeriesStore

STEP = 15_000
TOO_MANY = "query processing would load too many samples into memory in query execution"


@pytest.fixture(scope="module")
def store() -> SampleStore:
    """A hundred series of a thousand samples, each on times of its own."""
    made = SampleStore()
    for number in range(100):
        labels = Labels([("__name__", "m"), ("le", str(number)), ("n", str(number))])
        made.append(labels, np.arange(1000) * STEP + number, np.arange(1000.0) + number / 7)
    return made


@pytest.mark.parametrize(
    "query",
    [
        "m", "sum(m)", "m[1h]", "rate(m[1h])", "m + on (n) group_left m", "m or m", "max_over_time(m[1h:1s])",
        "count_values('v', m)", "quantile(0.5, m)", "histogram_quantile(0.5, m)", "vector(1)[1000h:1s]", "absent(m)",
        "info(m)", "label_replace(m, 'x', '', '', '')",
    ],
)  # fmt: skip
def test_what_would_hold_too_many_samples_is_refused_before_it_does(store: SampleStore, query: str) -> None:
    small = Engine(store, Options(samples=60))
    with pytest.raises(ExecutionError, match=TOO_MANY):
        small.instant(query, 999 * STEP)
    assert isinstance(small.instant("1", 0), Scalar)


def test_distinct_values_times_steps_are_limited_too(store: SampleStore) -> None:
    engine = Engine(store, Options(samples=1_000_000))
    begun = time.monotonic()
    with pytest.raises(ExecutionError, match=TOO_MANY):
        engine.range("count_values('v', m)", 0, 999 * STEP, STEP)
    assert time.monotonic() - begun < 10


def test_samples_inside_a_range_count(store: SampleStore) -> None:
    assert Engine(store, Options(samples=10_000)).instant("count(rate(m[2m]))", 999 * STEP)
    with pytest.raises(ExecutionError, match=TOO_MANY):
        Engine(store, Options(samples=10_000)).instant("count(rate(m[3h]))", 999 * STEP)


@pytest.mark.parametrize(
    "query",
    [
        "stddev_over_time(m[4h])", "quantile_over_time(0.5, m[4h])", "mad_over_time(m[4h])",
        "sum_over_time(max_over_time(m[1h])[2h:1m])", "stddev(m)", "topk(3, m)",
    ],
)  # fmt: skip
def test_a_query_ends_at_its_deadline(store: SampleStore, query: str) -> None:
    begun = time.monotonic()
    with pytest.raises(TimedOutError, match="query timed out in expression evaluation"):
        Engine(store, Options(timeout=0.0)).range(query, 0, 999 * STEP, STEP)
    assert time.monotonic() - begun < 5


def test_a_long_query_is_stopped_while_it_runs(store: SampleStore) -> None:
    begun = time.monotonic()
    with pytest.raises(TimedOutError):
        Engine(store, Options(timeout=0.3)).range("mad_over_time(m[4h])", 0, 999 * STEP, STEP // 15)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    "query",
    [
        # each of these went on for minutes, some of them without letting another thread run
        "sum_over_time(vector(1)[20d:100ms])",
        "max_over_time(max_over_time(vector(1)[1d:20ms])[1d:20ms])",
        "label_replace(m, 'x', '" + "$1" * 100_000 + "', 'n', '(.*)')",
    ],
)  # fmt: skip
def test_nothing_outlives_the_deadline(store: SampleStore, query: str) -> None:
    begun = time.monotonic()
    with pytest.raises(TimedOutError):
        Engine(store, Options(timeout=0.2)).instant(query, 999 * STEP)
    assert time.monotonic() - begun < 15


@pytest.mark.parametrize(
    "call", ["label_replace({}, 'n', '$1$1$1$1', 'n', '(.*)')", "label_join({}, 'n', '', 'n', 'n', 'n', 'n')"]
)
def test_labels_that_grow_without_end_are_refused_before_they_fill_the_memory(store: SampleStore, call: str) -> None:
    query = "m{n='1'}"
    for _ in range(20):
        query = call.format(query)
    with pytest.raises(ExecutionError, match=TOO_MANY):
        Engine(store).instant(query, 999 * STEP)


@pytest.mark.parametrize("query", ["m[99999999999999999999]", "m offset 1e30", "m offset -1e30", "m[5m:1e30]"])
def test_a_duration_beyond_all_bounds_is_malformed(store: SampleStore, query: str) -> None:
    with pytest.raises(MalformedQueryError, match="duration out of range"):
        Engine(store).instant(query, 0)


def test_a_text_too_long_to_read_is_refused(store: SampleStore) -> None:
    assert isinstance(Engine(store).instant("1" + " " * 100_000, 0), Scalar)
    with pytest.raises(MalformedQueryError, match="the query is too long"):
        Engine(store).instant("1" + " " * 1_000_000, 0)


def test_no_function_warns_of_its_arithmetic(store: SampleStore) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Engine(store).instant("round(m, 1e-320) or round(m, 0)", 999 * STEP)


def test_what_a_store_would_read_is_limited_before_it_is_read() -> None:
    held = SeriesStore()
    block = held.block([Labels([("__name__", "m"), ("n", str(number))]) for number in range(50)])
    for tick in range(24 * 60 * 3):
        block.append(tick * 60_000, np.full(50, float(tick)))
    engine, end = Engine(held, Options(samples=100_000)), (24 * 60 * 3 - 1) * 60_000
    with pytest.raises(ExecutionError, match=TOO_MANY), read() as most:
        engine.instant("count(rate(m[3d]))", end)
    assert most == []
    with read() as most:  # far steps need nothing of what lies between them
        assert engine.range("count(m)", end % 86_400_000, end, 86_400_000).values.tolist() == [[50.0] * 3]
    assert max(most) < 1000


@contextmanager
def read() -> Iterator[list[int]]:
    """The sizes of what stores read while this lasts."""
    sizes: list[int] = []
    with pytest.MonkeyPatch.context() as patched:
        before = View.read
        patched.setattr(
            View, "read", lambda *given: sizes.append((given[3] - given[2]) * len(given[1])) or before(*given)
        )
        yield sizes
