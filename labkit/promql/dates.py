"""Parts of dates: the value of a series is seconds since the epoch, in UTC."""

from collections.abc import Callable
from typing import Any

import numpy as np

from labkit.promql.values import Floats, Lines

Dates = Any
"""An array of datetime64, for which numpy's own types say nothing of units."""

_FURTHEST = 2.0**56
"""A number of seconds from which on numpy has no date."""


def _days(when: Dates) -> Dates:
    return when.astype("datetime64[D]")


def _since(when: Dates, unit: str, whole: str) -> Dates:
    """Whole ``unit``s since the start of the ``whole``."""
    began = when.astype(f"datetime64[{whole}]")
    return (when.astype(f"datetime64[{unit}]") - began.astype(f"datetime64[{unit}]")).astype(np.int64)


def _days_in_month(when: Dates) -> Dates:
    month = when.astype("datetime64[M]")
    return ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64)


PARTS: dict[str, Callable[[Dates], Dates]] = {
    "minute": lambda when: _since(when, "m", "h"),
    "hour": lambda when: _since(when, "h", "D"),
    "day_of_week": lambda when: (_days(when).astype(np.int64) + 4) % 7,  # the epoch began on a Thursday
    "day_of_month": lambda when: _since(when, "D", "M") + 1,
    "day_of_year": lambda when: _since(when, "D", "Y") + 1,
    "days_in_month": _days_in_month,
    "month": lambda when: when.astype("datetime64[M]").astype(np.int64) % 12 + 1,
    "year": lambda when: when.astype("datetime64[Y]").astype(np.int64) + 1970,
}
"""By function: the part of dates of type ``datetime64[s]``."""


def part(name: str, lines: Lines) -> Lines:
    """The part ``name`` of every value; NaN for a value that is no time."""
    return Lines(lines.labels, _part(name, lines.values), lines.present).nameless()


def _part(name: str, seconds: Floats) -> Floats:
    valid = np.abs(seconds) < _FURTHEST
    when = np.where(valid, seconds, 0.0).astype(np.int64).astype("datetime64[s]")
    return np.where(valid, PARTS[name](when).astype(np.float64), np.nan)
