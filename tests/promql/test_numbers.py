"""Numbers as Go writes them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.promql.numbers import formatted, general


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "-0"), (12.0, "12"), (0.1, "0.1"), (1e21, "1" + "0" * 21), (1.5e-7, "0.00000015"),
     (math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN")],
)  # fmt: skip
def test_numbers_have_no_exponent(value: float, text: str) -> None:
    assert formatted(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_back_as_they_were(value: float) -> None:
    assert float(formatted(value)) == value
    assert "e" not in formatted(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1.5, "1.5"), (-0.25, "-0.25"), (999999.5, "999999.5"), (1e6, "1e+06"), (1234567.0, "1.234567e+06"),
     (1e-4, "0.0001"), (1e-5, "1e-05"), (1.5e-7, "1.5e-07"), (1e100, "1e+100"), (math.nan, "NaN"), (-math.inf, "-Inf")],
)  # fmt: skip
def test_numbers_in_messages_are_short(value: float, text: str) -> None:
    assert general(value) == text
