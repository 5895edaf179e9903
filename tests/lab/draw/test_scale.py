"""Axes: where ticks go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.lab.draw import scale, units

NOON = 1764331200.0


@pytest.mark.parametrize(
    ("low", "high", "unit", "texts"),
    [
        (0, 47, units.NONE, ["0", "10", "20", "30", "40", "50"]),
        (0, 0.0465, units.SECONDS, ["0 ms", "10 ms", "20 ms", "30 ms", "40 ms", "50 ms"]),
        (0, 0.12, units.SHARE, ["0%", "2.5%", "5%", "7.5%", "10%", "12.5%"]),
        (0, 3.1 * 2**20, units.BYTES, ["0 MiB", "1 MiB", "2 MiB", "3 MiB", "4 MiB"]),
        (-5, 5, units.NONE, ["−6", "−4", "−2", "0", "2", "4", "6"]),
        (3, 3, units.NONE, ["0", "1", "2", "3", "4"]),
        (0, 0, units.NONE, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ],
)
def test_ticks_are_round_and_in_one_scale(low, high, unit, texts):
    assert [text for _, text in scale.nice(low, high, unit)[2]] == texts


@given(
    st.floats(-1e12, 1e12),
    st.floats(-1e12, 1e12),
    st.sampled_from([units.NONE, units.SECONDS, units.BYTES, units.SHARE]),
)
def test_the_limits_hold_the_values_and_ticks_are_few_and_distinct(one, other, unit):
    low, high = sorted((one, other))
    first, last, ticks = scale.nice(low, high, unit)
    slack = 1e-6 * max(abs(low), abs(high), 1)
    assert first <= low + slack
    assert last >= high - slack
    assert first < last
    assert 2 <= len(ticks) <= 14


@pytest.mark.parametrize(
    ("start", "span", "texts"),
    [
        (NOON - 3600, 3600, ["11:00", "11:10", "11:20", "11:30", "11:40", "11:50", "12:00"]),
        (NOON, 60, ["12:00:00", "12:00:15", "12:00:30", "12:00:45", "12:01:00"]),
        (NOON, 86400, ["12:00", "15:00", "18:00", "21:00", "29 Nov", "03:00", "06:00", "09:00", "12:00"]),
    ],
)
def test_times_are_utc_and_a_days_beginning_is_its_date(start, span, texts):
    assert [text for _, text in scale.times(start, start + span, 8)] == texts


@given(st.integers(0, 2**33), st.integers(1, 400 * 86400), st.integers(2, 14))
def test_ticks_of_time_are_within_and_not_more_than_wanted(start, span, wanted):
    ticks = scale.times(float(start), float(start + span), wanted)
    assert len(ticks) <= wanted + 1
    assert all(start <= moment <= start + span for moment, _ in ticks)


def test_spans():
    assert scale.span(NOON, NOON + 60) == "28 Nov 2025, 12:00:00 to 12:01:00 UTC"
    assert scale.span(NOON, NOON + 3600) == "28 Nov 2025, 12:00 to 13:00 UTC"
    assert scale.span(NOON, NOON + 86400) == "28 Nov 12:00 to 29 Nov 2025 12:00 UTC"
