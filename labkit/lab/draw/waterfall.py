"""One trace as a waterfall: a row a span, indented below its parent, its bar where its time was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labkit.lab.draw import svg
from labkit.lab.draw.palette import BAD, SERIES
from labkit.lab.draw.scale import Linear
from labkit.lab.draw.svg import Markup, div, element, number, span
from labkit.lab.draw.units import SECONDS, digits

_ROW, _WIDTH, _HEAD = 22.0, 940.0, 24.0
_NAMES = 380.0
"""Pixels for the names; the bars have the rest."""
_LETTER = 6.4
_INDENT, _DEEPEST = 12.0, 12
_COLOURS = tuple(colour for colour in SERIES if colour != BAD)
"""Of services; the error's colour is none of them."""
LONGEST = 300
"""Rows that are drawn."""


@dataclass(frozen=True)
class Bar:
    """One span: ``start`` (seconds after its trace's) and ``duration`` in seconds; ``depth`` is its generation."""

    service: str
    operation: str
    start: float
    duration: float
    depth: int
    error: bool
    tags: Mapping[str, str]


def waterfall(bars: Sequence[Bar]) -> Markup:
    """The spans in their order, and the services' colours below."""
    colours = {
        service: _COLOURS[index % len(_COLOURS)]
        for index, service in enumerate(dict.fromkeys(bar.service for bar in bars))
    }
    shown = bars[:LONGEST]
    end = max((bar.start + bar.duration for bar in bars), default=0.0) or 1e-6
    x = Linear(0.0, end, _NAMES, _WIDTH - 64)
    height = _HEAD + _ROW * len(shown) + 4
    rows = [_row(bar, x, _HEAD + _ROW * index, colours[bar.service]) for index, bar in enumerate(shown)]
    label = f"waterfall of {len(bars)} spans, {SECONDS.text(end)}"
    more = [div(svg.MUTED, svg.text(f"and {len(bars) - LONGEST} spans more"))] if len(bars) > LONGEST else []
    return div("", svg.picture(_WIDTH, height, *_ticks(x, height), *rows, label=label), *more, _key(colours))


def _ticks(x: Linear, height: float) -> list[Markup]:
    """Five moments after the start of the trace, in one scale."""
    scale, found = SECONDS.scale(x.high), []
    for part in range(5):
        at, text = x.high * part / 4, SECONDS.text(x.high * part / 4, scale=scale)
        anchor = ("start", "middle", "middle", "middle", "end")[part]
        found += [
            element("path", {"d": f"M{number(x(at))} {_HEAD - 6}V{number(height)}", "stroke": "currentColor", "stroke_opacity": ".14"}),
            element("text", {"x": x(at), "y": _HEAD - 11, "text_anchor": anchor, "fill": "currentColor", "fill_opacity": ".75"}, svg.text(text)),
        ]  # fmt: skip
    return found


def _row(bar: Bar, x: Linear, top: float, colour: str) -> Markup:
    indent = 8 + _INDENT * min(bar.depth, _DEEPEST)
    tags = "".join(f"\n{name}={value}" for name, value in bar.tags.items())
    title = element(
        "title",
        {},
        svg.text(f"{bar.service}: {bar.operation}\n{SECONDS.text(bar.duration)} from {SECONDS.text(bar.start)}{tags}"),
    )
    width = max(1.5, x(bar.start + bar.duration) - x(bar.start))
    return element(
        "g", {}, title,
        element("rect", {"x": 0, "y": top, "width": _WIDTH, "height": _ROW, "fill": "currentColor", "fill_opacity": ".05" if round(top / _ROW) % 2 else "0"}),
        *(_elbow(bar, indent, top) if bar.depth else ()),
        element("rect", {"x": indent, "y": top + 4, "width": 4, "height": _ROW - 8, "fill": colour}),
        element("text", {"x": indent + 9, "y": top + 15, "fill": "currentColor"}, *_name(bar, indent)),
        element("rect", {"x": x(bar.start), "y": top + 5, "width": width, "height": _ROW - 10, "rx": 2, "fill": colour}),
        *_figure(bar, x, top, x(bar.start), width),
    )  # fmt: skip


def _elbow(bar: Bar, indent: float, top: float) -> list[Markup]:
    """The line from a parent to its child."""
    path = f"M{number(indent - _INDENT + 2)} {number(top)}V{number(top + 11)}H{number(indent - 2)}"
    return [element("path", {"d": path, "stroke": "currentColor", "stroke_opacity": ".35", "fill": "none"})]


def _name(bar: Bar, indent: float) -> list[Markup]:
    """The service and its operation, cut to the room that is left; an error's mark first."""
    room = int((_NAMES - indent - 24) / _LETTER) - (3 if bar.error else 0)
    service = bar.service[: max(8, room // 2)]
    operation = bar.operation
    left = max(4, room - len(service) - 1)
    operation = operation if len(operation) <= left else f"{operation[: left - 1]}…"
    mark = [element("tspan", {"fill": BAD, "font_weight": "bold"}, svg.text("✖ "))] if bar.error else []
    return [
        *mark,
        element("tspan", {"font_weight": "600"}, svg.text(f"{service} ")),
        element("tspan", {"fill_opacity": ".75"}, svg.text(operation)),
    ]


def _figure(bar: Bar, x: Linear, top: float, left: float, width: float) -> list[Markup]:
    """The duration, right of the bar where there is room, else left of it, else in it."""
    text = SECONDS.text(bar.duration)
    room = len(text) * _LETTER + 8
    after, before = left + width + room <= _WIDTH, left - room >= x.start
    at, anchor = (left + width + 5, "start") if after else (left - 5, "end") if before else (left + width - 5, "end")
    fill = BAD if bar.error else "currentColor"
    outline = (
        [
            element(
                "rect",
                {
                    "x": left,
                    "y": top + 5,
                    "width": width,
                    "height": _ROW - 10,
                    "rx": 2,
                    "fill": "none",
                    "stroke": BAD,
                    "stroke_width": 2,
                },
            )
        ]
        if bar.error
        else []
    )
    return [*outline, element("text", {"x": at, "y": top + 15, "text_anchor": anchor, "fill": fill}, svg.text(text))]


def _key(colours: Mapping[str, str]) -> Markup:
    entries = [
        span("white-space:nowrap", span(f"display:inline-block;width:10px;height:10px;margin-right:5px;background:{colour}"), svg.text(service))
        for service, colour in colours.items()
    ]  # fmt: skip
    return div(f"display:flex;flex-wrap:wrap;gap:1px 14px;font:11.5px/1.6 {svg.FONT};padding:2px 8px", *entries)


def durations(values: Sequence[float], errors: Sequence[bool]) -> list[Markup]:
    """Bars beside each other, as long as their durations are beside the longest; those of failed traces in the error's colour."""
    longest = max(values, default=0.0) or 1.0
    return [
        span("display:inline-flex;align-items:center;gap:6px;white-space:nowrap",
            span(f"display:inline-block;height:10px;width:{digits(max(1.0, 140 * value / longest), 0)}px;background:{BAD if error else _COLOURS[0]};border-radius:2px"),
            svg.text(SECONDS.text(value)))
        for value, error in zip(values, errors, strict=True)
    ]  # fmt: skip
