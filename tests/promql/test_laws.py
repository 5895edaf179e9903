"""Laws that hold of any data: of aggregations, sets, times, and of functions over ranges against an exact oracle."""

import math
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.clock import MINUTE, SECOND
from labkit.promql import Engine, Matrix, Vector
from labkit.signals.labels import Labels
from labkit.signals.samples import SampleStore
from labkit.signals.series import STALE

NOW = 100 * MINUTE
COUNTS = st.integers(0, 10**6).map(float)
VALUES = st.floats(-1e6, 1e6, allow_nan=False) | st.sampled_from([0.0, 1.0, -1.0, 0.1, math.inf, -math.inf, math.nan])


class Data(NamedTuple):
    """A vector: values by pod and zone."""

    values: dict[Labels, float]
    engine: Engine


def store(series: dict[Labels, list[tuple[int, float]]]) -> SampleStore:
    made = SampleStore()
    for labels, points in series.items():
        times, values = zip(*points, strict=True)
        made.append(labels, np.array(times, np.int64), np.array(values))
    return made


@st.composite
def vectors(draw: st.DrawFn, values: st.SearchStrategy[float] = VALUES) -> Data:
    keys = draw(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 3)), unique=True))
    found = {
        Labels([("__name__", "m"), ("zone", zone), ("pod", pod), ("n", str(n))]): draw(values) for zone, pod, n in keys
    }
    return Data(found, Engine(store({labels: [(NOW, value)] for labels, value in found.items()})))


def vector(engine: Engine, query: str, time: int = NOW) -> dict[Labels, float]:
    result = engine.instant(query, time)
    assert isinstance(result, Vector)
    assert len(set(result.labels)) == len(result.labels)
    return dict(zip(result.labels, result.values.tolist(), strict=True))


def equal(left: dict[Labels, float], right: dict[Labels, float], rel: float = 0.0) -> None:
    assert left.keys() == right.keys()
    assert list(left.values()) == pytest.approx([right[labels] for labels in left], rel=rel, abs=0.0, nan_ok=True)


@given(vectors(COUNTS))
def test_sums_of_groups_add_up_to_the_sum(data: Data) -> None:
    for by in ("by (zone)", "without (zone, n)", "by (zone, pod, n)", "by (nothing)", "by ()"):
        equal(vector(data.engine, f"sum(sum {by} (m))"), vector(data.engine, "sum(m)"))
        equal(vector(data.engine, f"sum(count {by} (m))"), vector(data.engine, "count(m)"))
    equal(vector(data.engine, "avg(m)"), vector(data.engine, "sum(m) / count(m)"), rel=1e-12)


@given(vectors(st.floats(-1e6, 1e6)))
def test_means_and_quantiles_lie_between_the_extremes(data: Data) -> None:
    least, most = vector(data.engine, "min by (zone) (m)"), vector(data.engine, "max by (zone) (m)")
    for query in ("avg by (zone) (m)", *(f"quantile by (zone) ({level}, m)" for level in (0, 0.3, 0.5, 0.99, 1))):
        for labels, value in vector(data.engine, query).items():
            slack = 1e-9 * (abs(least[labels]) + abs(most[labels]))
            assert least[labels] - slack <= value <= most[labels] + slack
    equal(vector(data.engine, "quantile by (zone) (0, m)"), least)
    equal(vector(data.engine, "quantile by (zone) (1, m)"), most)


@given(vectors(), st.integers(-1, 8))
def test_topk_is_of_the_vector_and_nothing_left_out_is_greater(data: Data, k: int) -> None:
    for operator, sign in (("topk", 1), ("bottomk", -1)):
        chosen = vector(data.engine, f"{operator}({k}, m)")
        assert len(chosen) == min(max(k, 0), len(data.values))
        equal(chosen, {labels: data.values[labels] for labels in chosen})
        left = [value for labels, value in data.values.items() if labels not in chosen and not math.isnan(value)]
        kept = list(chosen.values())
        if left and kept:
            assert not any(map(math.isnan, kept))
            assert min(sign * value for value in kept) >= max(sign * value for value in left)
    some = vector(data.engine, f"limitk({k}, m)")
    assert len(some) == min(max(k, 0), len(data.values))
    equal(some, {labels: data.values[labels] for labels in some})


@given(vectors(), st.floats(0, 1))
def test_a_ratio_and_its_complement_part_a_vector(data: Data, ratio: float) -> None:
    taken = vector(data.engine, f"limit_ratio({ratio!r}, m)")
    rest = vector(data.engine, f"limit_ratio({ratio - 1!r}, m)")
    if ratio not in (0, 1):
        assert not taken.keys() & rest.keys()
        assert taken.keys() | rest.keys() == data.values.keys()


@given(vectors())
def test_laws_of_sets(data: Data) -> None:
    some, others = "(m > 0)", '(m{zone="a"})'
    there = vector(data.engine, f"{some} and {others}")
    equal(there | vector(data.engine, f"{some} unless {others}"), vector(data.engine, some))
    equal(vector(data.engine, f"{some} and {some}"), vector(data.engine, some))
    equal(vector(data.engine, f"{some} or {some}"), vector(data.engine, some))
    equal(vector(data.engine, f"{some} unless {some}"), {})
    assert there.keys() == vector(data.engine, f"{others} and {some}").keys()
    union = vector(data.engine, f"{some} or {others}")
    assert union.keys() == vector(data.engine, some).keys() | vector(data.engine, others).keys()
    equal(vector(data.engine, f"({some} or {others}) and {some}"), vector(data.engine, some))


@given(vectors())
def test_comparisons_part_a_vector(data: Data) -> None:
    less, equal_, more = (vector(data.engine, f"m {sign} 1") for sign in ("<", "==", ">"))
    nan = vector(data.engine, "m != m")
    parts = [less, equal_, more, nan]
    assert sum(map(len, parts)) == len(data.values)
    equal({labels: value for part in parts for labels, value in part.items()}, data.values)
    assert sum(vector(data.engine, "m >= bool 1").values()) == len(equal_) + len(more)


# --- functions over ranges, against exact sums of fractions written down from their definition


class Track(NamedTuple):
    """One series: whole milliseconds, whole values."""

    points: list[tuple[int, float]]

    def window(self, end: int, length: int) -> list[tuple[int, Fraction]]:
        return [
            (time, Fraction(value))
            for time, value in self.points
            if end - length < time <= end and not math.isnan(value)
        ]

    def engine(self) -> Engine:
        return Engine(store({Labels([("__name__", "c_total")]): self.points}))


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    gaps = draw(st.lists(st.integers(1, 90 * SECOND), min_size=1, max_size=25))
    times = np.cumsum([NOW, *gaps])[1:].tolist()
    rises = [draw(st.integers(0, 1000)) for _ in times]
    value, points = 0, []
    for time, rise in zip(times, rises, strict=True):
        value = rise if draw(st.integers(0, 9)) == 0 else value + rise  # now and then the process begins anew
        points.append((time, STALE if draw(st.integers(0, 19)) == 0 else float(value)))
    return Track(points)


def increase(window: list[tuple[int, Fraction]], end: int, length: int) -> Fraction | None:
    """Extrapolated as upstream's ``extrapolatedRate`` says, in exact numbers."""
    if len(window) < 2:
        return None
    (first, start), (last, stop) = window[0], window[-1]
    pairs = list(pairwise(window))
    grown = stop - start + sum((old for (_, old), (_, new) in pairs if new < old), Fraction())
    sampled = Fraction(last - first)
    mean = sampled / len(pairs)
    before, after = Fraction(first - (end - length)), Fraction(end - last)
    before = mean / 2 if before >= mean * Fraction(11, 10) else before
    after = mean / 2 if after >= mean * Fraction(11, 10) else after
    if grown > 0 and start >= 0:
        before = min(before, sampled * start / grown)
    return grown * (sampled + before + after) / sampled


@settings(max_examples=150)
@given(tracks(), st.integers(0, 30 * MINUTE), st.integers(1, 20 * MINUTE))
def test_rates_are_those_of_exact_numbers(track: Track, after: int, length: int) -> None:
    end, engine = NOW + after, track.engine()
    window = track.window(end, length)
    at_threshold = _near_threshold(window, end, length)
    expected = increase(window, end, length)
    for query, scale in ((f"increase(c_total[{length}ms])", 1), (f"rate(c_total[{length}ms])", Fraction(length, 1000))):
        found = list(vector(engine, query, end).values())
        assert len(found) == (expected is not None)
        if expected is not None and not at_threshold:
            assert found[0] == pytest.approx(float(expected / scale), rel=1e-12, abs=1e-300)
    last_two = window[-2:]
    found = list(vector(engine, f"irate(c_total[{length}ms])", end).values())
    assert len(found) == (len(last_two) == 2)
    if found:
        (before, old), (now, new) = last_two
        assert found[0] == float(new if new < old else new - old) / ((now - before) / 1000)


def _near_threshold(window: list[tuple[int, Fraction]], end: int, length: int) -> bool:
    """Whether a gap is 1.1 mean intervals long, so that floats may decide otherwise than fractions."""
    if len(window) < 2:
        return False
    limit = Fraction(window[-1][0] - window[0][0], len(window) - 1) * Fraction(11, 10)
    return any(abs(gap - limit) < Fraction(1, 1000) for gap in (window[0][0] - (end - length), end - window[-1][0]))


@settings(max_examples=100)
@given(tracks(), st.integers(0, 30 * MINUTE), st.integers(1, 20 * MINUTE))
def test_functions_over_time_are_those_of_exact_numbers(track: Track, after: int, length: int) -> None:
    end, engine = NOW + after, track.engine()
    window = track.window(end, length)
    values = [value for _, value in window]
    exact = {
        "sum": sum(values), "count": len(values), "avg": sum(values) / len(values) if values else 0,
        "min": min(values, default=0), "max": max(values, default=0), "last": values[-1] if values else 0,
        "stdvar": sum((value - sum(values) / len(values)) ** 2 for value in values) / len(values) if values else 0,
    }  # fmt: skip
    for name, value in exact.items():
        found = list(vector(engine, f"{name}_over_time(c_total[{length}ms])", end).values())
        assert len(found) == bool(values)
        if found:
            assert found[0] == pytest.approx(float(value), rel=1e-9, abs=1e-6)
    moves = list(pairwise(values))
    for name, number in (("resets", sum(b < a for a, b in moves)), ("changes", sum(b != a for a, b in moves))):
        found = list(vector(engine, f"{name}(c_total[{length}ms])", end).values())
        assert found == ([number] if values else [])


@settings(max_examples=100)
@given(tracks(), st.integers(0, 30 * MINUTE), st.integers(1, 20 * MINUTE))
def test_a_line_through_samples_is_that_of_exact_numbers(track: Track, after: int, length: int) -> None:
    end = NOW + after
    window = [(Fraction(time - end, 1000), value) for time, value in track.window(end, length)]
    found = list(vector(track.engine(), f"predict_linear(c_total[{length}ms], 60)", end).values())
    assert len(found) == (len(window) >= 2)
    if found:
        number = len(window)
        x, y = sum(t for t, _ in window), sum(v for _, v in window)
        xx, xy = sum(t * t for t, _ in window), sum(t * v for t, v in window)
        slope = (xy - x * y / number) / (xx - x * x / number)
        size = float(max(abs(v) for _, v in window) + abs(slope) * (max(abs(t) for t, _ in window) + 60))
        assert found[0] == pytest.approx(float(y / number - slope * x / number + slope * 60), rel=1e-6, abs=1e-6 * size)


@settings(max_examples=60)
@given(tracks(), st.integers(0, 40 * MINUTE), st.integers(-20 * MINUTE, 20 * MINUTE), st.integers(1, 10 * MINUTE))
def test_laws_of_offset_at_and_subqueries(track: Track, after: int, shift: int, length: int) -> None:
    engine, time = track.engine(), NOW + after
    moved, fixed = f"offset {'-' if shift < 0 else ''}{abs(shift)}ms", f"@ {(time - shift) / 1000:.3f}"
    for form in ("c_total {}", f"rate(c_total[{length}ms] {{}})"):
        then = vector(engine, form.format(""), time - shift)
        equal(vector(engine, form.format(moved), time), then)
        for anywhere in (0, time, 2 * time):
            equal(vector(engine, form.format(fixed), anywhere), then)
    step = length // 7 + 1
    first = (time // step - 3) * step
    result = engine.range("c_total", first, time, step)
    sampled = engine.instant(f"c_total[{time - first + 1}ms:{step}ms]", time)
    assert isinstance(sampled, Matrix)
    assert points(sampled) == points(result)


def points(matrix: Matrix) -> dict[tuple[Labels, int], float]:
    return {
        (labels, int(matrix.times[place])): float(values[place])
        for labels, values, there in zip(matrix.labels, matrix.values, matrix.present, strict=True)
        for place in np.flatnonzero(there)
    }
