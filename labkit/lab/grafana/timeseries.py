"""Time series panels: a chart and its legend; series in another unit have a chart of their own below."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from labkit.lab.draw import legend as legends
from labkit.lab.draw import units
from labkit.lab.draw.chart import NAMED, Line, Look, chart, coloured, drawable
from labkit.lab.draw.svg import Markup
from labkit.lab.frames import nothing
from labkit.lab.grafana.fetching import Data, Series
from labkit.lab.grafana.fields import Field, field_of, shown_name
from labkit.lab.grafana.model import Panel
from labkit.lab.grafana.place import Place

_LEAST = 0.6
"""The share of a panel's height that its chart has at least: a long legend makes the panel longer."""
_FORMS = {"bars": "bars", "points": "points"}


def timeseries(panel: Panel, data: Data, place: Place) -> Markup:
    """The picture of a panel of type ``timeseries``, or that it has no data.

    Grafana draws a second axis for a second unit; two charts below each other are read with less error.
    """
    fields = [field_of(panel.field_config, series.name, series.ref) for series in data.series]
    pairs = [
        (_line(series, field), field)
        for series, field in zip(data.series, fields, strict=True)
        if not _hidden(field, "viz")
    ]
    if not drawable([line for line, _ in pairs]):
        return nothing("")
    known = {id(line.values): field for line, field in pairs}
    groups: dict[str, list[Line]] = {}
    for line in coloured([line for line, _ in pairs]):
        groups.setdefault(known[id(line.values)].unit.name, []).append(line)
    shown = [lines for lines in groups.values() if drawable(lines)]
    share = replace(place, height=place.height / len(shown))
    return Markup("".join(_with_legend(panel, lines, known, share) for lines in shown))


def _with_legend(panel: Panel, lines: Sequence[Line], known: Mapping[int, Field], place: Place) -> Markup:
    """The chart of series of one unit, and the legend that the panel asks for."""
    field = known[id(lines[0].values)]
    named = [line for line in lines if not _hidden(known[id(line.values)], "legend")]
    key = panel.options.get("legend") or {}
    calculations = [str(name) for name in key.get("calcs") or ()]
    if key.get("showLegend", True) is False or key.get("displayMode") == "hidden":
        rows, below = 0, Markup("")
    elif key.get("displayMode") == "table" or calculations:
        rows, below = (
            min(len(named), NAMED) + 1,
            legends.table(
                named,
                field.unit,
                calculations or ["lastNotNull"],
                field.decimals,
                room=_room(place.width, calculations),
            ),
        )
    else:
        rows, below = _rows(named, place.width), legends.legend(named, field.unit, (), field.decimals)
    look = _look(field, place, rows=rows)
    if (field.custom.get("stacking") or {}).get("mode") == "percent":
        lines, look = _shares(lines), replace(look, unit=units.SHARE, low=0.0, high=1.0)
    return Markup(chart(lines, look) + below)


def _line(series: Series, field: Field) -> Line:
    """A series with the colour, dashes and sign that its settings give it."""
    style = field.custom.get("lineStyle") or {}
    dashed = style.get("fill") in {"dash", "dot"}
    dashes = " ".join(f"{dash:g}" for dash in style.get("dash") or (6, 4)) if dashed else None
    sign = -1 if field.custom.get("transform") == "negative-Y" else 1
    return Line(
        shown_name(series.shown, field), series.times, sign * series.values, series.name, field.fixed_colour, dashes
    )


def _look(field: Field, place: Place, *, rows: int) -> Look:
    """A chart's settings; the legend's rows take from the height, as far as a picture is left."""
    custom = field.custom
    stacked = (custom.get("stacking") or {}).get("mode", "none") in {"normal", "percent"}
    opacity = min(100, float(custom.get("fillOpacity", 0))) / 100
    marked = (custom.get("thresholdsStyle") or {}).get("mode", "off") != "off"
    return Look(
        unit=field.unit, width=place.width, height=max(_LEAST * place.height, place.height - 18 * rows), low=field.low, high=field.high,
        fill=max(opacity, 0.5 if stacked and opacity else 0.0), stroke=float(custom.get("lineWidth", 1)) + 0.4,
        form=_FORMS.get(str(custom.get("drawStyle", "line")), "line"), steps=str(custom.get("lineInterpolation", "")).startswith("step"),
        stacked=stacked, joined=custom.get("spanNulls") is True, span=place.span,
        thresholds=[step for step in field.thresholds() if np.isfinite(step[0])] if marked else (),
    )  # fmt: skip


def _shares(lines: Sequence[Line]) -> list[Line]:
    """Each value as its share of all at that time; series of one query have the same times, or gaps."""
    total: dict[float, float] = {}
    for line in lines:
        for time, value in zip(line.times.tolist(), line.values.tolist(), strict=True):
            total[time] = total.get(time, 0.0) + (value if np.isfinite(value) else 0.0)
    whole = [np.array([total[time] or np.nan for time in line.times.tolist()]) for line in lines]
    return [replace(line, values=line.values / sums) for line, sums in zip(lines, whole, strict=True)]


def _room(width: float, calculations: Sequence[str]) -> int:
    """The characters that a name may have beside its numbers."""
    return max(12, int((width - 40 - 58 * max(1, len(calculations))) / 6.6))


def _rows(lines: Sequence[Line], width: float) -> int:
    """About how many rows a list of names takes."""
    return 1 + int(sum(36 + 6.4 * min(len(line.name), 56) for line in lines[:NAMED]) / width)


def _hidden(field: Field, where: str) -> bool:
    return bool((field.custom.get("hideFrom") or {}).get(where))
