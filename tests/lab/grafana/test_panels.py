"""Panels by type: their pictures from data."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from labkit.errors import QueryError
from labkit.lab.frames import About
from labkit.lab.grafana.fetching import Data, Series
from labkit.lab.grafana.interpolation import Value
from labkit.lab.grafana.model import FieldConfig, Panel, Target
from labkit.lab.grafana.panels import drawn
from labkit.lab.grafana.place import Place
from labkit.lab.grafana.variables import Sources
from labkit.lab.logs import stream_frame

T = np.arange(1764331200.0 - 300, 1764331201, 15)
PLACE = Place(500, 250, (T[0], T[-1]), {"pod": Value(("<p>",))}, Sources({}, 0, 1))
STEPS = {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "red", "value": 15}]}


def series(name="a", values=None, ref="A", **labels):
    return Series(ref, name, name, labels, T, np.arange(float(T.size)) if values is None else np.full(T.size, values))


def draw(type, *found, options=None, overrides=(), targets=(), **defaults):
    panel = Panel(
        type=type,
        title="P",
        options=options or {},
        field_config=FieldConfig(defaults, list(overrides)),
        targets=list(targets),
    )
    html = drawn(panel, Data(series=list(found)), PLACE)
    ET.fromstring(f"<div>{html}</div>".replace("<br>", "<br/>"))
    return html


@pytest.mark.parametrize("type", ["timeseries", "stat", "gauge", "bargauge", "heatmap", "table", "logs"])
def test_no_data_is_said(type):
    assert "No data." in draw(type)


@pytest.mark.parametrize("type", ["timeseries", "stat", "gauge", "bargauge", "heatmap", "table"])
@pytest.mark.parametrize("value", [None, 0.0, -3.0, float("nan"), float("inf"), 1e18])
def test_any_value_is_drawn(type, value):
    assert draw(type, series("x<y", value), series("b", value, le="0.5"), thresholds=STEPS)


def test_a_number_is_reduced_written_and_coloured():
    html = draw(
        "stat",
        series(),
        options={"reduceOptions": {"calcs": ["mean"]}, "textMode": "value_and_name"},
        unit="s",
        thresholds=STEPS,
    )
    assert ">10 s<" in html
    assert ">a<" in html
    assert "#e02f44" in draw("stat", series(), thresholds=STEPS)
    assert "#fff" in draw("stat", series(), options={"colorMode": "background"})
    assert ">all well<" in draw("stat", noValue="all well")


def test_a_legend_as_a_list_a_table_or_none():
    table = draw("timeseries", series("first"), options={"legend": {"displayMode": "table", "calcs": ["max"]}})
    assert ">max<" in table
    assert ">20<" in table
    assert ">first<" in draw("timeseries", series("first"))
    assert ">first<" not in draw("timeseries", series("first"), options={"legend": {"showLegend": False}}).replace(
        "<title>first<", ""
    )


def test_overrides_rename_colour_and_hide_a_series():
    change = {
        "matcher": {"id": "byName", "options": "a"},
        "properties": [
            {"id": "displayName", "value": "renamed"},
            {"id": "color", "value": {"mode": "fixed", "fixedColor": "#123456"}},
        ],
    }
    hide = {
        "matcher": {"id": "byName", "options": "b"},
        "properties": [{"id": "custom.hideFrom", "value": {"viz": True, "legend": True}}],
    }
    html = draw("timeseries", series("a"), series("b"), overrides=[change, hide])
    assert ">renamed<" in html
    assert "#123456" in html
    assert ">b<" not in html


def test_another_unit_has_a_chart_of_its_own():
    other = {"matcher": {"id": "byName", "options": "b"}, "properties": [{"id": "unit", "value": "s"}]}
    html = draw("timeseries", series("a"), series("b"), unit="reqps", overrides=[other])
    assert html.count("<svg xmlns") == 2
    assert "20 req/s" in html
    assert "20 s" in html


def test_stacked_shares_are_of_all_at_a_time():
    html = draw(
        "timeseries", series("a", 1.0), series("b", 3.0), custom={"stacking": {"mode": "percent"}, "fillOpacity": 50}
    )
    assert ">100%<" in html


def test_buckets_of_a_histogram_are_parted():
    found = [series("0.1", 1.0, le="0.1"), series("+Inf", 3.0, le="+Inf"), series("0.5", 3.0, le="0.5")]
    html = draw("heatmap", *found, targets=[Target(format="heatmap")], options={"yAxis": {"unit": "s"}})
    assert "500 ms: 2" in html
    assert "+Inf: " not in html, "what lies in no smaller bucket: none"
    assert "0.5: 3" in draw("heatmap", *found)


def test_a_text_is_markdown_without_html():
    html = draw(
        "text", options={"mode": "markdown", "content": "**bold** <script>x</script> [l](javascript:alert(1)) $pod"}
    )
    assert "<strong>bold</strong>" in html
    assert "<script" not in html
    assert "javascript:" not in html
    assert "&lt;p&gt;" in html
    assert draw("text", options={"mode": "html", "content": "<b onclick=x>a</b><p>c"}).endswith("ac</div>")


def test_a_type_that_has_no_picture_is_named():
    with pytest.raises(QueryError, match="'geomap' are not drawn") as caught:
        draw("geomap", series())
    assert "timeseries" in caught.value.remedy


def test_log_lines_scroll_in_their_panel_alone():
    lines = {"result": [{"stream": {"app": "a"}, "values": [["1764331200000000000", "x"]]}]}
    html = drawn(Panel("logs"), Data(logs=stream_frame(lines, About())), PLACE)
    assert "max-height:250px;overflow:auto" in html
    assert "max-height:none" in html
    assert "36em" not in html


def test_a_table_without_rows_says_what_its_panel_says():
    assert "None is firing" in drawn(
        Panel("table", field_config=FieldConfig({"noValue": "None is firing"})), Data(), PLACE
    )
    assert "No data." in drawn(Panel("table"), Data(), PLACE)
