"""A dashboard as its JSON says it, with what is wrong in it named by panel and field."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from labkit.errors import ManifestError

COLUMNS = 24
"""The width of Grafana's grid."""
Source = dict[str, Any] | str | None
"""How a datasource is referred to: ``{"type": "prometheus", "uid": "…"}``, a name in old files, or the default."""


class Grid(msgspec.Struct, frozen=True):
    """Where a panel lies, in columns (24 make the width) and rows of 30 px."""

    x: int = 0
    y: int = 0
    w: int = 12
    h: int = 8


class Target(msgspec.Struct, frozen=True, rename="camel"):
    """One query of a panel; those from ``query`` on are of Jaeger."""

    expr: str = ""
    ref_id: str = "A"
    legend_format: str = ""
    datasource: Source = None
    format: str = "time_series"
    instant: bool = False
    range: bool = True
    interval: str = ""
    query_type: str = ""
    hide: bool = False
    max_lines: int | None = None
    query: str = ""
    service: str = ""
    operation: str = ""
    tags: str = ""
    min_duration: str = ""
    max_duration: str = ""
    limit: int | None = None


class FieldConfig(msgspec.Struct, frozen=True):
    """How values are written and coloured, and for which series otherwise."""

    defaults: dict[str, Any] = {}
    overrides: list[dict[str, Any]] = []


class Panel(msgspec.Struct, frozen=True, rename="camel"):
    """One panel; a row has ``panels`` of its own where it is collapsed."""

    type: str
    id: int | None = None
    title: str = ""
    description: str = ""
    grid_pos: Grid = Grid()
    targets: list[Target] = []
    datasource: Source = None
    field_config: FieldConfig = FieldConfig()
    options: dict[str, Any] = {}
    transformations: list[dict[str, Any]] = []
    interval: str | None = None
    max_data_points: int | None = None
    time_from: str | None = None
    repeat: str | None = None
    repeat_direction: str = "h"
    collapsed: bool = False
    transparent: bool = False
    panels: list["Panel"] = []

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"panel {self.id}, {self.title!r}" if self.title else f"panel {self.id} ({self.type})"


class Choice(msgspec.Struct, frozen=True):
    """A variable's value and what is shown for it; lists where several are chosen."""

    value: Any = None
    text: Any = None


class Variable(msgspec.Struct, frozen=True, rename="camel"):
    """A variable of the dashboard, chosen at its top."""

    name: str
    type: str = "query"
    label: str | None = None
    query: dict[str, Any] | str = ""
    current: Choice = Choice()
    options: list[Choice] = []
    include_all: bool = False
    all_value: str | None = None
    multi: bool = False
    regex: str = ""
    sort: int = 0
    hide: int = 0
    datasource: Source = None


class Templating(msgspec.Struct, frozen=True, rename={"variables": "list"}):
    """The variables, in the order in which they may refer to each other."""

    variables: list[Variable] = []


class Range(msgspec.Struct, frozen=True, rename={"begin": "from"}):
    """The time range that a dashboard opens with: ``now-1h`` to ``now``."""

    begin: str = "now-1h"
    to: str = "now"


class Dashboard(msgspec.Struct, frozen=True, rename="camel"):
    """A dashboard as exported."""

    title: str
    panels: list[Panel]
    uid: str | None = None
    description: str = ""
    tags: list[str] = []
    templating: Templating = Templating()
    time: Range = Range()

    @property
    def every_panel(self) -> Iterator[Panel]:
        """All panels, those in collapsed rows too."""
        for panel in self.panels:
            yield panel
            yield from panel.panels


def read(path: Path) -> Dashboard:
    """The dashboard in a file; raises :class:`ManifestError` naming file, line or field."""
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(
            f"cannot be read: {error}", where=str(path), remedy="name a dashboard's JSON file"
        ) from error


def parse(text: str, where: str) -> Dashboard:
    """The dashboard in a text; ``where`` names it in messages. The envelope of Grafana's HTTP API is taken off."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ManifestError(
            f"is not JSON: {error}", where=where, remedy="export it again: Export → Save to file"
        ) from error
    if not isinstance(found, dict):
        raise ManifestError("is no dashboard: it must be an object", where=where, remedy="export it again")
    found = found["dashboard"] if isinstance(found.get("dashboard"), dict) else found
    if "elements" in found or "spec" in found:
        raise ManifestError(
            "is in the schema v2, which is not read here", where=where, remedy="export it as 'Classic' JSON model"
        )
    if "panels" not in found and "rows" in found:
        raise ManifestError(
            "is of the time before Grafana 5 (rows)", where=where, remedy="import it into a Grafana and export it again"
        )
    try:
        dashboard = msgspec.convert(_without_nulls(found), Dashboard)
    except msgspec.ValidationError as error:
        raise ManifestError(
            _placed(str(error), found), where=where, remedy="compare with a dashboard that works"
        ) from error
    _checked(dashboard, where)
    return dashboard


def _without_nulls(value: Any) -> Any:
    """The same without what is null: Grafana writes null for what has its default."""
    if isinstance(value, dict):
        return {name: _without_nulls(one) for name, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def _placed(complaint: str, found: dict[str, Any]) -> str:
    """The complaint of msgspec, with the title of the panel that its path counts out."""
    _, _, place = complaint.partition("$.panels[")
    number, _, _ = place.partition("]")
    panels = found.get("panels")
    if number.isdigit() and isinstance(panels, list) and isinstance(panels[int(number)], dict):
        return f"panel {panels[int(number)].get('title', number)!r}: {complaint}"
    return complaint


def _checked(dashboard: Dashboard, where: str) -> None:
    """What the types cannot say: a title, distinct ids, a place within the grid."""
    seen: dict[int, str] = {}
    if not dashboard.title.strip():
        raise ManifestError("has no title", where=where, remedy="give it one: it is found by it")
    for panel in dashboard.every_panel:
        grid = panel.grid_pos
        if panel.id is not None and panel.id in seen:
            raise ManifestError(
                f"{panel.name}: its id is that of {seen[panel.id]!r} too",
                where=where,
                remedy="give each panel an id of its own",
            )
        if grid.x < 0 or grid.w < 1 or grid.h < 1 or grid.x + grid.w > COLUMNS:
            raise ManifestError(
                f"{panel.name}: gridPos x={grid.x} w={grid.w} h={grid.h} leaves the grid", where=where,
                remedy=f"the grid has {COLUMNS} columns: x + w is at most {COLUMNS}",
            )  # fmt: skip
        if panel.id is not None:
            seen[panel.id] = panel.title
