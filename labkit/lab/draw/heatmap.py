"""A heat map: a row a bucket, a column a moment, the colour how many fell into it."""

from collections.abc import Iterator, Sequence

import numpy as np

from labkit.lab.draw import scale, svg
from labkit.lab.draw.chart import Floats
from labkit.lab.draw.svg import Markup, element, number
from labkit.lab.draw.units import Unit

_SHADES = ("#fde8c9", "#fdc87b", "#f79b45", "#e4632d", "#b5351f", "#7a1a1f")
"""From few to many; told apart by lightness alone."""


def heatmap(
    rows: Sequence[tuple[str, Floats]],
    times: Floats,
    unit: Unit,
    width: float,
    height: float,
    span: tuple[float, float],
) -> Markup:
    """``rows`` from the lowest to the highest bucket, each its name and a count for each of ``times`` (what is not finite counts as none)."""
    rows = [(name, np.where(np.isfinite(values), values, 0.0)) for name, values in rows]
    top = max(float(values.max()) for _, values in rows)
    left = 10 + 6.2 * max(len(name) for name, _ in rows)
    x = scale.Linear(*span, left, width - 10)
    step = float(np.median(np.diff(times))) if times.size > 1 else span[1] - span[0]
    each = (height - 30) / len(rows)
    cells = [
        _cell(x, first - step, last, height - 22 - each * (index + 1), each, colour, f"{name}: {_counts(values, unit)}")
        for index, (name, counts) in enumerate(rows)
        for first, last, colour, values in _runs(times, counts, top, step)
    ]
    texts = [_name(name, left, height - 22 - each * (index + 0.5)) for index, (name, _) in _readable(rows, each)]
    ticks = [
        _tick(min(x(moment), width - len(text) * 3.1), text, height)
        for moment, text in scale.times(*span, max(2, int((x.end - x.start) / 72)))
    ]
    return svg.picture(width, height, *cells, *texts, *ticks, label=f"heat map of {len(rows)} buckets")


def shade(share: float) -> str:
    """The colour of a share of the greatest count; small counts are told apart better than large ones."""
    return _SHADES[min(len(_SHADES) - 1, int(share**0.5 * len(_SHADES)))]


def _runs(times: Floats, counts: Floats, top: float, step: float) -> Iterator[tuple[float, float, str, list[float]]]:
    """Neighbours of one colour as one cell, which is what is seen: when it begins and ends, its colour, its counts."""
    shades = [shade(count / top) if count > 0 else "" for count in counts.tolist()]
    begun = 0
    for index in range(1, len(shades) + 1):
        whole = index < len(shades) and shades[index] == shades[begun] and times[index] - times[index - 1] < 1.5 * step
        if not whole:
            if shades[begun]:
                yield float(times[begun]), float(times[index - 1]), shades[begun], counts[begun:index].tolist()
            begun = index


def _counts(values: list[float], unit: Unit) -> str:
    low, high = unit.text(min(values)), unit.text(max(values))
    return low if low == high else f"{low} to {high}"


def _cell(x: scale.Linear, first: float, last: float, y: float, each: float, colour: str, said: str) -> Markup:
    left, right = max(x.start, x(first)), x(last)
    size = {"width": max(0.5, right - left + 0.25), "height": max(0.5, each - 0.6)}
    return element("rect", {"x": left, "y": y, **size, "fill": colour}, element("title", {}, svg.text(said)))


def _readable(rows: Sequence[tuple[str, Floats]], each: float) -> list[tuple[int, tuple[str, Floats]]]:
    """The rows whose names have room."""
    every = max(1, round(13 / each + 0.49))
    return [(index, row) for index, row in enumerate(rows) if index % every == 0]


def _name(name: str, left: float, y: float) -> Markup:
    return element(
        "text",
        {"x": left - 6, "y": y + 4, "text_anchor": "end", "fill": "currentColor", "fill_opacity": ".75"},
        svg.text(name),
    )


def _tick(at: float, text: str, height: float) -> Markup:
    return element(
        "text",
        {"x": number(at), "y": height - 6, "text_anchor": "middle", "fill": "currentColor", "fill_opacity": ".75"},
        svg.text(text),
    )
