"""What expressions are while they are evaluated: arrays over the steps of an evaluation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.clock import Millis
from labkit.promql.failures import ExecutionError
from labkit.signals.labels import NAME, Labels

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Times = NDArray[np.int64]

METADATA = frozenset((NAME, "__type__", "__unit__"))
"""The labels that say what a metric is, and go where the result is another metric (upstream ``DropReserved``)."""


@dataclass(frozen=True)
class Steps:
    """The times at which an expression is evaluated, ascending, and the bounds of the whole query."""

    times: Times
    start: Millis
    end: Millis
    moments: Mapping[int, Millis] = field(default_factory=dict)
    """The times that ``@`` names, by the ids of the selectors and subqueries."""

    def at(self, times: Times) -> "Steps":
        """The same query at other times."""
        return replace(self, times=times)


@dataclass(frozen=True)
class Numbers:
    """A scalar over the steps, of shape (steps,)."""

    values: Floats


@dataclass(frozen=True)
class Text:
    """A string; ``utf8`` is whether it is one to Prometheus, whose strings are bytes."""

    value: str
    utf8: bool = True


@dataclass(frozen=True)
class Lines:
    """An instant vector over the steps: ``values`` and ``present`` have the shape (series, steps)."""

    labels: list[Labels]
    values: Floats
    present: Flags
    dropped: Flags | None = None
    """Of which series the metric's name is still to go, of shape (series,); of none if ``None``."""

    def nameless(self) -> "Lines":
        """The same, with every metric's name to go."""
        return replace(self, dropped=np.ones(len(self.labels), bool))

    def flags(self) -> Flags:
        """Of which series the name is to go, of shape (series,)."""
        return np.zeros(len(self.labels), bool) if self.dropped is None else self.dropped

    def rows(self, index: NDArray[np.intp]) -> "Lines":
        """The series at ``index``."""
        if len(index) == len(self.labels) and bool((index == np.arange(len(index))).all()):
            return self
        dropped = None if self.dropped is None else self.dropped[index]
        return Lines([self.labels[row] for row in index], self.values[index], self.present[index], dropped)

    def settled(self) -> "Lines":
        """With the names gone that are to go."""
        if self.dropped is None or not self.dropped.any():
            return Lines(self.labels, self.values, self.present)
        labels = [
            series.without(METADATA) if gone else series
            for series, gone in zip(self.labels, self.dropped.tolist(), strict=True)
        ]
        return Lines(labels, self.values, self.present)


def picked(values: NDArray[Any], index: NDArray[np.intp]) -> NDArray[Any]:
    """``values[:, index]``; where ``index`` counts up one by one no sample is copied."""
    if len(index) and index[0] >= 0 and bool((np.diff(index) == 1).all()):
        return values[:, int(index[0]) : int(index[0]) + len(index)]
    return values.take(index, axis=1)


def nothing(steps: int) -> Lines:
    """An instant vector without series."""
    return Lines([], np.zeros((0, steps)), np.zeros((0, steps), bool))


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


def tidy(lines: Lines) -> Lines:
    """Without the series that are nowhere present; those of equal labels joined into one.

    Raises :class:`ExecutionError` if two series of equal labels are present at the same step.
    """
    kept = np.flatnonzero(np.logical_or.reduce(lines.present, axis=1))
    if len(kept) < len(lines.labels):
        lines = lines.rows(kept)
    return merged(lines, lambda _: ExecutionError("vector cannot contain metrics with the same labelset"))


def merged(lines: Lines, fail: Callable[[Labels], ExecutionError]) -> Lines:
    """Rows of equal labels joined into one; raises ``fail(labels)`` where two are present at the same step."""
    places: dict[Labels, int] = {}
    rows = np.array([places.setdefault(series, len(places)) for series in lines.labels], np.intp)
    if len(places) == len(lines.labels):
        return lines
    joined = np.zeros((len(places), lines.values.shape[1]))
    there = np.zeros(joined.shape, bool)
    dropped = np.zeros(len(places), bool)
    for index, row in enumerate(rows):
        if (there[row] & lines.present[index]).any():
            raise fail(lines.labels[index])
        joined[row] = np.where(lines.present[index], lines.values[index], joined[row])
        there[row] |= lines.present[index]
        dropped[row] |= lines.flags()[index]
    return Lines(list(places), joined, there, dropped)
