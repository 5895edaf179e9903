"""Charts: what is drawn of series, and what is not."""

import re
import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.lab.draw import units
from labkit.lab.draw.chart import NAMED, Line, Look, chart, coloured, drawable
from labkit.lab.draw.palette import REST

T = np.arange(0, 600, 15.0)
SVG = "{http://www.w3.org/2000/svg}"


def line(values, name="a", times=None, **kw):
    return Line(name, T[: len(values)] if times is None else np.array(times, float), np.array(values, float), **kw)


def paths(lines, look=None):
    """The strokes of series: those in no faint colour."""
    tree = ET.fromstring(chart(coloured(lines), look or Look()))
    return [path.get("d") for group in tree.iter(f"{SVG}g") for path in group.iter(f"{SVG}path")]


def test_a_line_is_one_stroke_and_a_gap_parts_it():
    assert paths([line([1, 2, 3])])[0].count("M") == 1
    assert paths([line([1, 2, np.nan, 3, 4])])[0].count("M") == 2
    assert paths([line([1, 2, 3, 4, 5], times=[0, 15, 30, 300, 315])])[0].count("M") == 2, (
        "steps that are not there at all"
    )
    assert paths([line([1, 2, np.nan, 3, 4])], Look(joined=True))[0].count("M") == 1


def test_the_longest_tick_is_inside_also_in_a_wide_font():
    tree = ET.fromstring(chart(coloured([line([0, 3e11])]), Look()))
    tick = max(
        (text for text in tree.iter(f"{SVG}text") if text.get("text-anchor") == "end"), key=lambda text: len(text.text)
    )
    assert float(tick.get("x")) - 7 * len(tick.text) >= 0


def test_a_value_alone_is_a_dot():
    svg = chart(coloured([line([1, np.nan, 2, np.nan, 3, 4])]), Look())
    assert svg.count("<circle") == 2


def test_infinity_is_not_drawn_and_moves_no_axis():
    svg = chart(coloured([line([1, np.inf, 2, 3, -np.inf])]), Look())
    assert "inf" not in svg.lower()
    assert "nan" not in svg.lower()
    assert not drawable([line([np.nan, np.inf])])
    assert not drawable([])


def test_stacked_series_stand_on_each_other():
    svg = chart(coloured([line([10, 10], "a"), line([20, 20], "b")]), Look(stacked=True, fill=0.5, unit=units.NONE))
    assert ">30<" in svg


def test_an_axis_begins_at_nothing_where_that_costs_little():
    assert ">0<" in chart(coloured([line([5, 9])]), Look())
    assert ">0<" not in chart(coloured([line([995, 1000])]), Look())
    assert ">0<" in chart(coloured([line([995, 1000])]), Look(fill=0.2))


def test_limits_of_the_look_clip_the_line():
    tops = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", paths([line([1, 50, 1])], Look(low=0, high=2))[0])]
    assert min(tops) >= 8


def test_many_series_have_colours_for_the_largest_alone():
    lines = coloured([line([float(n)] * 3, f"s{n}") for n in range(50)])
    assert [one.name for one in lines[:2]] == ["s49", "s48"]
    assert sum(one.colour == REST for one in lines) == 50 - NAMED
    assert len({(one.colour, one.dashes) for one in lines[:NAMED]}) == NAMED


def test_names_are_escaped():
    svg = chart(coloured([line([1, 2], '<b>"&')]), Look())
    ET.fromstring(svg)
    assert "<b>" not in svg


@pytest.mark.parametrize(
    "look",
    [
        Look(form="bars"),
        Look(form="points"),
        Look(steps=True, fill=0.3),
        Look(thresholds=[(1.5, "red")]),
        Look(width=120, height=90),
    ],
)
def test_every_form_is_well_formed(look):
    ET.fromstring(chart(coloured([line([1, 2, np.nan, 3]), line([2], "b")]), look))


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=1, max_size=30))
def test_any_values_are_drawn_or_refused(values):
    lines = coloured([line(values)])
    if drawable(lines):
        ET.fromstring(chart(lines, Look()))


def test_a_long_line_is_thinned_and_keeps_its_extremes():
    values = np.zeros(11_000)
    values[7_777] = 9.0
    svg = chart(coloured([line(values, times=np.arange(11_000.0))]), Look())
    assert len(svg) < 60_000
    assert " 8L" in svg or " 8M" in svg or "8.0" in svg or re.search(r"[ML][\d.]+ (?:8|2\d)", svg)


def test_fifty_series_are_drawn_in_a_moment():
    lines = coloured(
        [line(np.random.default_rng(n).random(240), f"s{n}", times=np.arange(240.0) * 15) for n in range(50)]
    )
    begun = time.perf_counter()
    chart(lines, Look())
    assert time.perf_counter() - begun < 1.0
