"""No query takes more memory or time than it may, and the engine lives."""

import time

import numpy as np
import pytest

from labkit.promql import Engine, Options, Scalar
from labkit.promql.failures import ExecutionError, TimedOutError
from labkit.signals.labels import Labels
from labkit.signals.samples import SampleStore

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
        "label_replace(" * 12 + "m" + "".join(f", 'a', '{'$1' * 10}', '{'a' if n else 'n'}', '(.*)')" for n in range(12)),
        "label_join(" * 40 + "m" + "".join(f", 'a', '-', {'a, a' if n else 'n, n'})" for n in range(40)).replace(
            "a, a", "'a', 'a'").replace("n, n", "'n', 'n'"),
        "label_replace(label_replace(m, 'a', '" + "x" * 20_000 + "', '', ''), 'a', '" + "$1" * 2_000 + "', 'a', '(.*)')",
    ],
)  # fmt: skip
def test_labels_do_not_grow_without_end(store: SampleStore, query: str) -> None:
    begun = time.monotonic()
    with pytest.raises(ExecutionError, match=TOO_MANY):
        Engine(store).instant(query, 999 * STEP)
    assert time.monotonic() - begun < 10
