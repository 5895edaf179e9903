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


def human(seconds: int) -> str:
    """``45s``, ``2m30s``, ``7m``, ``3h12m``, ``12d``: apimachinery's ``duration.HumanDuration``."""
    if seconds < 0:
        return "0s" if seconds >= -1 else "<invalid>"
    if seconds < 120:
        return f"{seconds}s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return _two(days, "d", hours % 24, "h")
    if days < 730:
        return f"{days}d"
    return _two(days // 365, "y", days % 365, "d") if days < 8 * 365 else f"{days // 365}y"


def _two(large: int, unit: str, small: int, smaller: str) -> str:
    return f"{large}{unit}{small}{smaller}" if small else f"{large}{unit}"


def labels(found: dict[str, str] | None) -> str:
    """``a=b,c=d``, or ``<none>``."""
    return ",".join(f"{key}={value}" for key, value in sorted((found or {}).items())) or NONE


def images(template: Object) -> tuple[str, str]:
    """The containers' names and their images, joined by commas."""
    containers = template["spec"]["containers"]
    return ",".join(c["name"] for c in containers), ",".join(c["image"] for c in containers)
