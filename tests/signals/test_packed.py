"""Packing loses no bit, whatever the samples are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from labkit.signals.packed import Packed
from labkit.signals.series import STALE

VALUES = (
    st.floats(width=64)
    | st.integers(-(2**53), 2**53).map(float)
    | st.integers(-200, 200).map(float)
    | st.sampled_from([0.0, -0.0, STALE, np.nan, np.inf, 2.0**53, 2.0**62])
)


@given(arrays(np.float64, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=30), elements=VALUES), st.data())
def test_what_is_read_is_what_was_packed(values: np.ndarray, data: st.DataObject) -> None:
    rows = np.array(data.draw(st.lists(st.integers(0, len(values) - 1), min_size=1)), np.intp)
    start = data.draw(st.integers(0, values.shape[1] - 1))
    stop = data.draw(st.integers(start + 1, values.shape[1]))
    found = Packed(values).read(rows, start, stop)
    assert found.tobytes() == np.ascontiguousarray(values[rows, start:stop]).tobytes()


@pytest.mark.parametrize(
    ("row", "bytes_each"),
    [
        (np.full(240, 0.3), 0.1),
        (np.full(240, STALE), 0.1),
        (np.arange(240.0) * 100, 1.1),
        (np.arange(240.0) * 30_000, 2.1),
        (np.arange(240.0) * 1e9, 4.1),
        (np.arange(240.0) + 0.5, 8.1),
    ],
)
def test_a_sample_takes_no_more_than_it_must(row: np.ndarray, bytes_each: float) -> None:
    assert Packed(np.tile(row, (100, 1))).nbytes / (100 * 240) < bytes_each
