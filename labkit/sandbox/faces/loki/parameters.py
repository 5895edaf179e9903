"""Parameters of Loki's HTTP API, read as upstream reads them (``pkg/loghttp/params.go``). Times in nanoseconds."""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from labkit.logql.units import SECOND, number, prometheus_duration
from labkit.signals.streams import Nanos

Pairs = Sequence[tuple[str, str]]

LIMIT = 100
"""Lines in an answer, unless another number is asked for."""
SINCE: Nanos = 3600 * SECOND
"""How far back a query reaches that does not say when it starts."""

_FURTHEST = 2**62
_WHOLE = re.compile(r"[+-]?\d+")
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ParameterError(Exception):
    """A parameter that is missing or cannot be read: Loki answers 400 with these words."""


class Parameters:
    """The parameters of one request; of one given several times the first counts. ``now`` is the present."""

    def __init__(self, pairs: Pairs, now: Nanos) -> None:
        self._pairs = pairs
        self.now = now

    def all(self, name: str) -> list[str]:
        """Every value of a parameter."""
        return [value for key, value in self._pairs if key == name]

    def get(self, name: str) -> str:
        """The value of a parameter, or nothing."""
        return next(iter(self.all(name)), "")

    def time(self, name: str, default: Nanos) -> Nanos:
        """A time: nanoseconds, seconds (whole with at most ten digits, or with a fraction), or RFC 3339."""
        text = self.get(name)
        return _time(text) if text else default

    def bounds(self) -> tuple[Nanos, Nanos]:
        """``start`` and ``end``: by default the last hour, or what ``since`` says."""
        try:
            since = prometheus_duration(self.get("since")) if self.get("since") else SINCE
        except ValueError as error:
            raise ParameterError(f"could not parse 'since' parameter: {error}") from error
        try:
            end = self.time("end", self.now)
        except ParameterError as error:
            raise ParameterError(f"could not parse 'end' parameter: {error}") from error
        try:
            return self.time("start", min(end, self.now) - since), end
        except ParameterError as error:
            raise ParameterError(f"could not parse 'start' parameter: {error}") from error

    def ordered_bounds(self) -> tuple[Nanos, Nanos]:
        """``start`` and ``end``, which must not be before it."""
        start, end = self.bounds()
        if end < start:
            raise ParameterError("end timestamp must not be before or equal to start time")
        return start, end

    def step(self, start: Nanos, end: Nanos) -> Nanos:
        """The step of a range query: by default a 250th of the range, in whole seconds."""
        step = self.duration("step", max((end - start) // SECOND // 250, 1) * SECOND)
        if step <= 0:
            raise ParameterError(
                "zero or negative query resolution step widths are not accepted. Try a positive integer"
            )
        return step

    def interval(self) -> Nanos:
        """How far apart lines must be."""
        interval = self.duration("interval", 0)
        if interval < 0:
            raise ParameterError("interval must be >= 0")
        return interval

    def duration(self, name: str, default: Nanos) -> Nanos:
        """A duration: seconds, or as PromQL writes it."""
        text = self.get(name)
        return _duration(text) if text else default

    def limit(self, name: str = "limit", default: int = LIMIT) -> int:
        """How much is asked for at most."""
        text = self.get(name)
        if not text:
            return default
        if not _WHOLE.fullmatch(text):
            raise ParameterError(f'strconv.Atoi: parsing "{text}": invalid syntax')
        limit = int(text[:24])
        if limit <= 0:
            raise ParameterError("limit must be a positive value")
        if limit >= 2**32:
            raise ParameterError(f"limit value {limit} is out of range [0, {2**32 - 1}]")
        return limit

    def forward(self) -> bool:
        """Whether the oldest lines are asked for, not the newest."""
        text = self.get("direction")
        if text.upper() not in ("", "FORWARD", "BACKWARD"):
            raise ParameterError(f"invalid direction '{text}'")
        return text.upper() == "FORWARD"


def _time(text: str) -> Nanos:
    if "." in text:
        try:
            return _bounded(number(text) * SECOND, text)
        except ValueError:
            pass  # it may be RFC 3339
    if _WHOLE.fullmatch(text) and len(text) < 24:
        return _bounded(int(text) * (SECOND if len(text) <= 10 else 1), text)
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise ParameterError(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    try:
        moment = datetime.fromisoformat(found[1] + found[3].replace("Z", "+00:00"))
    except ValueError as error:
        raise ParameterError(f'parsing time "{text}": {error}') from error
    return (moment - _EPOCH) // timedelta(seconds=1) * SECOND + int((found[2] or "0").ljust(9, "0"))


def _bounded(nanos: float, text: str) -> Nanos:
    if not math.isfinite(nanos) or abs(nanos) > _FURTHEST:
        raise ParameterError(f'strconv.ParseInt: parsing "{text}": value out of range')
    return nanos if isinstance(nanos, int) else round(nanos / 1_000_000) * 1_000_000


def _duration(text: str) -> Nanos:
    try:
        seconds = number(text)
    except ValueError:
        try:
            return prometheus_duration(text)
        except ValueError as error:
            raise ParameterError(f'cannot parse "{text}" to a valid duration') from error
    if not math.isfinite(seconds) or abs(seconds * SECOND) > _FURTHEST:
        raise ParameterError(f'cannot parse "{text}" to a valid duration. It overflows int64')
    return round(seconds * SECOND)
