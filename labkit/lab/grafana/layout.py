"""Where panels go: the sections that rows make, and the copies that a repeating panel makes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from labkit.lab.grafana.interpolation import Value
from labkit.lab.grafana.model import COLUMNS, Dashboard, Grid, Panel

REPEATED = "labkit:repeated"
"""The option under which a copy of a panel keeps the value that it repeats for."""


@dataclass(frozen=True)
class Section:
    """The panels below a row; those above the first row have none, and no title."""

    title: str | None
    collapsed: bool
    panels: Sequence[Panel]


def sections(dashboard: Dashboard, values: Mapping[str, Value]) -> list[Section]:
    """The panels in the order in which they are seen, by row."""
    ordered = sorted(dashboard.panels, key=lambda panel: (panel.grid_pos.y, panel.grid_pos.x))
    found: list[tuple[Panel | None, list[Panel]]] = [(None, [])]
    for panel in ordered:
        if panel.type == "row":
            found.append((panel, list(panel.panels)))
        else:
            found[-1][1].append(panel)
    return [
        Section(row.title if row else None, bool(row and row.collapsed), _placed(panels, values))
        for row, panels in found
        if row or panels
    ]


def own_values(panel: Panel) -> dict[str, Value]:
    """The value that a repeated panel was made for, by its variable's name."""
    return {name: Value((one,)) for name, one in (panel.options.get(REPEATED) or {}).items()}


def _placed(panels: Sequence[Panel], values: Mapping[str, Value]) -> list[Panel]:
    """The panels, each repeating one as its copies, which push down what lies below."""
    placed, pushed = [], 0
    for panel in sorted(panels, key=lambda one: (one.grid_pos.y, one.grid_pos.x)):
        grid = panel.grid_pos
        moved = msgspec.structs.replace(panel, grid_pos=Grid(grid.x, grid.y + pushed, grid.w, grid.h))
        copies = list(_copies(moved, values))
        placed += copies
        pushed += max(copy.grid_pos.y for copy in copies) - moved.grid_pos.y
    return placed


def _copies(panel: Panel, values: Mapping[str, Value]) -> Iterator[Panel]:
    """A panel, or one for each value of the variable that it repeats for: beside or below each other."""
    name, grid = panel.repeat, panel.grid_pos
    if not name or name not in values or not values[name].values:
        yield panel
        return
    each = values[name].values
    beside = min(len(each), 4) if panel.repeat_direction != "v" else 1
    width = COLUMNS // beside if panel.repeat_direction != "v" else grid.w
    for index, value in enumerate(each):
        x = (index % beside) * width if beside > 1 else grid.x
        place = Grid(x, grid.y + index // beside * grid.h, width, grid.h)
        yield msgspec.structs.replace(
            panel, options={**panel.options, REPEATED: {name: value}}, grid_pos=place, repeat=None
        )
