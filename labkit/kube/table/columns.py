"""Cells and columns that many tables share: ages, labels, names."""

from typing import Any

from labkit.clock import SECOND, Millis, parse_rfc3339
from labkit.kube.store import Object

Column = dict[str, Any]
Row = list[Any]

NONE = "<none>"


def column(name: str, format_: str = "", *, type_: str = "string", wide: bool = False) -> Column:
    """A column definition; ``wide`` columns show with ``-o wide`` only."""
    return {"name": name, "type": type_, "format": format_, "description": name, "priority": int(wide)}


def age(obj: Object, now: Millis) -> str:
    """The age of an object."""
    return since(obj["metadata"].get("creationTimestamp"), now)


def since(time: str | None, now: Millis) -> str:
    """How long ago an RFC 3339 time was, or ``<unknown>``."""
    return human((now - parse_rfc3339(time)) // SECOND) if time else "<unknown>"


_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400
_SPANS: tuple[tuple[int, tuple[int, str], tuple[int, str] | None], ...] = (
    (2 * _MINUTE, (1, "s"), None),
    (10 * _MINUTE, (_MINUTE, "m"), (1, "s")),
    (3 * _HOUR, (_MINUTE, "m"), None),
    (8 * _HOUR, (_HOUR, "h"), (_MINUTE, "m")),
    (2 * _DAY, (_HOUR, "h"), None),
    (8 * _DAY, (_DAY, "d"), (_HOUR, "h")),
    (2 * _YEAR, (_DAY, "d"), None),
    (8 * _YEAR, (_YEAR, "y"), (_DAY, "d")),
)
"""Below so many seconds: the unit that is shown, and a smaller one beside it."""


def human(seconds: int) -> str:
    """``45s``, ``2m30s``, ``7h12m``, ``12d``: apimachinery's ``duration.HumanDuration``."""
    if seconds < 0:
        return "0s" if seconds >= -1 else "<invalid>"
    for limit, (size, unit), smaller in _SPANS:
        if seconds < limit:
            rest = seconds % size // smaller[0] if smaller else 0
            return f"{seconds // size}{unit}" + (f"{rest}{smaller[1]}" if smaller and rest else "")
    return f"{seconds // _YEAR}y"


def labels(found: dict[str, str] | None) -> str:
    """``a=b,c=d``, or ``<none>``."""
    return ",".join(f"{key}={value}" for key, value in sorted((found or {}).items())) or NONE


def images(template: Object) -> tuple[str, str]:
    """The containers' names and their images, joined by commas."""
    containers = template["spec"]["containers"]
    return ",".join(c["name"] for c in containers), ",".join(c["image"] for c in containers)
