"""Parts of a page that several pictures share: a listing with a head, a badge, a remark."""

from collections.abc import Iterable, Sequence

from labkit.lab.draw import svg
from labkit.lab.draw.svg import Markup, div, element, span

_CELL = "padding:2px 10px 2px 0;text-align:left;vertical-align:top;white-space:nowrap"


def whole(style: str, *content: Markup) -> Markup:
    """What a cell shows, from outside: a dollar in it is a dollar. Jupyter sets what lies between two as mathematics."""
    return element("div", {"style": style, "class": "tex2jax_ignore mathjax_ignore"}, *content)


def listing(heads: Sequence[str], rows: Iterable[Sequence[Markup]]) -> Markup:
    """A table in the notebook's own text, without the stripes that JupyterLab gives tables."""
    head = element(
        "tr",
        {"style": "background:none"},
        *(element("th", {"style": f"{_CELL};font-weight:normal;{svg.MUTED}"}, svg.text(name)) for name in heads),
    )
    body = [element("tr", {"style": "background:none"}, *(element("td", {"style": _CELL}, cell) for cell in row)) for row in rows]  # fmt: skip
    style = f"border-collapse:collapse;table-layout:auto;margin:0;font:12.5px/1.5 {svg.FONT};font-variant-numeric:tabular-nums"
    return element("table", {"style": style}, head, *body)


def badge(word: str, colour: str) -> Markup:
    """A word in a frame of its colour, legible on any page."""
    return span(
        f"border:1px solid {colour};border-left:4px solid {colour};border-radius:3px;padding:0 5px;white-space:nowrap",
        svg.text(word),
    )


def remark(said: str) -> Markup:
    """A line of small print."""
    return div(f"font:12px/1.6 {svg.FONT};{svg.MUTED};padding:2px 4px", svg.text(said))


def code(word: str) -> Markup:
    """A word to be typed or copied."""
    return span(f"font-family:{svg.MONOSPACE};font-size:12px;white-space:nowrap", svg.text(word))
