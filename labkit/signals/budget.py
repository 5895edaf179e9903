"""What a store may read for one who asks: a store says how much it is about to hold, before it does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


def _unlimited(_: int) -> None:
    """Whoever sets no bounds may read all there is."""


_ASKED: ContextVar[Callable[[int], None]] = ContextVar("asked", default=_unlimited)


@contextmanager
def bounded(by: Callable[[int], None]) -> Iterator[None]:
    """While this lasts, ``by`` is told how many samples a store is about to hold, and raises if these are too many."""
    token = _ASKED.set(by)
    try:
        yield
    finally:
        _ASKED.reset(token)


def held(samples: int) -> None:
    """Say that so many samples are about to be held."""
    _ASKED.get()(samples)
