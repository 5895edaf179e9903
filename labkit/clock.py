"""Virtual time: a clock that moves only when it is told to, and a schedule of what happens when.

A time is an ``int`` of milliseconds since the Unix epoch, called ``Millis``; a duration is an
``int`` of milliseconds too. Nothing here, and nothing that lives in the world, reads the wall
clock; who drives a clock (the wall, a grader, a recording) is the business of the sandbox.
"""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime

from labkit.errors import ClockError

Millis = int

SECOND: Millis = 1_000
MINUTE: Millis = 60 * SECOND
HOUR: Millis = 60 * MINUTE
DAY: Millis = 24 * HOUR

EPOCH: Millis = int(datetime(2025, 11, 28, 12, tzinfo=UTC).timestamp()) * SECOND
"""Where a manual clock starts: 2025-11-28T12:00:00Z, the specification's own day."""


def rfc3339(time: Millis, *, micros: bool = False) -> str:
    """``time`` as Kubernetes writes it: ``Time`` in whole seconds, or ``MicroTime``."""
    moment = datetime.fromtimestamp(time // SECOND, UTC).isoformat()[:19]  # strftime takes twenty times as long
    return f"{moment}.{time % SECOND:03d}000Z" if micros else f"{moment}Z"


def parse_rfc3339(text: str) -> Millis:
    """The inverse of :func:`rfc3339`; raises :class:`ClockError` on anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ClockError(f"{text!r} is not an RFC 3339 time", remedy="write 2025-11-28T12:00:00Z") from None
    if moment.tzinfo is None:
        raise ClockError(f"{text!r} has no time zone", remedy="end it with Z for UTC")
    return round(moment.timestamp() * SECOND)


class Clock:
    """The present, and a heap of (time, order of asking, callback) still to come.

    Callbacks due at the same time run in the order in which they were asked for, so a run depends
    on nothing but its inputs.
    """

    def __init__(self, start: Millis = EPOCH) -> None:
        self._now = start
        self._order = 0
        self._due: list[tuple[Millis, int, Callable[[], None]]] = []

    @property
    def now(self) -> Millis:
        """The present, in virtual milliseconds since the Unix epoch."""
        return self._now

    def call_at(self, when: Millis, callback: Callable[[], None]) -> None:
        """Run ``callback`` when the clock reaches ``when`` (at once on the next advance if past)."""
        heapq.heappush(self._due, (max(when, self._now), self._order, callback))
        self._order += 1

    def call_later(self, delay: Millis, callback: Callable[[], None]) -> None:
        """Run ``callback`` after ``delay`` virtual milliseconds."""
        self.call_at(self._now + delay, callback)

    def next_event(self) -> Millis | None:
        """When the next callback is due, or ``None`` if nothing is."""
        return self._due[0][0] if self._due else None

    def advance(self, to: Millis) -> None:
        """Move to ``to``, running what falls due on the way, each at its own time."""
        if to < self._now:
            raise ClockError(
                f"time cannot go back from {rfc3339(self._now, micros=True)} to {rfc3339(to, micros=True)}",
                remedy="ask for a time that is not in the past",
            )
        while self._due and self._due[0][0] <= to:
            self._now, _, callback = heapq.heappop(self._due)
            callback()
        self._now = to
