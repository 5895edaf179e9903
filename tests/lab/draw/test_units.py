"""Numbers as a reader writes them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.lab.draw import units
from labkit.lab.draw.units import grafana


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("s", 0.0463, "46.3 ms"), ("s", 0.0000005, "500 ns"), ("s", 90, "1.5 min"), ("s", 0, "0 s"), ("s", -0.25, "−250 ms"), ("s", 7200, "2 h"),
        ("ms", 1500, "1.5 s"), ("ms", 0.2, "200 µs"), ("ns", 1e9, "1 s"), ("bytes", 1536, "1.5 KiB"), ("bytes", 3 * 2**30, "3 GiB"),
        ("decbytes", 1500, "1.5 kB"), ("percentunit", 0.9512, "95.1%"), ("percent", 12.5, "12.5%"), ("reqps", 1234, "1.23k req/s"), ("reqps", 0.05, "0.05 req/s"),
        ("short", 1_600_000, "1.6 Mil"), ("short", 999, "999"), ("none", 1e12, "1e+12"), ("none", 3, "3"), ("ops", 2, "2 ops/s"), ("", 3, "3"),
        ("parsecs", 2, "2 parsecs"), ("suffix: pods", 2, "2 pods"), ("prefix:€", 2, "€2"), ("si:m", 1500, "1.5 km"),
        ("dateTimeAsIso", 1764331200000, "2025-11-28 12:00:00"),
    ],
)  # fmt: skip
def test_texts(unit, value, text):
    assert grafana(unit).text(value) == text


def test_decimals_and_what_is_no_number():
    assert units.SECONDS.text(1.23456, 1) == "1.2 s"
    assert units.NONE.text(2, 2) == "2.00"
    assert [units.BYTES.text(value) for value in (math.nan, math.inf, -math.inf)] == ["NaN", "+Inf", "−Inf"]
    assert units.MOMENT.text(1e300) == "1e+297"


@given(st.floats(-1e15, 1e15), st.sampled_from(["s", "bytes", "short", "percentunit", "reqps", "none"]))
def test_every_number_has_a_short_text(value, unit):
    assert 0 < len(grafana(unit).text(value)) <= 20


@given(st.floats(1e-9, 1e5), st.sampled_from([units.SECONDS, units.BYTES, units.REQUESTS_A_SECOND]))
def test_the_scale_is_the_largest_that_leaves_a_whole(value, unit):
    factor, _ = unit.scale(value)
    assert value / factor >= 0.999999 or factor == unit.scales[0][0] / unit.base
