"""Rows and repeated panels."""

import json

from labkit.lab.grafana.interpolation import Value
from labkit.lab.grafana.layout import own_values, sections
from labkit.lab.grafana.model import parse


def board(*panels):
    return parse(json.dumps({"title": "T", "panels": list(panels)}), "x")


def panel(id, x, y, w=12, h=4, **kw):
    return {"id": id, "type": "stat", "title": str(id), "gridPos": {"x": x, "y": y, "w": w, "h": h}, **kw}


def row(y, title, collapsed=False, panels=()):
    return {
        "type": "row",
        "title": title,
        "collapsed": collapsed,
        "panels": list(panels),
        "gridPos": {"x": 0, "y": y, "w": 24, "h": 1},
    }


def test_a_row_holds_what_lies_below_it_or_what_it_has_folded():
    found = sections(
        board(
            panel(3, 0, 6), panel(2, 12, 0), panel(1, 0, 0), row(5, "Open"), row(12, "Shut", True, [panel(4, 0, 13)])
        ),
        {},
    )
    assert [(one.title, one.collapsed, [p.id for p in one.panels]) for one in found] == [
        (None, False, [1, 2]),
        ("Open", False, [3]),
        ("Shut", True, [4]),
    ]


def test_a_repeated_panel_has_a_copy_a_value_beside_each_other_and_pushes_down():
    values = {"pod": Value(("a", "b", "c", "d", "e"), several=True)}
    placed = sections(board(panel(1, 0, 0, repeat="pod"), panel(2, 0, 4)), values)[0].panels
    assert [(p.grid_pos.x, p.grid_pos.y, p.grid_pos.w) for p in placed] == [
        (0, 0, 6),
        (6, 0, 6),
        (12, 0, 6),
        (18, 0, 6),
        (0, 4, 6),
        (0, 8, 12),
    ]
    assert own_values(placed[1]) == {"pod": Value(("b",))}


def test_downwards():
    placed = sections(board(panel(1, 3, 0, repeat="pod", repeatDirection="v")), {"pod": Value(("a", "b"))})[0].panels
    assert [(p.grid_pos.x, p.grid_pos.y, p.grid_pos.w) for p in placed] == [(3, 0, 12), (3, 4, 12)]


def test_nothing_to_repeat_for():
    placed = sections(board(panel(1, 0, 0, repeat="pod")), {"pod": Value(())})[0].panels
    assert [p.id for p in placed] == [1]
