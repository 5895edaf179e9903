"""Time intervals of Alertmanager: when a route is muted, or active.

Fields and errors: https://prometheus.io/docs/alerting/latest/configuration/#time_interval and upstream
``timeinterval/timeinterval.go``. Within one interval all fields must hold, of several one.
"""

import calendar
import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from labkit.clock import Millis

_WEEKDAYS = {name.lower(): number for number, name in enumerate(("sunday", *map(str.lower, calendar.day_name[:6])))}
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_TIME = re.compile(r"((?:[01]?\d|2[0-3])):([0-5]\d)|(24):(00)", re.ASCII)

Range = tuple[int, int]


class TimeRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the day, as ``HH:MM``; the end is not in it."""

    start_time: str = ""
    end_time: str = ""


class TimeInterval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fields as the file has them."""

    times: tuple[TimeRange, ...] = ()
    weekdays: tuple[str, ...] = ()
    days_of_month: tuple[str, ...] = ()
    months: tuple[str, ...] = ()
    years: tuple[str, ...] = ()
    location: str = "UTC"


class NamedInterval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Intervals under the name by which routes know them."""

    name: str = ""
    time_intervals: tuple[TimeInterval, ...] = ()


Test = Callable[[Millis], bool]


def within(intervals: tuple[TimeInterval, ...]) -> Test:
    """Whether a time lies in one of ``intervals``; raises :class:`ValueError` where one is malformed."""
    tests = [_test(interval) for interval in intervals]
    return lambda time: any(one(time) for one in tests)


def _test(interval: TimeInterval) -> Test:
    zone = _zone(interval.location)
    minutes = [_minutes(one) for one in interval.times]
    weekdays = [_bounds(one, _weekday, "day") for one in interval.weekdays]
    days = [_days(one) for one in interval.days_of_month]
    months = [_bounds(one, _month, "month") for one in interval.months]
    years = [_bounds(one, int, "year") for one in interval.years]

    def holds(time: Millis) -> bool:
        moment = datetime.fromtimestamp(time / 1000, zone)
        minute = moment.hour * 60 + moment.minute
        return (
            (not minutes or any(begin <= minute < end for begin, end in minutes))
            and _within(moment.isoweekday() % 7, weekdays)
            and (not days or any(_day_within(moment, bounds) for bounds in days))
            and _within(moment.month, months)
            and _within(moment.year, years)
        )

    return holds


def _within(value: int, ranges: list[Range]) -> bool:
    return not ranges or any(begin <= value <= end for begin, end in ranges)


def _day_within(moment: datetime, bounds: Range) -> bool:
    """Negative days count from the end of the month, which also bounds the others."""
    last = calendar.monthrange(moment.year, moment.month)[1]
    begin, end = (day if day > 0 else last + day + 1 for day in bounds)
    if begin > last:
        return False
    return max(1, begin) <= moment.day <= min(end, last)


def _zone(name: str) -> tzinfo:
    if name in ("UTC", ""):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name}") from None


def _minutes(one: TimeRange) -> Range:
    if not one.start_time or not one.end_time:
        raise ValueError("both start and end times must be provided")
    begin, end = _minute(one.start_time), _minute(one.end_time)
    if begin >= end:
        raise ValueError("start time cannot be equal or greater than end time")
    return begin, end


def _minute(text: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"couldn't parse timestamp {text}, invalid format")
    return int(found[1] or found[3]) * 60 + int(found[2] or found[4])


def _bounds(text: str, read: Callable[[str], int], what: str) -> Range:
    first, _, last = text.lower().partition(":")
    try:
        begin, end = read(first), read(last or first)
    except ValueError as error:
        raise ValueError(str(error) if what != "year" else f"{text} is not a valid year") from None
    if begin > end:
        if what == "day":
            raise ValueError("start day cannot be before end day")
        raise ValueError(f"end {what} {last} is before start {what} {first}")
    return begin, end


def _weekday(text: str) -> int:
    if text not in _WEEKDAYS:
        raise ValueError(f"{text} is not a valid weekday")
    return _WEEKDAYS[text]


def _month(text: str) -> int:
    number = _MONTHS.get(text) or (int(text) if text.isdecimal() else 0)
    if not 1 <= number <= 12:
        raise ValueError(f"{text} is not a valid month")
    return number


def _days(text: str) -> Range:
    first, _, last = text.partition(":")
    try:
        begin, end = int(first), int(last or first)
    except ValueError:
        raise ValueError(f"{text} is not a valid day of the month") from None
    for day in (begin, end):
        if not 1 <= abs(day) <= 31:
            raise ValueError(f"{day} is not a valid day of the month: out of range")
    if begin < 0 < end:
        raise ValueError("end day must be negative if start day is negative")
    if begin * end > 0 and begin > end:
        raise ValueError(f"end day {end} is always before start day {begin}")
    return begin, end
