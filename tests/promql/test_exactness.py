"""What must be exact: window sums, bounds of histograms, matches that a filter makes one-to-one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.errors import QueryError
from labkit.promql import Engine, Vector
from labkit.promql.kahan import Sum
from labkit.promql.numbers import encoded
from labkit.promql.running import window_sums
from labkit.signals.series import Labels, SeriesStore

NUMBERS = st.floats(-1e12, 1e12) | st.sampled_from([np.nan, np.inf, -np.inf, 0.1, 1e100, -1e100])


def store(*series: tuple[dict[str, str], list[float]]) -> SeriesStore:
    made = SeriesStore()
    block = made.block([Labels(labels.items()) for labels, _ in series])
    for tick in range(len(series[0][1])):
        block.append(tick * 15_000, np.array([values[tick] for _, values in series]))
    return made


def values(engine: Engine, query: str, time: int) -> dict[Labels, float]:
    result = engine.instant(query, time)
    assert isinstance(result, Vector)
    return dict(zip(result.labels, result.values.tolist(), strict=True))


@given(st.lists(NUMBERS, min_size=1, max_size=30), st.data())
def test_a_window_has_the_bits_of_its_own_sum(numbers: list[float], data: st.DataObject) -> None:
    low = data.draw(st.integers(0, len(numbers) - 1))
    high = data.draw(st.integers(low + 1, len(numbers)))
    alone = Sum((1,))
    for number in numbers[low:high]:
        alone.add(np.array([number]), np.array([True]))
    found = window_sums(np.array([numbers]), np.array([low]), np.array([high]))
    np.testing.assert_array_equal(found[0], alone.value)


def test_small_addends_are_not_lost() -> None:
    engine = Engine(store(({"__name__": "m"}, [0.1 * (tick % 7) for tick in range(16)])))
    assert list(values(engine, "sum_over_time(m[1h])", 225_000).values()) == [4.300000000000001]  # plainly: 4.3


def test_an_infinite_reset_outside_the_window_is_not_seen() -> None:
    engine = Engine(store(({"__name__": "m"}, [np.inf, 0.0, 15.0, 30.0, 45.0])))
    assert engine.range("increase(m[46s])", 0, 60_000, 60_000).values[0, 1] == pytest.approx(45.0)


def test_a_comparison_filters_before_it_looks_for_many_matches() -> None:
    rows = [({"__name__": "a", "g": "x", "i": str(i)}, [float(i)]) for i in range(2)]
    engine = Engine(store(*rows, ({"__name__": "b", "g": "x"}, [1.0])))
    assert values(engine, "a == on(g) b", 0) == {Labels([("g", "x")]): 1.0}
    with pytest.raises(QueryError, match="many-to-one matching must be explicit"):
        engine.instant("a <= on(g) b", 0)


def test_histograms_of_two_metrics_are_not_one() -> None:
    rows = [({"__name__": f"{m}_bucket", "le": le}, [n]) for m in "hk" for le, n in (("1", 5.0), ("+Inf", 10.0))]
    engine = Engine(store(*rows))
    with pytest.raises(QueryError, match="same labelset"):
        engine.instant('histogram_quantile(0.5, {__name__=~"h_bucket|k_bucket"})', 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.2345678e6, "1234567.8"), (1e-6, "0.000001"), (1.5e-7, "1.5e-07"), (1e20, "1" + "0" * 20), (1e21, "1e+21"), (-0.0, "-0"), (np.inf, "+Inf")],
)  # fmt: skip
def test_numbers_of_the_api(value: float, text: str) -> None:
    assert encoded(value) == text


def test_time_does_not_go_back_from_block_to_block() -> None:
    made = SeriesStore()
    first = made.block([Labels([("__name__", "m")])])
    first.append(10, np.zeros(1))
    second = made.block([Labels([("__name__", "m")])])
    with pytest.raises(ValueError, match="not after the last"):
        second.append(10, np.zeros(1))
    with pytest.raises(ValueError, match="another block"):
        first.append(20, np.zeros(1))
