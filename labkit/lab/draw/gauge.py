"""Single numbers: large, on an arc, or as the length of a bar."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labkit.lab.draw import svg
from labkit.lab.draw.chart import Floats
from labkit.lab.draw.svg import Markup, div, element, number, span

_SWEEP = 1.25 * math.pi
"""The angle of a gauge's arc, as in Grafana's: open below."""


@dataclass(frozen=True)
class Figure:
    """One number of a panel: its text and colour, where it stands between its limits, and how it came about."""

    name: str
    text: str
    colour: str
    share: float = 0.0
    """From 0 to 1."""
    marks: Sequence[tuple[float, float, str]] = ()
    """The bands of its limits: from share, to share, colour."""
    values: Floats | None = None
    """Its history, for a line behind it."""


def stat(figure: Figure, width: float, height: float, *, named: bool, filled: bool, spark: bool) -> Markup:
    """A number as large as its place allows, its name above it and its history below."""
    head = 18.0 if named else 0.0
    size = min(0.46 * (height - head), 1.3 * width / max(4, len(figure.text)), 54.0)
    colour = "#fff" if filled else figure.colour
    drawn = [element("rect", {"width": width, "height": height, "rx": 3, "fill": figure.colour})] if filled else []
    if spark and figure.values is not None and figure.values.size > 1:
        drawn += _spark(figure.values, width, height, "#fff" if filled else figure.colour)
    if named:
        drawn.append(
            _centred(
                svg.text(_fitting(figure.name, width)), width / 2, 14.0, 12.0, "#fff" if filled else "currentColor"
            )
        )
    middle = head + (height - head) * (0.42 if spark else 0.5)
    drawn.append(_centred(svg.text(figure.text), width / 2, middle + size * 0.35, size, colour, weight=600))
    return svg.picture(width, height, *drawn, label=f"{figure.name}: {figure.text}")


def gauge(figure: Figure, width: float, height: float, *, named: bool) -> Markup:
    """A number on an arc, its bands outside."""
    foot = 18.0 if named else 0.0
    radius = max(18.0, min(width / 2 - 14, (height - foot - 14) / 1.75))
    centre = (width / 2, radius + 10)
    thick = radius * 0.26
    bands = [_arc(centre, radius, low, high, 4.0, colour) for low, high, colour in figure.marks]
    track = _arc(centre, radius - 4 - thick / 2, 0, 1, thick, "currentColor", ".13")
    value = [_arc(centre, radius - 4 - thick / 2, 0, figure.share, thick, figure.colour)] if figure.share > 0 else []
    size = min(radius * 0.38, 1.6 * radius / max(4, len(figure.text)))
    text = _centred(svg.text(figure.text), centre[0], centre[1] + size * 0.35, size, figure.colour, weight=600)
    name = (
        [_centred(svg.text(_fitting(figure.name, width)), width / 2, height - 5, 12.0, "currentColor")] if named else []
    )
    return svg.picture(width, height, *bands, track, *value, text, *name, label=f"{figure.name}: {figure.text}")


def bars(figures: Sequence[Figure]) -> Markup:
    """A bar a number, one below the other."""
    rows = [
        div("display:contents",
            span("overflow:hidden;text-overflow:ellipsis;white-space:nowrap", svg.text(figure.name), title=figure.name),
            div("height:16px;background:rgba(128,128,128,.18);border-radius:2px", div(f"height:100%;width:{number(100 * figure.share)}%;background:{figure.colour};border-radius:2px")),
            span("font-weight:600;font-variant-numeric:tabular-nums;white-space:nowrap", svg.text(figure.text)))
        for figure in figures
    ]  # fmt: skip
    grid = "display:grid;grid-template-columns:fit-content(45%) minmax(3em,1fr) auto;gap:6px 10px;align-items:center;padding:3px 4px"
    return div(f"{grid};font:12px/1.4 {svg.FONT}", *rows)


def _fitting(name: str, width: float) -> str:
    """A name cut to the width of its tile, at 12 px."""
    room = max(4, int(width / 6.8))
    return name if len(name) <= room else f"{name[: room - 1]}…"


def _centred(content: Markup, x: float, y: float, size: float, colour: str, weight: int = 400) -> Markup:
    return element(
        "text",
        {"x": x, "y": y, "text_anchor": "middle", "font_size": size, "font_weight": weight, "fill": colour},
        content,
    )


def _spark(values: Floats, width: float, height: float, colour: str) -> list[Markup]:
    """The history as a faint area along the lower edge."""
    there = np.where(np.isfinite(values), values, np.nan)
    if np.isnan(there).all():
        return []
    low, high = float(np.nanmin(there)), float(np.nanmax(there))
    span_ = high - low or 1.0
    points = [
        f"{number(width * index / (there.size - 1))} {number(height - 2 - (value - low) / span_ * height * 0.28)}"
        for index, value in enumerate(there.tolist()) if value == value  # noqa: PLR0124  (not NaN)
    ]  # fmt: skip
    first, last = points[0].split()[0], points[-1].split()[0]
    area = f"M{first} {number(height)}L{'L'.join(points)}L{last} {number(height)}Z"
    return [
        element("path", {"d": area, "fill": colour, "fill_opacity": ".18"}),
        element(
            "path",
            {
                "d": "M" + "L".join(points),
                "fill": "none",
                "stroke": colour,
                "stroke_width": "1.2",
                "stroke_opacity": ".8",
            },
        ),
    ]


def _arc(
    centre: tuple[float, float],
    radius: float,
    low: float,
    high: float,
    thick: float,
    colour: str,
    opacity: str | None = None,
) -> Markup:
    """A piece of the arc, between two shares of it."""
    (x1, y1), (x2, y2) = (_point(centre, radius, share) for share in (low, high))
    large = int((high - low) * _SWEEP > math.pi)
    path = f"M{number(x1)} {number(y1)}A{number(radius)} {number(radius)} 0 {large} 1 {number(x2)} {number(y2)}"
    return element(
        "path", {"d": path, "fill": "none", "stroke": colour, "stroke_width": thick, "stroke_opacity": opacity}
    )


def _point(centre: tuple[float, float], radius: float, share: float) -> tuple[float, float]:
    angle = -math.pi / 2 - _SWEEP / 2 + _SWEEP * share
    return centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)
