"""Durations as Prometheus writes them: ``5m``, ``1h30m``, ``90s``."""

import re

from labkit.clock import DAY, HOUR, MINUTE, SECOND, Millis
from labkit.errors import QueryError

_UNITS = {"y": 365 * DAY, "w": 7 * DAY, "d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND, "ms": 1}
_FORM = re.compile("".join(rf"(?:(\d+){unit})?" for unit in _UNITS))
"""The largest unit first, each at most once (Prometheus' ``model.ParseDuration``)."""


def duration(text: str) -> Millis:
    """``text`` in milliseconds; raises :class:`QueryError` if it is no duration, or none at all."""
    match = _FORM.fullmatch(str(text))  # a careless 3600 is no duration either
    total = (
        sum(int(count) * unit for count, unit in zip(match.groups("0"), _UNITS.values(), strict=True)) if match else 0
    )
    if not total:
        raise QueryError(f"{text!r} is not a duration", remedy="write one like '5m', '90s' or '1h30m'")
    return total
