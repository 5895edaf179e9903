"""Tables of series."""

import numpy as np

from labkit.lab.grafana.fetching import Data, Series
from labkit.lab.grafana.model import FieldConfig, Panel
from labkit.lab.grafana.tables import ROWS, table_of


def series(ref, value, **labels):
    return Series(ref, "x", "x", {"__name__": "m", **labels}, np.array([1764331200.0]), np.array([value]))


def table(*found, transformations=(), **config):
    panel = Panel(type="table", transformations=list(transformations), field_config=FieldConfig(**config))
    return table_of(panel, Data(series=list(found)))


def test_labels_and_the_last_value():
    html = table(series("A", 0.5, pod="<a>"), defaults={"unit": "percentunit"})
    for said in ("pod", "Value", "2025-11-28 12:00:00", "&lt;a&gt;", "50%"):
        assert said in html
    assert "__name__" not in html
    assert table() is None


def test_queries_meet_in_their_labels_and_are_organized():
    html = table(
        series("A", 1, pod="a"), series("B", 2, pod="a"), series("A", 3, pod="b"),
        transformations=[
            {"id": "merge"}, {"id": "sortBy", "options": {"sort": [{"field": "Value #A", "desc": True}]}},
            {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": {"Value #A": "restarts"}, "indexByName": {"Value #A": 0, "pod": 1}}},
        ],
    )  # fmt: skip
    assert "Time" not in html
    assert html.index("restarts") < html.index(">pod<")
    assert html.index(">b<") < html.index(">a<")


def test_overrides_and_what_is_not_known():
    override = {
        "matcher": {"id": "byName", "options": "Value"},
        "properties": [
            {"id": "displayName", "value": "Ready"},
            {"id": "custom.cellOptions", "value": {"type": "color-background"}},
        ],
    }
    html = table(series("A", 1, pod="a"), transformations=[{"id": "groupingToMatrix"}], overrides=[override])
    assert ">Ready<" in html
    assert "background:#" in html
    assert "&#x27;groupingToMatrix&#x27; is not applied" in html
    hidden = table(
        series("A", 1, pod="a"),
        transformations=[
            {"id": "filterFieldsByName", "options": {"include": {"names": ["pod"]}}},
            {"id": "limit", "options": {"limitField": 1}},
        ],
    )
    assert "Value" not in hidden


def test_a_long_table_is_cut():
    assert "5 rows more" in table(*(series("A", 1, pod=str(n)) for n in range(ROWS + 5)))


def test_a_text_is_shown_and_coloured_as_its_mapping_says():
    mapping = {"type": "value", "options": {"P1": {"color": "red", "text": "urgent"}}}
    override = {
        "matcher": {"id": "byName", "options": "severity"},
        "properties": [
            {"id": "mappings", "value": [mapping]},
            {"id": "custom.cellOptions", "value": {"type": "color-text"}},
        ],
    }
    html = table(series("A", 1, severity="P1"), series("A", 1, severity="P4"), overrides=[override])
    assert "color:#e02f44;font-weight:600" in html
    assert ">urgent<" in html
    assert ">P4<" in html
