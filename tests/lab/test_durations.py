"""Durations, as Prometheus reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.clock import DAY, HOUR, MINUTE
from labkit.errors import QueryError
from labkit.lab.durations import duration


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("5m", 5 * MINUTE),
        ("90s", 90_000),
        ("1h30m", 90 * MINUTE),
        ("250ms", 250),
        ("2w1d", 15 * DAY),
        ("1y", 365 * DAY),
    ],
)
def test_durations(text, milliseconds):
    assert duration(text) == milliseconds


@pytest.mark.parametrize("text", ["", "5", "m", "0s", "-5m", "5 m", "1m1h", "5m\n", "1.5h", "5M", 3600])
def test_what_is_none(text):
    with pytest.raises(QueryError, match="not a duration"):
        duration(text)


@given(st.integers(0, 20), st.integers(0, 59), st.integers(0, 59))
def test_the_units_add_up(hours, minutes, seconds):
    text = "".join(f"{count}{unit}" for count, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if count)
    if text:
        assert duration(text) == hours * HOUR + minutes * MINUTE + seconds * 1000
