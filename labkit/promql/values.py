"""What expressions are while they are evaluated: arrays over the steps of an evaluation."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labkit.clock import Millis
from labkit.promql.failures import ExecutionError
from labkit.signals.labels import NAME, Labels

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Times = NDArray[np.int64]


@dataclass(frozen=True)
class Steps:
    """The times at which an expression is evaluated, ascending, and the bounds of the whole query."""

    times: Times
    start: Millis
    end: Millis

    def at(self, times: Times) -> "Steps":
        """The same query at other times."""
        return replace(self, times=times)


@dataclass(frozen=True)
class Numbers:
    """A scalar over the steps, of shape (steps,)."""

    values: Floats


@dataclass(frozen=True)
class Text:
    """A string."""

    value: str


@dataclass(frozen=True)
class Lines:
    """An instant vector over the steps: ``values`` and ``present`` have the shape (series, steps)."""

    labels: list[Labels]
    values: Floats
    present: Flags


@dataclass(frozen=True)
class Bundle:
    """Series of a range vector that have the same times.

    ``rows`` says which series of the range vector these are; ``values`` has the shape
    (series, times). Step ``s`` sees the samples ``low[s]`` to ``high[s]`` (excluded).
    """

    rows: list[int]
    times: Times
    values: Floats
    low: NDArray[np.intp]
    high: NDArray[np.intp]


@dataclass(frozen=True)
class Ranges:
    """A range vector over the steps: windows ``(end - length, end]``, with ``ends`` of shape (steps,)."""

    labels: list[Labels]
    bundles: list[Bundle]
    ends: Times
    length: Millis

    @property
    def shape(self) -> tuple[int, int]:
        """Series and steps."""
        return len(self.labels), len(self.ends)


Value = Numbers | Text | Lines | Ranges


def unnamed(labels: Iterable[Labels]) -> list[Labels]:
    """The labels without the metric's name."""
    return [series.without((NAME,)) for series in labels]


def tidy(lines: Lines) -> Lines:
    """Without the series that are nowhere present; those of equal labels joined into one.

    Raises :class:`ExecutionError` if two series of equal labels are present at the same step.
    """
    shown = np.logical_or.reduce(lines.present, axis=1)
    kept = [index for index, labels in enumerate(lines.labels) if shown[index]]
    if len({lines.labels[index] for index in kept}) == len(kept):
        if len(kept) == len(lines.labels):
            return lines
        return Lines([lines.labels[index] for index in kept], lines.values[kept], lines.present[kept])

    def fail(_: Labels) -> ExecutionError:
        return ExecutionError("vector cannot contain metrics with the same labelset")

    return merged([lines.labels[index] for index in kept], lines.values[kept], lines.present[kept], fail)


def merged(labels: Sequence[Labels], values: Floats, present: Flags, fail: Callable[[Labels], ExecutionError]) -> Lines:
    """Rows of equal labels joined into one; raises ``fail(labels)`` where two are present at the same step."""
    places: dict[Labels, int] = {}
    rows = np.array([places.setdefault(series, len(places)) for series in labels], np.intp)
    if len(places) == len(labels):
        return Lines(list(labels), values, present)
    joined = np.zeros((len(places), values.shape[1]))
    there = np.zeros(joined.shape, bool)
    for index, row in enumerate(rows):
        if (there[row] & present[index]).any():
            raise fail(labels[index])
        joined[row] = np.where(present[index], values[index], joined[row])
        there[row] |= present[index]
    return Lines(list(places), joined, there)
