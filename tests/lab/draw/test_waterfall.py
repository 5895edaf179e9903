"""One trace as a waterfall."""

import re
import xml.etree.ElementTree as ET

from labkit.lab.draw.waterfall import LONGEST, Bar, durations, waterfall

BARS = [
    Bar("api", "POST /<x>", 0.0, 1.0, 0, True, {"http.status_code": "500"}),
    Bar("postgres", "INSERT " + "experiments " * 20, 0.25, 0.5, 1, False, {}),
    Bar("redis", "GET", 0.9999, 0.00001, 20, False, {}),
]


def test_bars_lie_where_their_time_was():
    tree = ET.fromstring(waterfall(BARS).replace("</div>", "").split("<div", 2)[1].split(">", 1)[1])
    rects = [
        rect for rect in tree.iter("{http://www.w3.org/2000/svg}rect") if rect.get("rx") and rect.get("fill") != "none"
    ]
    (x0, w0), (x1, w1), (_, w2) = [(float(rect.get("x")), float(rect.get("width"))) for rect in rects]
    assert abs((x1 - x0) - w0 * 0.25) < 0.2
    assert abs(w1 - w0 * 0.5) < 0.2
    assert w2 >= 1.5, "even the shortest is seen"


def test_errors_names_and_services_are_shown_escaped_and_cut():
    html = waterfall(BARS)
    assert "✖" in html
    assert "POST /&lt;x&gt;" in html
    assert "http.status_code=500" in html
    assert html.count("redis") >= 2
    shown = re.findall(r"<tspan[^>]*>(INSERT[^<]*)<", html)
    assert shown[0].endswith("…")


def test_no_text_reaches_into_the_bars_or_leaves_the_picture():
    html = waterfall(
        [Bar("a-service-with-a-very-long-name", "an operation " * 9, 0, 1, depth, False, {}) for depth in range(15)]
    )
    for x, name in re.findall(r'<text x="([\d.]+)"[^>]*><tspan[^>]*>([^<]*)<', html):
        assert float(x) + 6.4 * len(name) < 400


def test_a_trace_of_thousands_is_cut_and_one_of_nothing_is_drawn():
    assert f"and {1000 - LONGEST} spans more" in waterfall([Bar("a", "b", 0, 1, 0, False, {})] * 1000)
    assert "0 spans" in waterfall([])
    assert "<svg" in waterfall([Bar("a", "b", 0, 0, 0, False, {})])


def test_durations_beside_each_other():
    assert [re.search(r"width:(\d+)px", bar)[1] for bar in durations([0.1, 0.05], [False, True])] == ["140", "70"]
