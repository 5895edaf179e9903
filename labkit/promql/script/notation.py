"""Series, values and durations as test scripts write them."""

import re
from dataclasses import dataclass

from labkit import durations
from labkit.clock import SECOND, Millis
from labkit.errors import QueryError
from labkit.promql.parsing import selector_of
from labkit.promql.script.outcome import ScriptError
from labkit.signals.labels import Labels
from labkit.signals.matcher import Match
from labkit.signals.series import STALE


@dataclass(frozen=True)
class Histogram:
    """A native histogram: this engine knows only that it is one."""


HISTOGRAM = Histogram()
Point = float | Histogram | None
"""A value; ``None`` where there is no sample."""

_MOST = 1_000_000
"""How often a value may be repeated."""
_SERIES = re.compile(r"""([\w:]*\s*(?:\{(?:[^"'`}]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)*\})?)(?:\s+(.*))?""")
_SPAN = r"(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?"
_NUMBER = rf"(?:inf|nan|(?=\d+[a-z]){_SPAN}(?![\w.])|\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)"
_NATIVE = r"\{\{[^}]*\}\}"
_ITEM = re.compile(
    rf"(?P<first>_|stale|[+-]?{_NUMBER}|{_NATIVE})(?P<by>[+-](?:{_NUMBER}|{_NATIVE}))?(?:x(?P<times>\d+))?",
    re.IGNORECASE,
)
_SPACE = re.compile(r"\s*")
_SCALAR = re.compile(rf"[+-]?(?:0x[0-9a-f]+|{_NUMBER})", re.IGNORECASE)
"""A number alone may be hexadecimal; among values ``0x3`` is 0, and three times more."""


def duration(text: str) -> Millis:
    """A duration: upstream's units from the largest to the smallest, or a plain 0."""
    try:
        return durations.duration(text)
    except ValueError as error:
        raise ScriptError(str(error), remedy="write 30s, 5m or 1h30m") from error


def scalar(text: str) -> float | None:
    """The number a line is nothing but; ``None`` if it is something else."""
    return _number(text) if _SCALAR.fullmatch(text) else None


def series(text: str) -> tuple[Labels, str]:
    """The labels at the start of a line, and the rest of it."""
    found = _SERIES.fullmatch(text)
    if found is None or not found[1].strip():
        raise ScriptError(f"no series: {text}", remedy='write a metric or a set of labels: up{job="api"} 1 1 0')
    return labels(found[1].strip()), found[2] or ""


def labels(metric: str) -> Labels:
    """The labels of a metric as PromQL writes one."""
    if not metric.strip("{} \t"):
        return Labels()
    try:
        matchers = selector_of(metric)
    except QueryError as error:
        raise ScriptError(f"no series: {metric}: {error.what}", remedy='write labels as name="value"') from error
    if any(matcher.op is not Match.EQUAL for matcher in matchers):
        raise ScriptError(f"no series: {metric}", remedy="a series has values for its labels, no conditions on them")
    return Labels((matcher.name, matcher.value) for matcher in matchers)


def values(text: str) -> list[Point]:
    """The values of a line, with ``a+bxn`` expanded: ``a`` and ``n`` more, each by ``b`` greater than the last."""
    points: list[Point] = []
    place = _end(_SPACE.match(text))
    while place < len(text):
        item = _ITEM.match(text, place)
        if item is None or not (item.end() == len(text) or text[item.end()].isspace()):
            raise ScriptError(f"not values of a series: {text[place:]}", remedy="write numbers, _, stale, or 0+10x5")
        points.extend(_points(item))
        place = _end(_SPACE.match(text, item.end()))
    return points


def _end(found: re.Match[str] | None) -> int:
    return found.end() if found is not None else 0


def _points(item: re.Match[str]) -> list[Point]:
    times = int(item["times"] or 0)
    if times > _MOST:
        raise ScriptError(f"invalid repetition in series values: {times}", remedy=f"repeat at most {_MOST} times")
    if item["first"] == "_":
        return [None] * (times if item["times"] else 1)
    if item["first"].startswith("{{"):
        return [HISTOGRAM] * (times + 1)
    value = STALE if item["first"].lower() == "stale" else _number(item["first"])
    by = _number(item["by"]) if item["by"] else None
    points: list[Point] = [value]
    for _ in range(times):
        value = value if by is None else value + by
        points.append(value)
    return points


def _number(text: str) -> float:
    sign, size = (-1.0, text[1:]) if text[0] == "-" else (1.0, text.removeprefix("+"))
    if size[:2].lower() == "0x":
        return sign * int(size, 16)
    if size[-1].isalpha() and size.lower() not in ("inf", "nan"):
        return sign * duration(size) / SECOND
    return sign * float(size)
