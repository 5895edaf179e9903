"""Colours that hold on a light and on a dark page, and for those who do not see all colours.

The series' colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), without black, with a darker
yellow and a blue that is seen on black; after these the dashes change.
"""

import re

SERIES = ("#1f83c4", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#a99700")
DASHES = (None, "6 3", "2 2")
REST = "#8c8c8c"
"""Of what is too much to tell apart."""

GOOD, WARNING, BAD, QUIET = "#009e73", "#e69f00", "#d55e00", "#8c8c8c"

LEVELS = {
    "fatal": BAD, "critical": BAD, "error": BAD, "err": BAD, "warn": WARNING, "warning": WARNING,
    "info": "#1f83c4", "notice": "#1f83c4", "debug": QUIET, "trace": QUIET,
}  # fmt: skip
"""Of a log line's level, by its name in lower case."""

_GRAFANA = {
    "red": "#e02f44", "orange": "#ff780a", "yellow": "#e0b400", "green": "#56a64b", "blue": "#3274d9", "purple": "#a352cc",
}  # fmt: skip
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|(?:rgb|hsl)a?\([\d.,%\s]+\)|[a-z]+")
"""What may stand in a style as a colour: a dashboard's text could be anything."""
_SHADES = {"super-light-": 0.55, "light-": 0.3, "semi-dark-": -0.15, "dark-": -0.3}


def style(index: int) -> tuple[str, str | None]:
    """The colour and dashes of the ``index``-th series."""
    return SERIES[index % len(SERIES)], DASHES[index // len(SERIES) % len(DASHES)]


def grafana(name: str) -> str:
    """A colour as Grafana's JSON names it: ``green``, ``dark-red``, ``#1f60c4``, ``rgb(…)``, ``text``."""
    if name in {"text", "transparent"}:
        return "currentColor" if name == "text" else "transparent"
    for prefix, shade in _SHADES.items():
        base = name.removeprefix(prefix)
        if base != name and base in _GRAFANA:
            return _shaded(_GRAFANA[base], shade)
    return _GRAFANA.get(name, name if _COLOUR.fullmatch(name) else QUIET)


def between(low: str, high: str, share: float) -> str:
    """The colour at ``share`` (0 to 1) of the way from one to another; both are of the form ``#rrggbb``."""
    pairs = zip(_parts(low), _parts(high), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _shaded(colour: str, shade: float) -> str:
    return between(colour, "#ffffff" if shade > 0 else "#000000", abs(shade))


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
