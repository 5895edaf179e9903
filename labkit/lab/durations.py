"""Durations as people give them to a handle or a command."""

from labkit import durations
from labkit.clock import Millis
from labkit.errors import QueryError


def duration(text: str) -> Millis:
    """``text`` in milliseconds; raises :class:`QueryError` if it is no duration, or none at all."""
    try:
        total = durations.duration(text)
    except (TypeError, ValueError):
        total = durations.Duration(0)
    if not total:
        raise QueryError(f"{text!r} is not a duration", remedy="write one like '5m', '90s' or '1h30m'")
    return int(total)
