"""Series, values and durations as Prometheus' test scripts write them."""

import re

from labkit.clock import DAY, HOUR, MINUTE, SECOND, Millis
from labkit.errors import QueryError
from labkit.promql.parsing import selector_of
from labkit.signals.labels import Labels
from labkit.signals.series import STALE

Points = list[float | None]
"""Values of one series; ``None`` where there is no sample."""

_SERIES = re.compile(r"""([\w:]*\s*(?:\{(?:[^"'`}]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)*\})?)\s*(.*)""")
_UNITS = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY, "y": 365 * DAY}
_NUMBER = r"[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|0x[0-9a-f]+|inf|nan)"
_ITEM = re.compile(rf"(?P<first>_|stale|{_NUMBER})(?P<by>[+-](?:{_NUMBER}))?(?:x(?P<times>\d+))?", re.IGNORECASE)


def duration(text: str) -> Millis:
    """A duration; a plain number is seconds."""
    if re.fullmatch(r"-?[\d.]+", text):
        return round(float(text) * SECOND)
    parts = re.findall(r"([\d.]+)(ms|[smhdwy])", text)
    return round(sum(float(number) * _UNITS[unit] for number, unit in parts))


def series(text: str) -> tuple[Labels, str]:
    """The labels at the start of a line, and the rest of it."""
    found = _SERIES.fullmatch(text)
    if found is None:
        raise QueryError(f"no series: {text}")
    metric, rest = found[1].strip(), found[2]
    if not metric.strip("{} "):
        return Labels(), rest
    return Labels((matcher.name, matcher.value) for matcher in selector_of(metric)), rest


def values(text: str) -> Points:
    """The values of a line, with ``a+bxn`` expanded: ``a`` and ``n`` more, each by ``b`` greater."""
    return [value for item in text.split() for value in _item(item)]


def _item(text: str) -> Points:
    found = _ITEM.fullmatch(text)
    if found is None:
        raise QueryError(f"not a value of a test script: {text}")
    times = int(found["times"] or 0)
    if found["first"] == "_":
        return [None] * max(times, 1)
    first = STALE if found["first"] == "stale" else _number(found["first"])
    by = _number(found["by"]) if found["by"] else 0.0
    return [first] * (times + 1) if not by else [first + by * place for place in range(times + 1)]


def _number(text: str) -> float:
    return float(int(text, 16)) if "0x" in text.lower() else float(text)
