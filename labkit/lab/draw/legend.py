"""Legends: names beside their colours, as text that wraps below its picture."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from labkit.lab.draw import svg
from labkit.lab.draw.chart import DRAWN, NAMED, Floats, Line
from labkit.lab.draw.svg import Markup, div, element, span
from labkit.lab.draw.units import Unit

_NAME = "text-align:left;padding:0 6px;width:100%;max-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap"
_ROOM = 56
"""Characters of a name; the middle of a longer one goes, since both its ends tell series apart."""

CALCULATIONS: Mapping[str, tuple[str, Callable[[Floats], float]]] = {
    "lastNotNull": ("last", lambda values: float(values[-1])),
    "last": ("last", lambda values: float(values[-1])),
    "firstNotNull": ("first", lambda values: float(values[0])),
    "first": ("first", lambda values: float(values[0])),
    "mean": ("mean", lambda values: float(values.mean())),
    "min": ("min", lambda values: float(values.min())),
    "max": ("max", lambda values: float(values.max())),
    "sum": ("total", lambda values: float(values.sum())),
    "count": ("count", lambda values: float(values.size)),
    "range": ("range", lambda values: float(np.ptp(values))),
    "delta": ("delta", lambda values: float(values[-1] - values[0])),
    "diff": ("difference", lambda values: float(values[-1] - values[0])),
    "median": ("median", lambda values: float(np.median(values))),
    "stdDev": ("std dev", lambda values: float(values.std())),
}
"""Grafana's reductions of a series to one number, by their ids; each takes the values that are there, of which there is one."""


def reduce(line: Line, calculation: str) -> float:
    """One number of a series; NaN if it has none. An unknown calculation counts as the last value."""
    _, function = CALCULATIONS.get(calculation, CALCULATIONS["lastNotNull"])
    there = line.values[~np.isnan(line.values)]
    return function(there) if there.size else float("nan")


def legend(
    lines: Sequence[Line], unit: Unit, calculations: Sequence[str] = ("lastNotNull",), decimals: int | None = None
) -> Markup:
    """The named lines side by side, each with its numbers, and how many more there are."""
    entries = [_entry(line, unit, calculations, decimals) for line in lines[:NAMED]]
    if len(lines) > NAMED:
        entries.append(span(svg.MUTED, svg.text(_more(lines))))
    return div(f"display:flex;flex-wrap:wrap;gap:1px 14px;font:11.5px/1.5 {svg.FONT};padding:2px 4px", *entries)


def table(
    lines: Sequence[Line], unit: Unit, calculations: Sequence[str], decimals: int | None = None, room: int = _ROOM
) -> Markup:
    """The same as a table: a column a calculation; ``room`` is what names may have, in characters."""
    names = [CALCULATIONS.get(name, CALCULATIONS["lastNotNull"])[0] for name in calculations]
    head = element("tr", {}, _cell("th", "", "left"), *(_cell("th", name, "right") for name in names))
    rows = [
        element("tr", {"style": "background:none"},
            element("td", {"style": _NAME}, _swatch(line), _name(line, room)),
            *(_cell("td", unit.text(reduce(line, name), decimals), "right") for name in calculations))
        for line in lines[:NAMED]
    ]  # fmt: skip
    more = [div(f"{svg.MUTED};padding:0 6px", svg.text(_more(lines)))] if len(lines) > NAMED else []
    style = f"border-collapse:collapse;table-layout:auto;width:100%;margin:0;font:11.5px/1.5 {svg.FONT};font-variant-numeric:tabular-nums"
    return div("", element("table", {"style": style}, head, *rows), *more)


def _more(lines: Sequence[Line]) -> str:
    which = "in grey" if len(lines) <= DRAWN else "the largest of them in grey"
    return f"and {len(lines) - NAMED:,} more, {which}"


def shortened(name: str, room: int = _ROOM) -> str:
    """A name with its middle left out, if it is longer than ``room``."""
    return name if len(name) <= room else f"{name[: room // 2]}…{name[-(room // 2 - 1) :]}"


def _entry(line: Line, unit: Unit, calculations: Sequence[str], decimals: int | None) -> Markup:
    numbers = "  ".join(
        (f"{CALCULATIONS.get(name, CALCULATIONS['lastNotNull'])[0]} " if len(calculations) > 1 else "")
        + unit.text(reduce(line, name), decimals)
        for name in calculations
    )
    figure = (
        span(f"{svg.MUTED};font-variant-numeric:tabular-nums;margin-left:6px", svg.text(numbers)) if numbers else ""
    )
    return span("white-space:nowrap", _swatch(line), _name(line), figure)


def _name(line: Line, room: int = _ROOM) -> Markup:
    return span("", svg.text(shortened(line.name, room)), title=line.title or line.name)


def _swatch(line: Line) -> Markup:
    stroke = element(
        "path", {"d": "M0 5H16", "stroke": line.colour, "stroke_width": "3", "stroke_dasharray": line.dashes}
    )
    return element(
        "svg",
        {"width": "16", "height": "10", "style": "margin-right:5px;vertical-align:-1px", "aria_hidden": "true"},
        stroke,
    )


def _cell(tag: str, content: str, align: str) -> Markup:
    weight = "normal;opacity:.7" if tag == "th" else "inherit"
    return element(
        tag, {"style": f"text-align:{align};padding:0 6px;font-weight:{weight};white-space:nowrap"}, svg.text(content)
    )
