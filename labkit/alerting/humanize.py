"""Numbers for people, as Prometheus' templates print them (upstream ``template/template.go``)."""

import math
from typing import Any

from labkit.clock import SECOND, rfc3339
from labkit.gotemplate.printf import printf

_LARGE = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_SMALL = ("m", "u", "n", "p", "f", "a", "z", "y")
_BINARY = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_LATEST = 253_402_300_799
"""Seconds of the last moment of the year 9999."""


def number(value: Any) -> float:
    """A number, or the text of one; raises :class:`TypeError` or :class:`ValueError` for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        return float(value)
    raise TypeError("can't convert this value to float")


def humanize(value: Any) -> str:
    """With a metric prefix: ``1.235k``, ``20m``."""
    left = number(value)
    if not left or not math.isfinite(left):
        return printf("%.4g", left)
    if abs(left) >= 1:
        return "".join(_scaled(left, 1000.0, _LARGE))
    return "".join(_shrunk(left))


def humanize1024(value: Any) -> str:
    """With a binary prefix: ``1.5ki``."""
    left = number(value)
    if abs(left) <= 1 or not math.isfinite(left):
        return printf("%.4g", left)
    return "".join(_scaled(left, 1024.0, _BINARY))


def humanize_duration(value: Any) -> str:
    """Seconds as days, hours, minutes and seconds, or with a metric prefix."""
    left = number(value)
    if not math.isfinite(left):
        return printf("%.4g", left)
    if not left:
        return "0s"
    if abs(left) < 1:
        return "".join(_shrunk(left)) + "s"
    sign, left = ("-", -left) if left < 0 else ("", left)
    minutes, seconds = divmod(int(left), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    return f"{sign}{minutes}m {seconds}s" if minutes else sign + printf("%.4g", left) + "s"


def humanize_percentage(value: Any) -> str:
    """A ratio as a percentage."""
    return printf("%.4g", number(value) * 100) + "%"


def humanize_timestamp(value: Any) -> str:
    """Seconds since the epoch as a date in UTC."""
    seconds = number(value)
    if not math.isfinite(seconds) or abs(seconds) > _LATEST:
        return printf("%.4g", seconds)
    millis = math.floor(seconds * SECOND)
    fraction = f"{millis % SECOND / SECOND:.3f}".rstrip("0")[1:].rstrip(".")
    return rfc3339(millis).replace("T", " ").removesuffix("Z") + fraction + " +0000 UTC"


def _scaled(left: float, base: float, prefixes: tuple[str, ...]) -> tuple[str, str]:
    prefix = ""
    for bigger in prefixes:
        if abs(left) < base:
            break
        prefix, left = bigger, left / base
    return printf("%.4g", left), prefix


def _shrunk(left: float) -> tuple[str, str]:
    prefix = ""
    for smaller in _SMALL:
        if abs(left) >= 1:
            break
        prefix, left = smaller, left * 1000
    return printf("%.4g", left), prefix
