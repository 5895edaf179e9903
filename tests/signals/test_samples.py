"""Series on times of their own: joined in order, shared where they can be, and let go of."""

import gc

import numpy as np
import pytest

from labkit.signals.labels import Labels
from labkit.signals.matcher import Match, Matcher
from labkit.signals.samples import SampleStore

A, B = (Labels([("__name__", "m"), ("s", name)]) for name in "ab")
ALL = (Matcher("__name__", Match.EQUAL, "m"),)


def times(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def test_stretches_are_joined_in_the_order_of_time() -> None:
    store = SampleStore()
    for start in range(0, 2000, 10):
        store.append(A, times(start, start + 5), np.array([start, start + 5.0]))
    (whole,) = store.select(ALL, 0, 10_000)
    assert whole.times.tolist() == whole.values.tolist() == list(range(0, 2000, 5))
    (part,) = store.select(ALL, 7, 22)
    assert part.times.tolist() == [10, 15, 20]
    assert store.series(ALL, 1, 4) == []
    assert store.series(ALL, 1, 5) == [A]


def test_time_only_goes_forward() -> None:
    store = SampleStore()
    store.append(A, times(1, 2), np.zeros(2))
    for bad in (times(2), times(1), times(5, 5), times(6, 3)):
        with pytest.raises(ValueError, match="ascending"):
            store.append(A, bad, np.zeros(len(bad)))
    with pytest.raises(ValueError, match="do not go with"):
        store.append(A, times(9), np.zeros(2))
    store.append(A, times(), np.zeros(0))
    assert store.select(ALL, 0, 100)[0].times.tolist() == [1, 2]


def test_series_written_together_share_their_times_before_and_after_joining() -> None:
    store = SampleStore()
    for start in range(300):
        shared = times(start)
        store.append(A, shared, np.zeros(1))
        store.append(B, shared, np.ones(1))
    a, b = store.select(ALL, 0, 1000)
    assert a.times is b.times
    assert len(a.times) == 300


def test_joined_times_are_not_kept_longer_than_a_series_has_them() -> None:
    store = SampleStore()
    for start in range(2000):
        store.append(A, times(start), np.zeros(1))
    gc.collect()
    assert len(store._joined) <= 1


def test_what_was_selected_does_not_change() -> None:
    store = SampleStore()
    store.append(A, times(1), np.zeros(1))
    (before,) = store.select(ALL, 0, 10_000)
    for start in range(2, 200):
        store.append(A, times(start), np.zeros(1))
    assert before.times.tolist() == [1]
    assert store.label_values("s") == ["a"]
    assert store.label_names() == ["__name__", "s"]


def test_what_is_old_is_forgotten_and_times_stay_shared() -> None:
    store = SampleStore()
    shared = np.arange(100, dtype=np.int64)
    for labels in (A, B):
        store.append(labels, shared, np.arange(100.0))
    store.append(A, times(200), np.zeros(1))
    store.forget(40)
    a, b = store.select(ALL, 0, 150)
    assert a.times.tolist() == a.values.tolist() == list(range(40, 100))
    assert a.times is b.times
    store.forget(150)
    assert store.series(ALL, 0, 1000) == [A]
    assert store.label_values("s") == ["a"]
    store.append(B, times(300), np.ones(1))
    assert store.series(ALL, 0, 1000) == [A, B]
