"""Heat maps."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np

from labkit.lab.draw import units
from labkit.lab.draw.heatmap import heatmap, shade

TIMES = np.array([15.0, 30, 45])


def test_a_cell_for_counts_of_one_shade_and_none_for_nothing():
    rows = [("0.1", np.array([1.0, 0, np.nan])), ("<Inf>", np.array([4.0, 3.99, 4])), ("x", np.array([1, 4, 1.0]))]
    tree = ET.fromstring(heatmap(rows, TIMES, units.NONE, 400, 200, (0, 60)))
    cells = list(tree.iter("{http://www.w3.org/2000/svg}rect"))
    assert len(cells) == 1 + 1 + 3
    assert next(cells[1].iter("{http://www.w3.org/2000/svg}title")).text == "<Inf>: 3.99 to 4"
    assert cells[0].get("fill") != cells[1].get("fill")
    assert float(cells[0].get("y")) > float(cells[1].get("y")), "the lowest bucket lies lowest"


def test_a_time_that_is_missing_parts_a_cell():
    assert (
        heatmap([("a", np.array([1.0, 1, 1]))], np.array([15.0, 30, 300]), units.NONE, 400, 200, (0, 310)).count(
            "<rect"
        )
        == 2
    )


def test_shades_are_told_apart_by_lightness():
    def light(colour):
        return sum(int(colour[i : i + 2], 16) for i in (1, 3, 5))

    shades = [shade(share) for share in (0.01, 0.1, 0.3, 0.5, 0.8, 1)]
    assert [light(one) for one in shades] == sorted(map(light, shades), reverse=True)


def test_nothing_at_all_is_an_empty_picture():
    assert "<rect" not in heatmap([("a", np.array([np.nan]))], TIMES[:1], units.NONE, 300, 100, (0, 60))


def test_names_of_many_buckets_do_not_overlap():
    rows = [(str(n), np.ones(3)) for n in range(60)]
    tree = ET.fromstring(heatmap(rows, TIMES, units.NONE, 400, 200, (0, 60)))
    heights = [
        float(text.get("y"))
        for text in tree.iter("{http://www.w3.org/2000/svg}text")
        if text.get("text-anchor") == "end"
    ]
    assert min(a - b for a, b in pairwise(heights)) > 10
