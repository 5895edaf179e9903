"""A dashboard's JSON: read, and refused with panel and field."""

import json
from pathlib import Path

import pytest

from labkit.errors import ManifestError
from labkit.lab.grafana import model

EVERY_KIND = Path(__file__).parent / "data" / "all-kinds.json"


def board(**panel):
    return {"title": "T", "panels": [{"id": 1, "type": "stat", "title": "One", **panel}]}


def test_a_dashboard_is_read_with_its_defaults():
    read = model.read(EVERY_KIND)
    assert read.title == "All kinds of panels"
    assert {panel.type for panel in read.every_panel} >= {
        "timeseries",
        "stat",
        "gauge",
        "row",
        "text",
        "heatmap",
        "table",
        "logs",
    }
    one = model.parse(json.dumps(board()), "x").panels[0]
    assert (one.grid_pos.w, one.targets, one.interval) == (12, [], None)


def test_null_means_the_default_and_the_apis_envelope_is_taken_off():
    found = {
        "meta": {},
        "dashboard": {**board(description=None, targets=[{"expr": "up", "legendFormat": None}]), "uid": None},
    }
    panel = model.parse(json.dumps(found), "x").panels[0]
    assert (panel.description, panel.targets[0].legend_format) == ("", "")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "must be an object"),
        ({"panels": []}, "title"),
        ({"title": " ", "panels": []}, "has no title"),
        ({"title": "x"}, "panels"),
        ({"title": "x", "rows": []}, "before Grafana 5"),
        (board(gridPos={"w": "wide"}), "panel 'One'"),
        (board(gridPos={"x": 20, "y": 0, "w": 12, "h": 4}), "leaves the grid"),
        (board(targets=[{"expr": 5}]), r"\$.panels\[0\].targets\[0\].expr"),
        (
            {
                "title": "x",
                "panels": [{"id": 1, "type": "stat", "title": "A"}, {"id": 1, "type": "stat", "title": "B"}],
            },
            "its id is that of 'A' too",
        ),
        ({"title": "x", "panels": [{"id": 1}]}, "type"),
        ({"title": "x", "panels": [5]}, "panels"),
        ({"apiVersion": "v2", "spec": {"elements": {}}}, "schema v2"),
    ],
)
def test_what_is_wrong_is_named(found, said, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(found if isinstance(found, str) else json.dumps(found))
    with pytest.raises(ManifestError, match=said) as caught:
        model.read(path)
    assert caught.value.where == str(path)
    assert caught.value.remedy


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ManifestError, match="cannot be read"):
        model.read(tmp_path / "none.json")
