"""The engine: instants and ranges agree, and what fails says why."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.clock import DAY, HOUR, MINUTE, SECOND
from labkit.errors import QueryError
from labkit.promql import Engine, Matrix, Options, Scalar, String, Vector
from labkit.promql.failures import ExecutionError, MalformedQueryError
from labkit.promql.script import run
from labkit.signals.series import Labels, SeriesStore

STEP = 15 * SECOND


def counter(pod: str) -> Labels:
    return Labels([("__name__", "c_total"), ("pod", pod)])


@pytest.fixture(scope="module")
def engine() -> Engine:
    """A counter of two pods, of which the second starts anew as a third after five minutes."""
    store = SeriesStore()
    block = store.block([counter("a"), counter("b")])
    for tick in range(1, 61):
        if tick == 21:
            block = store.block([counter("a"), counter("c")])
        block.append(tick * STEP, np.array([tick * 30.0, (tick if tick < 21 else tick - 20) * 15.0]))
    return Engine(store)


def vector(engine: Engine, query: str, time: int) -> dict[Labels, float]:
    result = engine.instant(query, time)
    assert isinstance(result, Vector)
    return dict(zip(result.labels, result.values.tolist(), strict=True))


def test_each_type_of_result(engine: Engine) -> None:
    assert engine.instant("1 + 1", 5) == Scalar(5, 2.0)
    assert engine.instant('"x"', 5) == String(5, "x")
    samples = engine.instant("c_total[30s]", 20 * STEP)
    assert isinstance(samples, Matrix)
    assert samples.times.tolist() == [19 * STEP, 20 * STEP]  # the left end is out
    assert samples.values.tolist() == [[570.0, 600.0], [285.0, 300.0]]


def test_a_series_that_ended_is_gone_at_once(engine: Engine) -> None:
    assert {labels.get("pod") for labels in vector(engine, "c_total", 20 * STEP)} == {"a", "b"}
    assert {labels.get("pod") for labels in vector(engine, "c_total", 21 * STEP)} == {"a", "c"}


def test_a_series_is_looked_back_for_less_than_five_minutes(engine: Engine) -> None:
    last = 60 * STEP
    assert vector(engine, "c_total", last + 5 * MINUTE - 1)
    assert not vector(engine, "c_total", last + 5 * MINUTE)


def test_rate_is_the_slope(engine: Engine) -> None:
    assert vector(engine, "rate(c_total[5m])", 55 * STEP) == pytest.approx(
        {Labels([("pod", "a")]): 2.0, Labels([("pod", "c")]): 1.0}
    )
    assert vector(engine, "sum(rate(c_total[5m]))", 55 * STEP) == pytest.approx({Labels(): 3.0})


QUERIES = [
    "c_total", "rate(c_total[2m])", "sum by (pod) (increase(c_total[1m]))", "c_total > 400", "topk(1, c_total)",
    "c_total offset 1m", "max_over_time(rate(c_total[1m])[3m:30s])", "absent(c_total{pod='b'})", "time()",
    "quantile(0.5, c_total)", "stddev_over_time(c_total[2m])", "c_total / on() group_left sum(c_total)",
    "count_values('v', c_total)", "predict_linear(c_total[2m], 60)", "c_total unless c_total{pod='a'}",
    "c_total{pod='b'} or c_total", "scalar(c_total{pod='c'})", "hour()", "label_replace(c_total,'x','$1','pod','(.)')",
    "histogram_quantile(0.5, label_replace(c_total, 'le', '+Inf', 'pod', 'a'))",
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(QUERIES), st.integers(0, 70 * STEP), st.integers(1, 7 * MINUTE))
def test_a_range_is_an_instant_at_every_step(engine: Engine, query: str, start: int, step: int) -> None:
    matrix = engine.range(query, start, start + 4 * step, step)
    for column, time in enumerate(matrix.times.tolist()):
        shown = [row for row, there in enumerate(matrix.present[:, column]) if there]
        got = {matrix.labels[row]: matrix.values[row, column] for row in shown}
        result = engine.instant(query, time)
        want = {Labels(): result.value} if isinstance(result, Scalar) else vector(engine, query, time)
        assert got.keys() == want.keys()
        np.testing.assert_allclose([got[labels] for labels in want], list(want.values()), rtol=1e-12)


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("sum(", "1:5: parse error: unclosed left parenthesis"),
        (
            "rate(c_total)",
            '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
        ),
        ("c_total[5m] + 1", "1:1: parse error: binary expression must contain only scalar and instant vector types"),
        ("", "1:1: parse error: no expression found in input"),
        ("c_total @ 1e20", "parse error: number too large to fit in target type"),
        ("max_over_time(c_total[9999999y])", "parse error: number too large to fit in target type"),
        ("-" * 100_000 + "c_total", "parse error: the query is too long"),
        ("(" * 100_000, "parse error: the query is too long"),
    ],
)
def test_a_malformed_query_is_refused_in_prometheus_words(engine: Engine, query: str, what: str) -> None:
    with pytest.raises(MalformedQueryError) as caught:
        engine.instant(query, 0)
    assert caught.value.what == what


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("c_total + on() c_total", "found duplicate series for the match group {}"),
        ("c_total + on() c_total{pod='a'}", "many-to-one matching must be explicit"),
        ("label_replace(c_total, 'pod', '', '', '')", "same labelset"),
        ("histogram_count(c_total)", "the function histogram_count"),
        ("c_total[1m + 1m]", "a duration that is computed is not supported here"),
        ("count_values('', c_total)", "invalid label name"),
        ("max_over_time(c_total[100y:1ms])", "too many samples"),
    ],
)
def test_what_cannot_be_answered_is_an_error(engine: Engine, query: str, what: str) -> None:
    with pytest.raises(ExecutionError, match=what):
        engine.instant(query, 10 * STEP)


def test_a_range_query_wants_a_vector(engine: Engine) -> None:
    with pytest.raises(QueryError, match='invalid expression type "range vector" for range query'):
        engine.range("c_total[5m]", 0, 10, 1)


def test_a_script_that_is_wrong_does_not_pass() -> None:
    script = (
        "load 1m\n  m 1 2 3\n\neval instant at 1m m\n  m 2\n\neval instant at 1m m\n  m 3\n\neval_fail instant at 0 m\n"
    )
    assert [one.failed for one in run(script)] == [False, True, True]


def test_a_query_as_deep_as_may_be_is_answered(engine: Engine) -> None:
    assert engine.instant("(" * 150 + "1" + ")" * 150, 0) == Scalar(0, 1.0)
    assert engine.instant("+".join(["1"] * 151), 0) == Scalar(0, 151.0)
    assert isinstance(engine.instant("abs(" * 150 + "c_total" + ")" * 150, 0), Vector)


def test_steps_of_many_days_are_looked_up_as_each_alone() -> None:
    """What lies days apart is looked up part by part: a series may be in some of them, and end between them."""
    store = SeriesStore()
    block = store.block([counter("a"), counter("b")])
    for hour in range(24 * 5):
        if hour == 50:
            block = store.block([counter("a"), counter("c")])
        block.append((hour + 1) * HOUR, np.array([hour, -hour]) * 1.0)
    engine = Engine(store, Options(lookback=2 * HOUR))
    for query in ("c_total", "timestamp(c_total)", "sum(c_total) or c_total", "last_over_time(c_total[3h:1h])"):
        matrix = engine.range(query, 10 * MINUTE, 5 * DAY, 40 * MINUTE)
        for column, time in enumerate(matrix.times.tolist()):
            shown = np.flatnonzero(matrix.present[:, column])
            found = {matrix.labels[row]: matrix.values[row, column] for row in shown}
            assert found == vector(engine, query, time)
