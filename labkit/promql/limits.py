"""What a query may use, of memory and of time.

The limits hold for the thread that evaluates, so that whoever makes an array or goes through a long
loop can ask without being handed them.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from labkit.promql.failures import CanceledError, ExecutionError, TimedOutError
from labkit.promql.options import DEFAULT, Options
from labkit.signals.budget import bounded


@dataclass(frozen=True)
class _Limits:
    samples: int
    deadline: float


_NONE = _Limits(DEFAULT.samples, float("inf"))
_CURRENT: ContextVar[_Limits | None] = ContextVar("limits", default=None)


@contextmanager
def within(options: Options) -> Iterator[None]:
    """While this lasts, queries of this thread are held to the limits of ``options``, the time counting from now."""
    token = _CURRENT.set(_Limits(options.samples, time.monotonic() + options.timeout))
    try:
        with bounded(_affordable):
            yield
    finally:
        _CURRENT.reset(token)


@dataclass
class Tally:
    """What queries have used: the most samples held at once, and all samples looked at."""

    peak: int = 0
    queried: int = 0


_TALLY: ContextVar[Tally | None] = ContextVar("tally", default=None)


@contextmanager
def tallied() -> Iterator[Tally]:
    """While this lasts, what queries of this thread use is counted."""
    tally = Tally()
    token = _TALLY.set(tally)
    try:
        yield tally
    finally:
        _TALLY.reset(token)


def queried(samples: int) -> None:
    """Count samples that a selector has given."""
    tally = _TALLY.get()
    if tally is not None:
        tally.queried += samples


_INTERRUPTED: ContextVar[Callable[[], bool]] = ContextVar("interrupted", default=bool)


@contextmanager
def interruptible(by: Callable[[], bool]) -> Iterator[None]:
    """While this lasts, queries of this thread end when ``by`` says so, or whoever could end them before."""
    before = _INTERRUPTED.get()
    token = _INTERRUPTED.set(lambda: before() or by())
    try:
        yield
    finally:
        _INTERRUPTED.reset(token)


def limited(samples: int) -> None:
    """Raise if a query would hold more samples than it may; asked before an array of so many is made."""
    tally = _TALLY.get()
    if tally is not None:
        tally.peak = max(tally.peak, samples)
    _affordable(samples)


def _affordable(samples: int) -> None:
    """What a store reads is not what a query looks at, and so in no tally, but takes memory too."""
    if samples > (_CURRENT.get() or _NONE).samples:
        raise ExecutionError("query processing would load too many samples into memory in query execution")


def timely() -> None:
    """Raise if the query has taken longer than it may, or nobody waits for it any more."""
    if _INTERRUPTED.get()():
        raise CanceledError("query was canceled in expression evaluation", remedy="ask again")
    if time.monotonic() > (_CURRENT.get() or _NONE).deadline:
        raise TimedOutError("query timed out in expression evaluation", remedy="ask for fewer series or steps")
