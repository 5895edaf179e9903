"""A rule's expression at many times at once.

All times are one range query. What would fail at one of them fails the whole query, so a query that
fails is cut in halves until the times at which it fails stand alone; a rule is then evaluated, as in
Prometheus, at every other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labkit.alerting.expression import Expression
from labkit.alerting.until import Until
from labkit.clock import Millis
from labkit.errors import QueryError
from labkit.promql import Engine
from labkit.promql.failures import MalformedQueryError
from labkit.promql.options import Options
from labkit.signals.labels import Labels
from labkit.signals.source import SeriesSource

Times = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

OPTIONS = Options(timeout=float("inf"))
"""A world does not depend on how long its machine takes: the query's own limits of memory hold, no limit of time."""


@dataclass(frozen=True)
class Outcome:
    """What a rule gave: ``values`` and ``present`` are (series, times); ``failures`` are of times that are not there."""

    times: Times
    labels: Sequence[Labels]
    values: Floats
    present: Flags
    failures: tuple[tuple[Millis, str], ...] = ()

    def part(self, begin: int, end: int) -> "Outcome":
        """The times from index ``begin`` to ``end``, without failures."""
        window = slice(begin, end)
        return Outcome(self.times[window], self.labels, self.values[:, window], self.present[:, window])


def evaluate(source: SeriesSource, expression: Expression, times: Times, offset: Millis) -> Outcome:
    """The values at ``times``, ascending by an equal step, each seeing what was ``offset`` before it."""
    if expression.stepwise:
        moments = times.tolist()
        return concatenated([_alone(source, expression, moment, offset) for moment in moments])
    return _together(Engine(source, OPTIONS), expression.text, times, offset)


def _together(engine: Engine, query: str, times: Times, offset: Millis) -> Outcome:
    step = int(times[1] - times[0]) if len(times) > 1 else 1
    try:
        found = engine.range(query, int(times[0]) - offset, int(times[-1]) - offset, step)
    except MalformedQueryError as error:  # of a wrong type, whenever it is evaluated
        return _failed(times, error.what)
    except QueryError as error:
        if len(times) == 1:
            return _failed(times, error.what)
        half = len(times) // 2
        return concatenated([_together(engine, query, part, offset) for part in (times[:half], times[half:])])
    return Outcome(times, found.labels, found.values, found.present)


def _alone(source: SeriesSource, expression: Expression, time: Millis, offset: Millis) -> Outcome:
    """One evaluation that sees nothing later than its own time."""
    engine = Engine(Until(source, time - offset), OPTIONS)
    return _together(engine, expression.text, np.array([time], np.int64), offset)


def _failed(times: Times, what: str) -> Outcome:
    empty = np.zeros((0, 0))
    return Outcome(times[:0], [], empty, empty.astype(bool), tuple((time, what) for time in times.tolist()))


def concatenated(parts: Sequence[Outcome]) -> Outcome:
    """Outcomes of one rule, one after the other."""
    if not parts:
        return _failed(np.zeros(0, np.int64), "")
    rows: dict[Labels, int] = {}
    for part in parts:
        for labels in part.labels:
            rows.setdefault(labels, len(rows))
    times = np.concatenate([part.times for part in parts])
    values, present = np.zeros((len(rows), len(times))), np.zeros((len(rows), len(times)), bool)
    begin = 0
    for part in parts:
        end = begin + len(part.times)
        if at := [rows[labels] for labels in part.labels]:
            values[at, begin:end], present[at, begin:end] = part.values, part.present
        begin = end
    return Outcome(times, list(rows), values, present, tuple(one for part in parts for one in part.failures))


def renamed(outcome: Outcome, name: Callable[[Labels], Labels], duplicate: str) -> Outcome:
    """With other labels; a time at which two series would have the same is a failure, called ``duplicate``."""
    return regrouped(outcome, [name(labels) for labels in outcome.labels], duplicate)


def regrouped(outcome: Outcome, labels: Sequence[Labels], duplicate: str) -> Outcome:
    """The rows of ``outcome`` under new ``labels``, those of equal labels joined."""
    places: dict[Labels, list[int]] = {}
    for row, one in enumerate(labels):
        places.setdefault(one, []).append(row)
    if len(places) == len(labels):
        return replace(outcome, labels=list(labels))
    groups = list(places.values())
    counts = np.array([outcome.present[rows].sum(axis=0) for rows in groups])
    values = np.array([np.where(outcome.present[rows], outcome.values[rows], 0.0).sum(axis=0) for rows in groups])
    nan = np.array([(outcome.present[rows] & np.isnan(outcome.values[rows])).any(axis=0) for rows in groups])
    good = (counts <= 1).all(axis=0)
    failures = [*outcome.failures, *((time, duplicate) for time in outcome.times[~good].tolist())]
    values = np.where(nan, np.nan, values)
    return Outcome(outcome.times[good], list(places), values[:, good], counts[:, good] == 1, tuple(sorted(failures)))
