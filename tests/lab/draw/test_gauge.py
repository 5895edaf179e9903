"""Single numbers."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from labkit.lab.draw.gauge import Figure, bars, gauge, stat

FIGURE = Figure(
    "pool <1>",
    "95.1%",
    "#e02f44",
    0.951,
    [(0, 0.7, "#56a64b"), (0.7, 1, "#e02f44")],
    np.array([1, np.nan, 3, np.inf, 2.0]),
)


@pytest.mark.parametrize("size", [(150, 110), (40, 40), (600, 300)])
@pytest.mark.parametrize("filled", [True, False])
def test_a_stat_fits_its_place(size, filled):
    tree = ET.fromstring(stat(FIGURE, *size, named=True, filled=filled, spark=True))
    for text in tree.iter("{http://www.w3.org/2000/svg}text"):
        assert 0.5 * float(text.get("font-size")) * len(text.text) <= max(size[0], 44)
        assert 0 < float(text.get("y")) <= size[1]


@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_a_gauge_is_as_far_as_its_share(share):
    drawn = gauge(Figure("a", "x", "#123456", share, FIGURE.marks), 150, 110, named=True)
    ET.fromstring(drawn)
    assert drawn.count('stroke="#123456"') == (1 if share else 0)


def test_bars_are_as_long_as_their_share():
    html = bars([FIGURE, Figure("b", "2", "blue", 0.25)])
    assert "width:95.1%" in html
    assert "width:25%" in html
    assert "pool &lt;1&gt;" in html


def test_a_history_without_a_value_is_left_out():
    assert "<path" not in stat(
        Figure("a", "1", "red", values=np.array([np.nan, np.nan])), 100, 80, named=False, filled=False, spark=True
    )
