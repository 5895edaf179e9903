"""A dashboard drawn: its panels' queries asked side by side, its panels on Grafana's grid."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from labkit.clock import SECOND
from labkit.errors import LabkitError
from labkit.lab.draw import scale, svg
from labkit.lab.draw.page import whole
from labkit.lab.draw.palette import BAD
from labkit.lab.draw.svg import Markup, div, element, span, text
from labkit.lab.frames import notes
from labkit.lab.grafana.fetching import Data, fetched, millis
from labkit.lab.grafana.interpolation import Value, filled
from labkit.lab.grafana.layout import Section, own_values, sections
from labkit.lab.grafana.model import COLUMNS, Dashboard, Panel
from labkit.lab.grafana.panels import asks, drawn
from labkit.lab.grafana.place import Place
from labkit.lab.grafana.shapes import checked
from labkit.lab.grafana.variables import Sources
from labkit.lab.progress import Progress

_WIDTH, _ROW, _GAP = 940.0, 30.0, 8.0
"""Pixels: of the whole, of a row of Grafana's grid, and between panels."""
_AT_ONCE = 8
_FRAME = "border:1px solid rgba(128,128,128,.32);border-radius:4px;padding:4px 6px;min-width:0;break-inside:avoid"


@dataclass(frozen=True)
class Shown:
    """One panel as it came out: its picture, or why there is none."""

    panel: Panel
    title: str
    picture: Markup
    notes: Sequence[str] = ()
    error: LabkitError | None = None

    @property
    def line(self) -> str:
        """For a terminal."""
        state = f"cannot be drawn: {self.error}" if self.error else "no data" if "No data." in self.picture else "drawn"
        return f"  {self.title or '(untitled)'} [{self.panel.type}]: {state}"


class Drawing:
    """A dashboard at one time, with its variables' values; in a notebook it shows itself, in a terminal as a list."""

    def __init__(self, dashboard: Dashboard, values: Mapping[str, Value], sources: Sources) -> None:
        self.dashboard = dashboard
        self.variables = {name: list(value.values) for name, value in values.items()}
        self._span = (sources.start / SECOND, sources.end / SECOND)
        self._values = values
        self._sections = sections(dashboard, values)
        panels = [panel for section in self._sections for panel in section.panels]
        with Progress("panels", len(panels)) as progress, ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:

            def show(panel: Panel) -> Shown:
                shown = _shown(panel, {**values, **own_values(panel)}, sources, dashboard.title)
                progress.step()
                return shown

            self.panels = list(pool.map(show, panels))

    @property
    def failed(self) -> list[str]:
        """Which panels could not be drawn, and why."""
        return [f"{shown.panel.name}: {shown.error}" for shown in self.panels if shown.error]

    def __repr__(self) -> str:
        head = f"{self.dashboard.title}, {scale.span(*self._span)}"
        chosen = [f"  {name} = {value.text}" for name, value in self._values.items()]
        noted = [f"  ⚠ {note}" for note in self._noted()]
        return "\n".join([head, *chosen, *(shown.line for shown in self.panels), *noted])

    def _repr_html_(self) -> str:
        left = list(self.panels)
        parts = []
        for section in self._sections:
            shown, left = left[: len(section.panels)], left[len(section.panels) :]
            parts.append(_section(section, shown, self._values))
        return whole(f"max-width:{_WIDTH:.0f}px;font:13px/1.4 {svg.FONT}", self._head(), *parts, *notes(self._noted()))

    def _noted(self) -> list[str]:
        """What the servers noted: each remark once, with the panels that it is about."""
        about: dict[str, list[str]] = {}
        for shown in self.panels:
            for note in shown.notes:
                about.setdefault(note, []).append(shown.title)
        return [f"{note} [{', '.join(dict.fromkeys(titles))}]" for note, titles in about.items()]

    def _head(self) -> Markup:
        variables = self.dashboard.templating.variables
        hidden = {one.name for one in variables if one.hide == 2 or one.type == "datasource"}
        chosen = [
            span("white-space:nowrap", span(svg.MUTED, text(f"{name} ")), element("b", {}, text(value.text)))
            for name, value in self._values.items() if name not in hidden
        ]  # fmt: skip
        title = element("b", {"style": "font-size:15px"}, text(self.dashboard.title))
        when = span(f"{svg.MUTED};margin-left:auto", text(scale.span(*self._span)))
        return div(
            "display:flex;flex-wrap:wrap;gap:2px 16px;align-items:baseline;padding:4px 2px 8px", title, *chosen, when
        )


def _shown(panel: Panel, values: Mapping[str, Value], sources: Sources, title: str) -> Shown:
    """A panel asked and drawn; what goes wrong in it stays in it."""
    sources = _shifted(panel, sources)
    width, height = _room(panel)
    place = Place(width, height, (sources.start / SECOND, sources.end / SECOND), values, sources)
    name = filled(panel.title, values, query=False)
    try:
        checked(panel)
        data = fetched(panel, int(width), values, sources, title) if asks(panel) else Data()
        return Shown(panel, name, drawn(panel, data, place), list(dict.fromkeys(data.notes)))
    except LabkitError as error:
        return Shown(panel, name, _failure(error), error=error)


def _shifted(panel: Panel, sources: Sources) -> Sources:
    """The time range of a panel that has its own (``timeFrom``)."""
    own = millis((panel.time_from or "").removeprefix("now-"))
    return Sources(sources.apis, sources.end - own, sources.end) if own else sources


def _room(panel: Panel) -> tuple[float, float]:
    """The pixels inside a panel's frame, without its title."""
    grid = panel.grid_pos
    width = grid.w * (_WIDTH + _GAP) / COLUMNS - _GAP - 14
    height = grid.h * (_ROW + _GAP) - _GAP - 10 - (22 if panel.title else 0)
    return max(60.0, width), max(40.0, height)


def _failure(error: LabkitError) -> Markup:
    return div(
        f"color:{BAD};font:12px/1.5 {svg.MONOSPACE};white-space:pre-wrap;overflow-wrap:anywhere",
        text(f"cannot be drawn\n{error}"),
    )


def _section(section: Section, shown: Sequence[Shown], values: Mapping[str, Value]) -> Markup:
    """The panels below one row's title, on the grid; a collapsed row opens on a click."""
    top = min((one.panel.grid_pos.y for one in shown), default=0)
    boxes = [_box(one, top) for one in shown]
    grid = div(
        f"display:grid;grid-template-columns:repeat({COLUMNS},minmax(0,1fr));grid-auto-rows:minmax({_ROW:.0f}px,auto);gap:{_GAP:.0f}px",
        *boxes,
    )
    if section.title is None:
        return div("margin-bottom:8px", grid)
    count = f"{len(shown)} panel{'s' if len(shown) != 1 else ''}"
    head = element(
        "summary",
        {"style": "cursor:pointer;font-weight:600;padding:4px 2px 6px"},
        text(filled(section.title, values, query=False)),
        span(f"font-weight:400;{svg.MUTED}", text(f"  {count}")),
    )
    return element("details", {"style": "margin-bottom:8px", "open": None if section.collapsed else "open"}, head, grid)


def _box(shown: Shown, top: int) -> Markup:
    grid = shown.panel.grid_pos
    place = f"grid-column:{grid.x + 1} / span {grid.w};grid-row:{grid.y - top + 1} / span {grid.h}"
    style = "font-weight:600;padding:0 2px 3px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap"
    mark = [span(svg.MUTED, text(" ⚠"))] if shown.notes else []
    title = [div(style, text(shown.title), *mark, title=shown.panel.description or shown.title)] if shown.title else []
    frame = "min-width:0" if shown.panel.transparent else _FRAME
    return div(f"{place};{frame}", *title, shown.picture)
