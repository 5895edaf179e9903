"""Parameters of Prometheus' HTTP API, read as upstream reads them (``web/api/v1/api.go``)."""

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from labkit import durations
from labkit.clock import SECOND, Millis

Pairs = Sequence[tuple[str, str]]

LIMIT = 2**63 - 1
BEGIN: Millis = -(2**53)
"""The default of ``start``: before all samples."""
END: Millis = 2**53
"""The default of ``end``: after all samples."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_FLOAT = re.compile(
    r"[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:inf|infinity)|nan", re.ASCII | re.IGNORECASE
)
_BOUNDS = {"-292273086-05-16T16:47:06Z": BEGIN, "292277025-08-18T07:12:54.999999999Z": END}
"""Upstream's own least and greatest times, which its clients send."""
_NANOSECONDS = 2**63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ParameterError(Exception):
    """A parameter that is missing or cannot be read: Prometheus answers ``bad_data``."""


def invalid(name: str, why: object) -> ParameterError:
    """A :class:`ParameterError` in upstream's words."""
    return ParameterError(f'invalid parameter "{name}": {why}')


class Parameters:
    """The parameters of one request; of one given several times the first counts."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs

    def all(self, name: str) -> list[str]:
        """Every value of a parameter."""
        return [value for key, value in self._pairs if key == name]

    def get(self, name: str) -> str:
        """The value of a parameter, or nothing."""
        return next(iter(self.all(name)), "")

    def time(self, name: str) -> Millis:
        """A time that must be given: seconds since the epoch, or RFC 3339."""
        return self._read(name, self.get(name), _time)

    def time_or(self, name: str, default: Millis) -> Millis:
        """A time, or ``default`` where none is given."""
        text = self.get(name)
        if not text:
            return default
        try:
            return _time(text)
        except ValueError as error:
            raise invalid(name, f"invalid time value for '{name}': {error}") from error

    def duration(self, name: str) -> Millis:
        """A duration: seconds, or as PromQL writes it; of a part of a millisecond nothing."""
        return self._read(name, self.get(name), _duration)

    def limit(self) -> int:
        """How much is asked for at most; 0 without a limit."""
        limit = self._read("limit", self.get("limit") or "0", _integer)
        if limit < 0:
            raise invalid("limit", "limit must be non-negative")
        return limit

    def number(self, name: str) -> int | None:
        """A whole number, or ``None`` where none is given."""
        text = self.get(name)
        try:
            return _integer(text) if text else None
        except ValueError as error:
            raise ParameterError(f"{name} must be a number") from error

    def _read(self, name: str, text: str, read: Callable[[str], int]) -> int:
        try:
            return read(text)
        except ValueError as error:
            raise invalid(name, error) from error


def _integer(text: str) -> int:
    """Go's ``strconv.Atoi``."""
    if not _INTEGER.fullmatch(text):
        raise ValueError(f"strconv.Atoi: parsing {quoted(text)}: invalid syntax")
    if len(text) > 20 or not -LIMIT <= int(text) <= LIMIT:
        raise ValueError(f"strconv.Atoi: parsing {quoted(text)}: value out of range")
    return int(text)


def _seconds(text: str) -> float | None:
    """A plain number of seconds; ``None`` if the text is no number."""
    return float(text) if _FLOAT.fullmatch(text) else None


def _time(text: str) -> Millis:
    """To the nearest millisecond; what upstream takes for some time in another age is refused."""
    seconds = _seconds(text)
    if seconds is not None and math.isfinite(seconds) and abs(seconds) * SECOND < END:
        rest, whole = math.modf(seconds)
        return int(whole) * SECOND + int(math.copysign(math.floor(abs(rest) * SECOND + 0.5), rest))
    if text in _BOUNDS:
        return _BOUNDS[text]
    found = _RFC3339.fullmatch(text)
    if not found:
        raise ValueError(f"cannot parse {quoted(text)} to a valid timestamp")
    fraction = (found[1] or "")[:3].ljust(3, "0")
    try:
        moment = datetime.fromisoformat(re.sub(r"\.\d+", "", text))
    except ValueError as error:
        raise ValueError(f"cannot parse {quoted(text)} to a valid timestamp") from error
    return (moment - _EPOCH) // timedelta(milliseconds=1) + int(fraction)


def _duration(text: str) -> Millis:
    seconds = _seconds(text)
    if seconds is not None:
        if abs(seconds) * 1e9 > _NANOSECONDS:
            raise ValueError(f"cannot parse {quoted(text)} to a valid duration. It overflows int64")
        return 0 if math.isnan(seconds) else int(seconds * SECOND)
    try:
        return durations.duration(text)
    except ValueError as error:
        raise ValueError(f"cannot parse {quoted(text)} to a valid duration") from error


def quoted(text: str) -> str:
    """A text as Go's ``%q`` writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'
