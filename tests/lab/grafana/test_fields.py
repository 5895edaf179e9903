"""Units, thresholds, mappings and overrides of series."""

import pytest

from labkit.lab.draw import palette
from labkit.lab.grafana.fields import field_of
from labkit.lab.grafana.model import FieldConfig

STEPS = {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "red", "value": 80}]}
NAN = float("nan")


def field(name="a", ref="A", overrides=(), **defaults):
    return field_of(FieldConfig(defaults, list(overrides)), name, ref)


def override(kind, options, **properties):
    return {
        "matcher": {"id": kind, "options": options},
        "properties": [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()],
    }


def test_thresholds_colour_what_has_passed_them():
    one = field(thresholds=STEPS)
    assert [one.colour(value) for value in (-5, 79.9, 80)] == [
        palette.grafana("green"),
        palette.grafana("green"),
        palette.grafana("red"),
    ]
    share = field(thresholds={**STEPS, "mode": "percentage"}, min=0, max=10)
    assert share.colour(8) == palette.grafana("red")
    assert field(thresholds=STEPS, color={"mode": "fixed", "fixedColor": "blue"}).colour(100) == palette.grafana("blue")


@pytest.mark.parametrize(
    ("kind", "options", "holds"),
    [
        ("byName", "errors", True), ("byName", "error", False), ("byRegexp", "/^err/", True), ("byRegexp", "[", False), ("byFrameRefID", "B", True),
        ("byFrameRefID", "A", False), ("byNames", {"names": ["errors"]}, True), ("byType", "number", True), ("byType", "time", False), ("strange", "errors", False),
    ],
)  # fmt: skip
def test_overrides_hold_for_what_they_match(kind, options, holds):
    one = field(
        "errors",
        "B",
        [override(kind, options, unit="s", custom__lineWidth=3)],
        unit="short",
        custom={"fillOpacity": 10},
    )
    assert one.unit.name == ("s" if holds else "short")
    assert one.custom == ({"fillOpacity": 10, "lineWidth": 3} if holds else {"fillOpacity": 10})


def test_mappings_say_and_colour():
    mappings = [
        {"type": "value", "options": {"1": {"text": "up", "color": "green"}, "0": {"text": "DOWN"}}},
        {"type": "range", "options": {"from": 2, "to": 5, "result": {"text": "many"}}},
        {"type": "special", "options": {"match": "null+nan", "result": {"text": "none"}}},
    ]
    one = field(mappings=mappings)
    assert [one.text(value) for value in (1, 0, 3, NAN, 9)] == ["up", "DOWN", "many", "none", "9"]
    assert one.colour(1) == palette.grafana("green")


def test_no_value():
    assert field().text(NAN) == "No data"
    assert field(noValue="-").text(NAN) == "-"
    assert field(unit="percentunit", decimals=2).text(0.5) == "50.00%"
