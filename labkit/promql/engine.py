"""The engine: queries in, results out."""

import numpy as np

from labkit.clock import Millis
from labkit.promql.evaluation import Evaluation
from labkit.promql.failures import MalformedQueryError
from labkit.promql.parsing import parse
from labkit.promql.result import Matrix, Result, Scalar, String, Vector
from labkit.promql.selector import Source
from labkit.promql.values import Lines, Numbers, Ranges, Steps, Text
from labkit.signals.labels import Labels


class Engine:
    """Answers PromQL from one source of series."""

    def __init__(self, source: Source) -> None:
        self._evaluation = Evaluation(source)

    def instant(self, query: str, time: Millis) -> Result:
        """The value of ``query`` at ``time``: of a range vector, the samples as they are.

        Raises :class:`~labkit.errors.QueryError` if it is malformed or has no answer.
        """
        value = self._evaluation.evaluate(parse(query), Steps(np.array([time], np.int64), time, time))
        if isinstance(value, Numbers):
            return Scalar(time, float(value.values[0]))
        if isinstance(value, Text):
            return String(time, value.value)
        if isinstance(value, Ranges):
            return _samples(value)
        shown = np.flatnonzero(value.present[:, 0])
        return Vector(time, [value.labels[row] for row in shown], value.values[shown, 0])

    def range(self, query: str, start: Millis, end: Millis, step: Millis) -> Matrix:
        """The values of ``query`` from ``start`` to ``end``, both included, every ``step``."""
        if step <= 0:
            raise ValueError("the step must be positive")
        steps = Steps(np.arange(start, end + 1, step, dtype=np.int64), start, end)
        value = self._evaluation.evaluate(parse(query), steps)
        if isinstance(value, Numbers):
            values = value.values[None, :]
            return Matrix([Labels()], steps.times, values, np.ones(values.shape, bool))
        if not isinstance(value, Lines):
            kind = "string" if isinstance(value, Text) else "range vector"
            raise MalformedQueryError(
                f'invalid expression type "{kind}" for range query, must be Scalar or instant Vector'
            )
        order = sorted(range(len(value.labels)), key=value.labels.__getitem__)
        return Matrix([value.labels[row] for row in order], steps.times, value.values[order], value.present[order])


def _samples(ranges: Ranges) -> Matrix:
    """The samples of a range vector's one window, on the times of all of them."""
    cut = [(bundle, slice(int(bundle.low[0]), int(bundle.high[0]))) for bundle in ranges.bundles]
    parts = [bundle.times[window] for bundle, window in cut]
    times = np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)
    values = np.zeros((len(ranges.labels), len(times)))
    present = np.zeros(values.shape, bool)
    for bundle, window in cut:
        at = np.ix_(np.array(bundle.rows), times.searchsorted(bundle.times[window]))
        values[at] = bundle.values[:, window]
        present[at] = True
    shown = np.flatnonzero(present.any(axis=1))
    return Matrix([ranges.labels[row] for row in shown], times, values[shown], present[shown])
