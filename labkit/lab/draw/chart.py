"""Series over time: lines, areas, bars or points on UTC axes, with gaps where there was nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labkit.lab.draw import scale, svg
from labkit.lab.draw.palette import REST, style
from labkit.lab.draw.svg import Markup, element, number
from labkit.lab.draw.units import NONE, Unit

Floats = NDArray[np.float64]

NAMED = 12
"""Lines told apart by colour and named in a legend; a reader cannot follow more."""
DRAWN = 200
"""Lines that are drawn at most, the largest; two thousand would be six megabytes in a notebook. Of a stack, all are."""
_LETTER = 7.0
"""Pixels of a digit at the charts' 11 px in a wide font (DejaVu Sans)."""


@dataclass(frozen=True)
class Line:
    """One series. ``times`` are seconds since the epoch, ascending; ``title`` is its full name, shown on hovering."""

    name: str
    times: Floats
    values: Floats
    title: str = ""
    colour: str | None = None
    dashes: str | None = None

    @property
    def finite(self) -> Floats:
        """The values that can be drawn."""
        return self.values[np.isfinite(self.values)]


@dataclass(frozen=True)
class Look:
    """How a chart is drawn. ``low`` and ``high`` fix the axis; ``thresholds`` are (value, colour)."""

    unit: Unit = NONE
    width: float = 900
    height: float = 260
    low: float | None = None
    high: float | None = None
    fill: float = 0.0
    stroke: float = 1.6
    form: str = "line"
    steps: bool = False
    stacked: bool = False
    joined: bool = False
    """Whether a line goes on over a gap."""
    span: tuple[float, float] | None = None
    thresholds: Sequence[tuple[float, str]] = field(default=())


def coloured(lines: Sequence[Line]) -> list[Line]:
    """The lines with a colour each, those to be named first; beyond :data:`NAMED` the largest keep theirs, the rest is grey."""
    ranked = list(lines) if len(lines) <= NAMED else sorted(lines, key=_size, reverse=True)
    return [_in_colour(line, index) for index, line in enumerate(ranked)]


def chart(lines: Sequence[Line], look: Look) -> Markup:
    """An SVG of lines that have their colours. At least one value must be finite: see :func:`drawable`."""
    lines = lines if look.stacked else lines[:DRAWN]
    drawn = _stack(lines) if look.stacked else [(line, np.zeros_like(line.values)) for line in lines]
    low, high, ticks = scale.nice(*_limits(drawn, look), look.unit, wanted=max(2, int(look.height / 52)))
    left = 10 + _LETTER * max(len(text) for _, text in ticks)
    start, end = look.span or _span(lines)
    x = scale.Linear(start, end, left, look.width - 12)
    y = scale.Linear(low, high, look.height - 22, 8)
    marks = [
        element("g", {"fill": "none"}, *_line(line, base, x, y, look)) for line, base in reversed(drawn) if line.finite.size
    ]  # fmt: skip
    label = f"{len(lines)} series, {scale.span(start, end)}"
    body = (*_horizontal(ticks, x, y), *_vertical(x, y, look), *_thresholds(look, x, y), *marks)
    return svg.picture(look.width, look.height, *body, label=label)


def drawable(lines: Sequence[Line]) -> bool:
    """Whether there is anything to draw."""
    return any(line.finite.size for line in lines)


def _size(line: Line) -> float:
    return float(np.abs(line.finite).mean()) if line.finite.size else -1.0


def _in_colour(line: Line, index: int) -> Line:
    if line.colour is not None:
        return line
    colour, dashes = style(index) if index < NAMED else (REST, None)
    return Line(line.name, line.times, line.values, line.title, colour, dashes)


def _stack(lines: Sequence[Line]) -> list[tuple[Line, Floats]]:
    """Each line raised by those before it, and what it stands on; times that a line lacks count as nothing."""
    if not lines:
        return []
    grid = np.unique(np.concatenate([line.times for line in lines]))
    below, stacked = np.zeros(grid.size), []
    for line in lines:
        values = np.full(grid.size, np.nan)
        values[np.searchsorted(grid, line.times)] = line.values
        top = below + np.where(np.isfinite(values), values, 0)
        shown = np.where(np.isfinite(values), top, np.nan)
        stacked.append((Line(line.name, grid, shown, line.title, line.colour, line.dashes), below))
        below = top
    return stacked


def _limits(drawn: Sequence[tuple[Line, Floats]], look: Look) -> tuple[float, float]:
    values = np.concatenate([line.finite for line, _ in drawn])
    low, high = float(values.min()), float(values.max())
    if look.low is None and (look.stacked or look.fill or look.form == "bars" or 0 < low < 0.6 * high):
        low = min(low, 0.0)  # a filled area that begins elsewhere than at nothing would mislead
    low = low if look.low is None else look.low
    high = high if look.high is None else max(look.high, low)
    return (low, high) if low < high else (low, low)


def _span(lines: Sequence[Line]) -> tuple[float, float]:
    start = min(float(line.times[0]) for line in lines if line.times.size)
    end = max(float(line.times[-1]) for line in lines if line.times.size)
    return (start, end) if start < end else (start - 30, end + 30)


def _horizontal(ticks: Sequence[tuple[float, str]], x: scale.Linear, y: scale.Linear) -> list[Markup]:
    """A faint line and a text for each tick of the values."""
    found = []
    for value, text in ticks:
        at = y(value)
        found += [
            element("path", {"d": f"M{number(x.start)} {number(at)}H{number(x.end)}", "stroke": "currentColor", "stroke_opacity": ".14"}),
            element("text", {"x": x.start - 6, "y": at + 3.6, "text_anchor": "end", "fill": "currentColor", "fill_opacity": ".75"}, svg.text(text)),
        ]  # fmt: skip
    return found


def _vertical(x: scale.Linear, y: scale.Linear, look: Look) -> list[Markup]:
    """The same for time; a text that would leave the picture is moved in."""
    found = []
    for moment, text in scale.times(x.low, x.high, max(2, int((x.end - x.start) / 72))):
        at = x(moment)
        inside = min(max(at, x.start + 2), look.width - len(text) * _LETTER / 2)
        found += [
            element("path", {"d": f"M{number(at)} {number(y.end)}V{number(y.start)}", "stroke": "currentColor", "stroke_opacity": ".07"}),
            element("text", {"x": inside, "y": look.height - 6, "text_anchor": "middle", "fill": "currentColor", "fill_opacity": ".75"}, svg.text(text)),
        ]  # fmt: skip
    return found


def _thresholds(look: Look, x: scale.Linear, y: scale.Linear) -> list[Markup]:
    return [
        element("path", {"d": f"M{number(x.start)} {number(y(value))}H{number(x.end)}", "stroke": colour, "stroke_dasharray": "5 4", "stroke_opacity": ".9"})
        for value, colour in look.thresholds if y.low <= value <= y.high
    ]  # fmt: skip


def _line(line: Line, base: Floats, x: scale.Linear, y: scale.Linear, look: Look) -> list[Markup]:
    """One series: its area, its stroke, and a dot for each value without a neighbour."""
    times, values, below = _thinned(line.times, line.values, base, int(x.end - x.start))
    inside = (times >= x.low) & (times <= x.high)
    values = np.where(inside, np.clip(values, y.low, y.high), np.nan)
    runs = _runs(times, values, joined=look.joined)
    colour, title = line.colour or REST, element("title", {}, svg.text(line.title or line.name))
    across, up = x.start + (times - x.low) / (x.high - x.low) * (x.end - x.start), _up(values, y)
    if look.form == "bars":
        return [
            element(
                "path",
                {"d": _bars(runs, across, up, _up(below, y)), "stroke": colour, "stroke_width": _bar(across)},
                title,
            )
        ]
    floor = _up(np.clip(below, y.low, y.high), y)
    marks = []
    if look.fill:
        areas = "".join(_area(run, across, up, floor, steps=look.steps) for run in runs if run.size > 1)
        marks.append(element("path", {"d": areas, "fill": colour, "fill_opacity": look.fill / 1.0}, title))
    dots = (
        [run[0] for run in runs if run.size == 1]
        if look.form != "points"
        else np.concatenate(runs).tolist()
        if runs
        else []
    )
    strokes = "".join(
        _stroke(run, across, up, steps=look.steps) for run in runs if run.size > 1 and look.form != "points"
    )
    marks += [
        element("circle", {"cx": float(across[i]), "cy": float(up[i]), "r": "2.2", "fill": colour}, title) for i in dots
    ]
    if strokes:
        marks.append(
            element(
                "path",
                {
                    "d": strokes,
                    "stroke": colour,
                    "stroke_width": look.stroke / 1.0,
                    "stroke_linejoin": "round",
                    "stroke_dasharray": line.dashes,
                    "stroke_opacity": ".5" if colour == REST else None,
                },
                title,
            )
        )
    return marks  # fmt: skip


def _up(values: Floats, y: scale.Linear) -> Floats:
    return y.start + (values - y.low) / (y.high - y.low) * (y.end - y.start)


def _thinned(times: Floats, values: Floats, base: Floats, pixels: int) -> tuple[Floats, Floats, Floats]:
    """At most four points a pixel: of each run of points, its least and its greatest, in their order."""
    if times.size <= 4 * pixels:
        return times, values, base
    kept: set[int] = {0, times.size - 1}
    for part in np.array_split(np.arange(times.size), 2 * pixels):
        finite = part[np.isfinite(values[part])]
        chosen = (finite[values[finite].argmin()], finite[values[finite].argmax()]) if finite.size else (part[0],)
        kept.update(int(index) for index in chosen)
    order = np.array(sorted(kept))
    return times[order], values[order], base[order]


def _runs(times: Floats, values: Floats, *, joined: bool) -> list[NDArray[np.intp]]:
    """The indices of values that belong together: a missing value, or a step left out, parts them."""
    there = np.flatnonzero(np.isfinite(values))
    if not there.size:
        return []
    if joined:
        return [there]
    distances = np.diff(times)
    usual = float(np.median(distances)) if distances.size else 0.0
    apart = (np.diff(there) > 1) | (np.diff(times[there]) > 2.5 * usual)
    return np.split(there, np.flatnonzero(apart) + 1)


def _stroke(run: NDArray[np.intp], across: Floats, up: Floats, *, steps: bool) -> str:
    points = [f"{number(a)} {number(b)}" for a, b in zip(across[run].tolist(), up[run].tolist(), strict=True)]
    if not steps:
        return "M" + "L".join(points)
    return f"M{points[0]}" + "".join(
        f"H{number(a)}V{number(b)}" for a, b in zip(across[run[1:]].tolist(), up[run[1:]].tolist(), strict=True)
    )


def _area(run: NDArray[np.intp], across: Floats, up: Floats, floor: Floats, *, steps: bool) -> str:
    back = [
        f"{number(a)} {number(b)}" for a, b in zip(across[run[::-1]].tolist(), floor[run[::-1]].tolist(), strict=True)
    ]
    return _stroke(run, across, up, steps=steps) + "L" + "L".join(back) + "Z"


def _bars(runs: Sequence[NDArray[np.intp]], across: Floats, up: Floats, floor: Floats) -> str:
    return "".join(f"M{number(across[i])} {number(floor[i])}V{number(up[i])}" for run in runs for i in run.tolist())


def _bar(across: Floats) -> float:
    return max(1.0, 0.7 * float(np.median(np.diff(across)))) if across.size > 1 else 12.0
