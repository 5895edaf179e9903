"""Durations: what is read, what is written, and upstream's words for what is neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.clock import DAY, MINUTE
from labkit.durations import duration, written


@pytest.mark.parametrize(("text", "millis"), [("0", 0), ("5m", 5 * MINUTE), ("1h30m", 90 * MINUTE), ("2w1d", 15 * DAY)])
def test_a_duration_is_read(text: str, millis: int) -> None:
    assert duration(text) == millis


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "empty duration string"),
        ("5", 'not a valid duration string: "5"'),
        ("1m1h", 'not a valid duration string: "1m1h"'),
        ("300y", "duration out of range"),
    ],
)
def test_what_is_none_is_refused_in_upstreams_words(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        duration(text)


def test_days_are_not_split_into_weeks() -> None:
    assert written(31 * DAY) == "31d"
    assert written(0) == "0s"


@given(st.integers(0, 200 * 365 * DAY))
def test_what_is_written_is_read_again(millis: int) -> None:
    assert duration(written(millis)) == millis
