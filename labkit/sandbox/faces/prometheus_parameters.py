"""Parameters of Prometheus' HTTP API, read as upstream reads them (``web/api/v1/api.go``)."""

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from labkit.clock import DAY, HOUR, MINUTE, SECOND, Millis

Pairs = Sequence[tuple[str, str]]

_UNITS = {"y": 365 * DAY, "w": 7 * DAY, "d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND, "ms": 1}
_DURATION = re.compile(r"(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_FURTHEST = 2**53


class ParameterError(Exception):
    """A parameter that is missing or cannot be read: Prometheus answers ``bad_data``."""


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

    def time(self, name: str, default: Millis | None = None) -> Millis:
        """A time: seconds since the epoch, or RFC 3339."""
        text = self.get(name)
        if not text and default is not None:
            return default
        return self._read(name, text, _time)

    def duration(self, name: str) -> Millis:
        """A duration: seconds, or as PromQL writes it."""
        return self._read(name, self.get(name), _duration)

    def limit(self) -> int | None:
        """How much is asked for at most; ``None`` without a limit."""
        text = self.get("limit")
        if not text:
            return None
        if not text.isdecimal():
            raise ParameterError('invalid parameter "limit": limit must be non-negative')
        return int(text) or None

    def _read(self, name: str, text: str, read: Callable[[str], Millis]) -> Millis:
        try:
            return read(text)
        except ValueError as error:
            raise ParameterError(f'invalid parameter "{name}": {error}') from error


def _seconds(text: str) -> Millis | None:
    """Milliseconds of a plain number of seconds; ``None`` if the text is no such number."""
    try:
        value = float(text) * SECOND
    except ValueError:
        return None
    return round(value) if math.isfinite(value) and abs(value) < _FURTHEST else None


def _time(text: str) -> Millis:
    seconds = _seconds(text)
    if seconds is not None:
        return seconds
    if not _RFC3339.fullmatch(text):
        raise ValueError(f'cannot parse "{text}" to a valid timestamp')
    return round((datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * SECOND)


def _duration(text: str) -> Millis:
    seconds = _seconds(text)
    if seconds is not None:
        return seconds
    if not text or not _DURATION.fullmatch(text):
        raise ValueError(f'cannot parse "{text}" to a valid duration')
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([a-z]+)", text))
