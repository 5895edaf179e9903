"""What a query may use, of memory and of time.

The limits hold for the thread that evaluates, so that whoever makes an array or goes through a long
loop can ask without being handed them.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from labkit.promql.failures import ExecutionError, TimedOutError
from labkit.promql.options import DEFAULT, Options


@dataclass(frozen=True)
class _Limits:
    samples: int
    deadline: float


_CURRENT: ContextVar[_Limits] = ContextVar("limits", default=_Limits(DEFAULT.samples, float("inf")))


@contextmanager
def within(options: Options) -> Iterator[None]:
    """While this lasts, queries of this thread are held to the limits of ``options``, the time counting from now."""
    token = _CURRENT.set(_Limits(options.samples, time.monotonic() + options.timeout))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def limited(samples: int) -> None:
    """Raise if a query would hold more samples than it may; asked before an array of so many is made."""
    if samples > _CURRENT.get().samples:
        raise ExecutionError("query processing would load too many samples into memory in query execution")


def timely() -> None:
    """Raise if the query has taken longer than it may."""
    if time.monotonic() > _CURRENT.get().deadline:
        raise TimedOutError("query timed out in expression evaluation", remedy="ask for fewer series or steps")
