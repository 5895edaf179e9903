"""Lines through samples have upstream's bits, and large windows nearly so."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.promql import Engine, regression
from labkit.signals.labels import Labels
from labkit.signals.samples import SampleStore


def summed(values: list[float]) -> float:
    """Upstream's ``kahanSumInc``, one after the other."""
    total, rest = 0.0, 0.0
    for value in values:
        new = total + value
        rest += (total - new) + value if abs(total) >= abs(value) else (value - new) + total
        total = new
    return total + rest


def line(points: list[tuple[int, float]], origin: int) -> tuple[float, float]:
    """Upstream's ``linearRegression``: slope, and value at ``origin``."""
    if len({value for _, value in points}) == 1:
        return 0.0, points[0][1]
    seconds = [(time - origin) / 1e3 for time, _ in points]
    values = [value for _, value in points]
    x, y, number = summed(seconds), summed(values), float(len(points))
    xy = summed([second * value for second, value in zip(seconds, values, strict=True)])
    xx = summed([second * second for second in seconds])
    slope = (xy - x * y / number) / (xx - x * x / number)
    return slope, y / number - slope * x / number


POINTS = st.lists(st.tuples(st.integers(1, 60_000), st.floats(-1e9, 1e9)), min_size=2, max_size=30)


def made(steps: list[tuple[int, float]]) -> tuple[list[tuple[int, float]], Engine]:
    times = np.cumsum([step for step, _ in steps])
    values = np.array([value for _, value in steps])
    store = SampleStore()
    store.append(Labels([("__name__", "m")]), times, values)
    return list(zip(times.tolist(), values.tolist(), strict=True)), Engine(store)


@given(POINTS, st.integers(0, 10_000))
def test_they_have_upstreams_bits(steps: list[tuple[int, float]], after: int) -> None:
    points, engine = made(steps)
    now = points[-1][0] + after
    assert engine.range("deriv(m[1h])", now, now, 1).values[0, 0] == line(points, points[0][0])[0]
    slope, level = line(points, now)
    assert engine.range("predict_linear(m[1h], 90)", now, now, 1).values[0, 0] == slope * 90 + level


def test_running_sums_are_off_by_next_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(7)
    _, engine = made([(15_000, float(value)) for value in generator.normal(1e6, 100, 400)])
    one_by_one = engine.range("deriv(m[30m])", 3_600_000, 5_400_000, 60_000).values
    monkeypatch.setattr(regression, "_PATIENCE", 0)
    running = engine.range("deriv(m[30m])", 3_600_000, 5_400_000, 60_000).values
    np.testing.assert_allclose(running, one_by_one, rtol=1e-9, atol=1e-11)
    assert (running != one_by_one).any()


def test_one_series_alone_and_among_many_has_the_same_bits() -> None:
    """Few windows are added up as plain numbers, many by numpy."""
    store, generator = SampleStore(), np.random.default_rng(4)
    times = np.arange(60, dtype=np.int64) * 15_000
    for number in range(150):
        values = generator.normal(1e6, 3.0, 60) if number else np.where(times == 90_000, np.inf, 1e308)
        store.append(Labels([("__name__", "m"), ("n", f"{number:03d}")]), times, values)
    engine = Engine(store)
    for query in ("deriv(m{}[10m])", "predict_linear(m{}[10m], 3600)"):
        together = engine.instant(query.format(""), 885_000)
        alone = [engine.instant(query.format(f'{{n="{number:03d}"}}'), 885_000).values for number in range(150)]
        assert np.concatenate(alone).tobytes() == together.values.tobytes()
