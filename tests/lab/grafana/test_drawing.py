"""A dashboard drawn from recorded answers: all its panels, whatever one of them does."""

import re
import time
from pathlib import Path

import pytest

from labkit.lab.grafana.drawing import Drawing
from labkit.lab.grafana.model import parse, read
from labkit.lab.grafana.variables import Sources, resolved
from labkit.lab.http import Api

NOW = 1764331200_000
SERIES = [
    {"metric": {"pod": f"p{n}", "le": str(n)}, "values": [[NOW / 1000 - 15 * i, str(i)] for i in range(200, -1, -1)]}
    for n in (1, 2)
]
EVERY_KIND = Path(__file__).parent / "data" / "all-kinds.json"


@pytest.fixture
def sources(served):
    def answer(asked):
        if "no_such_metric" in asked["query"]:
            return {"data": {"resultType": "matrix", "result": []}}
        if asked["query"].count("(") != asked["query"].count(")"):
            return (400, '{"error":"invalid parameter \\"query\\": 1:30: parse error: unclosed left parenthesis"}')
        return {"data": {"resultType": "matrix", "result": SERIES}, "warnings": ["take care"]}

    vector = [{"metric": one["metric"], "value": one["values"][-1]} for one in SERIES]
    served.answers |= {
        "/api/v1/query_range": answer,
        "/api/v1/query": {"data": {"resultType": "vector", "result": vector}},
        "/api/v1/label/pod/values": {"data": ["p1", "<p2>"]},
    }
    return Sources({"prometheus": Api("Prometheus", served.url)}, NOW - 3_600_000, NOW)


def drawing(dashboard, sources, **variables):
    return Drawing(dashboard, resolved(dashboard.templating.variables, variables, sources), sources)


def test_every_kind_is_drawn_and_what_cannot_be_says_why(sources):
    shown = drawing(read(EVERY_KIND), sources)
    html = shown._repr_html_()
    assert [failure.partition(":")[0] for failure in shown.failed] == [
        "panel 12, 'A broken query'",
        "panel 13, 'A map'",
        "panel 16, 'Log'",
    ]
    assert "unclosed left parenthesis" in html
    assert "&#x27;geomap&#x27; are not drawn here" in html
    assert "No data." in html
    assert "In flight at &lt;p2&gt;" in html, "a repeated panel for each value"
    assert "<p2>" not in html
    assert html.count("<details") == 2
    assert html.count('open="open"') == 1
    assert html.count("take care") == 1, "a remark stands once, with its panels"
    assert "take care [Requests, Errors, Pool in use," in html


def test_a_terminal_gets_a_list(sources):
    lines = repr(drawing(read(EVERY_KIND), sources, pod="p1")).splitlines()
    assert lines[0] == "All kinds of panels, 28 Nov 2025, 11:00 to 12:00 UTC"
    assert "  pod = p1" in lines
    assert "  Requests [stat]: drawn" in lines
    assert "  Nothing here [timeseries]: no data" in lines
    assert lines[-1].startswith("  ⚠ take care [Requests, ")
    assert any(line.startswith("  A broken query [timeseries]: cannot be drawn:") for line in lines)


def test_panels_lie_on_the_grid(sources):
    html = drawing(read(EVERY_KIND), sources)._repr_html_()
    assert "grid-column:13 / span 12;grid-row:5 / span 8" in html
    assert re.search(r"repeat\(24,", html)


def test_twenty_panels_are_drawn_within_three_seconds(sources):
    panels = ",".join(
        f'{{"id":{n},"type":"timeseries","title":"{n}","targets":[{{"expr":"up"}}],"gridPos":{{"x":0,"y":{n * 8},"w":12,"h":8}}}}'
        for n in range(20)
    )
    dashboard = parse(f'{{"title":"T","panels":[{panels}]}}', "x")
    begun = time.perf_counter()
    shown = drawing(dashboard, sources)
    shown._repr_html_()
    assert time.perf_counter() - begun < 3
    assert not shown.failed


def test_a_server_that_is_gone_leaves_the_frame(sources):
    dashboard = parse(
        '{"title":"T","panels":[{"id":1,"type":"stat","title":"One","targets":[{"expr":"up"}]},{"id":2,"type":"text","options":{"content":"hello"}}]}',
        "x",
    )
    shown = Drawing(dashboard, {}, Sources({"prometheus": Api("Prometheus", "http://127.0.0.1:9")}, 0, NOW))
    assert len(shown.failed) == 1
    assert "hello" in shown._repr_html_()


def test_a_panel_with_a_time_of_its_own(sources, served):
    dashboard = parse(
        '{"title":"T","panels":[{"id":1,"type":"stat","title":"One","timeFrom":"24h","targets":[{"expr":"up"}]}]}', "x"
    )
    drawing(dashboard, sources)
    asked = served.asked[-1][1]
    assert float(asked["end"]) - float(asked["start"]) == 24 * 3600


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('"fieldConfig":{"defaults":{"max":"100"}}', "fieldConfig.defaults.max: expected"),
        ('"fieldConfig":{"defaults":{"thresholds":{"steps":[{"color":1}]}}}', "defaults.thresholds.steps[0].color: expected"),
        ('"fieldConfig":{"defaults":{"mappings":[{"type":"value","options":{"1":"up"}}]}}', "mappings, 'value': [...]: expected"),
        ('"fieldConfig":{"overrides":[{"properties":[{"id":"custom.lineWidth","value":"2"}]}]}', "'custom.lineWidth': .custom.lineWidth: expected"),
        ('"options":{"reduceOptions":{"calcs":"mean"}}', "options.reduceOptions.calcs: expected"),
        ('"transformations":[{"id":"organize","options":{"renameByName":[]}}]', "'organize': .renameByName: expected"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_panel_is_named_with_its_field_and_the_others_are_drawn(sources, settings, said):
    dashboard = parse(
        f'{{"title":"T","panels":[{{"id":1,"type":"stat","title":"One","targets":[{{"expr":"up"}}],{settings}}},'
        '{"id":2,"type":"text","options":{"content":"hello"}}]}',
        "x",
    )
    shown = Drawing(dashboard, {}, sources)
    assert len(shown.failed) == 1
    assert "panel 1, 'One'" in shown.failed[0]
    assert said in shown.failed[0]
    assert "hello" in shown._repr_html_()
    assert shown._repr_html_().startswith('<div style="max-width:940px')
    assert "mathjax_ignore" in shown._repr_html_()[:200]
