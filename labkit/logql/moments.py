"""Times in templates: Go's layouts, in UTC or a zone (https://pkg.go.dev/time#pkg-constants)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from labkit.errors import QueryError
from labkit.logql.units import SECOND
from labkit.signals.regex import Pattern, compiled, quoted
from labkit.signals.streams import Nanos

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ELEMENT = re.compile(
    r"January|Jan|Monday|Mon|MST|2006|Z07:00|-07:00|-0700|[.,](?:0+|9+)(?!\d)|01|02|03|04|05|06|15|PM|pm|_2|1|2|3|4|5"
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_WRITTEN: dict[str, Callable[[datetime], str]] = {
    "January": lambda time: _MONTHS[time.month - 1],
    "Jan": lambda time: _MONTHS[time.month - 1][:3],
    "Monday": lambda time: _DAYS[time.weekday()],
    "Mon": lambda time: _DAYS[time.weekday()][:3],
    "MST": lambda time: time.tzname() or "UTC",
    "2006": lambda time: f"{time.year:04d}",
    "06": lambda time: f"{time.year % 100:02d}",
    "01": lambda time: f"{time.month:02d}",
    "1": lambda time: str(time.month),
    "02": lambda time: f"{time.day:02d}",
    "_2": lambda time: f"{time.day:2d}",
    "2": lambda time: str(time.day),
    "15": lambda time: f"{time.hour:02d}",
    "03": lambda time: f"{(time.hour + 11) % 12 + 1:02d}",
    "3": lambda time: str((time.hour + 11) % 12 + 1),
    "04": lambda time: f"{time.minute:02d}",
    "4": lambda time: str(time.minute),
    "05": lambda time: f"{time.second:02d}",
    "5": lambda time: str(time.second),
    "PM": lambda time: "AM" if time.hour < 12 else "PM",
    "pm": lambda time: "am" if time.hour < 12 else "pm",
    "Z07:00": lambda time: "Z" if not time.utcoffset() else _offset(time, ":"),
    "-07:00": lambda time: _offset(time, ":"),
    "-0700": lambda time: _offset(time, ""),
}
_READ = {
    "2006": r"(?P<year>\d{4})", "06": r"(?P<short>\d\d)", "01": r"(?P<month>\d\d)", "1": r"(?P<month>\d\d?)",
    "02": r"(?P<day>\d\d)", "2": r"(?P<day>\d\d?)", "_2": r"(?P<day>[ \d]\d)", "15": r"(?P<hour>\d\d)",
    "03": r"(?P<hour>\d\d)", "3": r"(?P<hour>\d\d?)", "04": r"(?P<minute>\d\d)", "4": r"(?P<minute>\d\d?)",
    "05": r"(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?", "5": r"(?P<second>\d\d?)(?:[.,](?P<fraction>\d+))?",
    "January": "(?P<name>[A-Z][a-z]+)", "Jan": "(?P<name>[A-Z][a-z]{2})", "Monday": "[A-Z][a-z]+", "Mon": "[A-Z][a-z]{2}",
    "MST": "[A-Z]{3,4}", "Z07:00": r"(?P<zone>Z|[+-]\d\d:\d\d)", "-07:00": r"(?P<zone>[+-]\d\d:\d\d)",
    "-0700": r"(?P<zone>[+-]\d{4})", "PM": "(?P<half>AM|PM)", "pm": "(?P<half>am|pm)",
}  # fmt: skip


class Moment(str):
    """A time, which prints as Go prints one; ``nanos`` since the epoch."""

    __slots__ = ("nanos",)
    nanos: Nanos

    def __new__(cls, nanos: Nanos) -> Self:
        """The time so many nanoseconds after the epoch."""
        moment = super().__new__(cls, formatted("2006-01-02 15:04:05.999999999 -0700 MST", nanos))
        moment.nanos = nanos
        return moment


def formatted(layout: str, nanos: Nanos) -> str:
    """A time in UTC by a layout of Go's; :class:`ValueError` if it lies outside the years 1 to 9999."""
    seconds, rest = divmod(nanos, SECOND)
    try:
        time = _EPOCH + timedelta(seconds=seconds)
    except OverflowError as error:
        raise ValueError("time is out of range") from error

    def written(element: re.Match[str]) -> str:
        text = element[0]
        if text in _WRITTEN:
            return _WRITTEN[text](time)
        digits = f"{rest:09d}"[: len(text) - 1]
        digits = digits.rstrip("0") if text[1] == "9" else digits
        return text[0] + digits if digits else ""

    return _ELEMENT.sub(written, layout)


def parsed(layout: str, text: str, zone: str = "UTC") -> Nanos:
    """The time that ``text`` means by a layout; of a zone that is unknown, UTC. :class:`ValueError` if it is none."""
    found = _form(layout).fullmatch(text)
    if found is None:
        raise ValueError(f'parsing time "{text}" as "{layout}": cannot parse')
    return _nanos(found.groupdict(), zone)


@lru_cache(maxsize=256)
def _form(layout: str) -> Pattern:
    """What a text of a layout looks like, as a pattern of RE2's: Python's own may take for ever."""
    form, place = "", 0
    for element in _ELEMENT.finditer(layout):
        form += quoted(layout[place : element.start()]) + _READ.get(element[0], "")
        place = element.end()
    try:
        return compiled(form + quoted(layout[place:]))
    except QueryError as error:
        raise ValueError(f'the layout "{layout}" names an element twice, or is too long') from error


def _nanos(parts: dict[str, str | None], zone: str) -> Nanos:
    def number(name: str, default: int) -> int:
        text = parts.get(name)
        return int(text) if text else default

    year = number("year", 0) or (
        number("short", 0) + (2000 if number("short", 0) < 69 else 1900) if parts.get("short") else 1
    )
    month, name = number("month", 1), parts.get("name")
    if name:
        month = next((at for at, full in enumerate(_MONTHS, 1) if full.startswith(name)), 0)
    hour = number("hour", 0)
    if half := parts.get("half"):
        hour = hour % 12 + (12 if half.upper() == "PM" else 0)
    time = datetime(
        year,
        month,
        number("day", 1),
        hour,
        number("minute", 0),
        number("second", 0),
        tzinfo=_zone(parts.get("zone"), zone),
    )
    fraction = int((parts.get("fraction") or "0").ljust(9, "0")[:9])
    return (time - _EPOCH) // timedelta(seconds=1) * SECOND + fraction


def _zone(offset: str | None, name: str) -> tzinfo:
    if offset and offset != "Z":
        return datetime.strptime(offset, "%z").tzinfo or UTC
    try:
        return UTC if offset else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _offset(time: datetime, separator: str) -> str:
    minutes = int((time.utcoffset() or timedelta()).total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{separator}{abs(minutes) % 60:02d}"
