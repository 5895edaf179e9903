"""Legends."""

import numpy as np
import pytest

from labkit.lab.draw import units
from labkit.lab.draw.chart import Line, coloured
from labkit.lab.draw.legend import legend, reduce, shortened, table


def line(values, name="a"):
    return Line(name, np.arange(float(len(values))), np.array(values, float))


@pytest.mark.parametrize(
    ("calculation", "value"),
    [
        ("lastNotNull", 4),
        ("first", 1),
        ("mean", 7 / 3),
        ("min", 1),
        ("max", 4),
        ("sum", 7),
        ("count", 3),
        ("range", 3),
        ("median", 2),
        ("strange", 4),
        ("diff", 3),
    ],
)
def test_reductions_take_what_is_there(calculation, value):
    assert reduce(line([1, 2, np.nan, 4, np.nan]), calculation) == pytest.approx(value)


def test_of_nothing_is_nothing():
    assert np.isnan(reduce(line([np.nan]), "max"))
    assert "NaN" in legend(coloured([line([np.nan])]), units.SECONDS)


def test_more_than_can_be_told_apart_are_counted():
    lines = coloured([line([n], f"s{n}") for n in range(15)])
    for drawn in (legend(lines, units.NONE), table(lines, units.NONE, ["mean", "max"])):
        assert "and 3 more" in drawn
        assert ">s14<" in drawn
    assert ">mean<" in table(lines, units.NONE, ["mean", "max"])


def test_a_long_name_keeps_both_ends_and_its_whole_as_a_title():
    name = "begin" + "x" * 100 + "end"
    assert shortened(name).startswith("begin")
    assert shortened(name).endswith("end")
    assert f'title="{name}"' in legend(coloured([line([1], name)]), units.NONE)
