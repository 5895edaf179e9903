"""The engine: queries in, results out."""

from dataclasses import replace

import numpy as np

from labkit.clock import Millis
from labkit.promql.evaluation import Evaluation
from labkit.promql.failures import ExecutionError, MalformedQueryError
from labkit.promql.limits import limited, within
from labkit.promql.options import DEFAULT, Options
from labkit.promql.parsing import parsed
from labkit.promql.query import Query
from labkit.promql.result import Matrix, Result, Scalar, String, Vector
from labkit.promql.selector import Source
from labkit.promql.values import Lines, Numbers, Ranges, Steps, Text, Value, tidy
from labkit.signals.labels import Labels

_OUT_OF_MEMORY = "query processing would load too many samples into memory in query execution"


class Engine:
    """Answers PromQL from one source of series, as ``options`` say."""

    def __init__(self, source: Source, options: Options = DEFAULT) -> None:
        self._source = source
        self._options = options

    def under(self, *, lookback: Millis | None = None, timeout: float | None = None) -> "Engine":
        """The same engine with other settings, where they are given; more time than it has it is not given."""
        options = replace(
            self._options,
            lookback=self._options.lookback if lookback is None else lookback,
            timeout=self._options.timeout if timeout is None else min(timeout, self._options.timeout),
        )
        return Engine(self._source, options)

    def instant(self, query: str, time: Millis) -> Result:
        """The value of ``query`` at ``time``: of a range vector, the samples as they are.

        Raises :class:`~labkit.errors.QueryError` if it is malformed, has no answer, or takes too much.
        """
        asked = parsed(query, self._options)
        result = _instant(self._value(asked, Steps(np.array([time], np.int64), time, time, asked.places.moments)), time)
        return replace(result, annotations=asked.notes.annotations())

    def range(self, query: str, start: Millis, end: Millis, step: Millis) -> Matrix:
        """The values of ``query`` from ``start`` to ``end``, both included, every ``step``."""
        if step <= 0:
            raise ValueError("the step must be positive")
        asked = parsed(query, self._options)
        steps = Steps(np.arange(start, end + 1, step, dtype=np.int64), start, end, asked.places.moments)
        value = self._value(asked, steps)
        if isinstance(value, Numbers):
            values = value.values[None, :]
            matrix = Matrix([Labels()], steps.times, values, np.ones(values.shape, bool))
        elif isinstance(value, Lines):
            order = np.array(sorted(range(len(value.labels)), key=value.labels.__getitem__), np.intp)
            sorted_ = value.rows(order)
            matrix = Matrix(sorted_.labels, steps.times, sorted_.values, sorted_.present)
        else:
            kind = "string" if isinstance(value, Text) else "range vector"
            raise MalformedQueryError(
                f'invalid expression type "{kind}" for range query, must be Scalar or instant Vector'
            )
        return replace(matrix, annotations=asked.notes.annotations())

    def _value(self, asked: Query, steps: Steps) -> Value:
        with within(self._options):
            try:
                value = Evaluation(self._source, asked).evaluate(asked.tree, steps)
                if isinstance(value, Lines) and self._options.delayed_names:
                    return tidy(value.settled())
            except MemoryError as error:  # what the limit lets through may yet be more than the machine has
                raise ExecutionError(_OUT_OF_MEMORY) from error
            return value


def _instant(value: Value, time: Millis) -> Result:
    if isinstance(value, Numbers):
        return Scalar(time, float(value.values[0]))
    if isinstance(value, Text):
        return String(time, value.value)
    if isinstance(value, Ranges):
        return _samples(value)
    shown = np.flatnonzero(value.present[:, 0])
    return Vector(time, [value.labels[row] for row in shown], value.values[shown, 0])


def _samples(ranges: Ranges) -> Matrix:
    """The samples of a range vector's one window, on the times of all of them."""
    cut = [(bundle, slice(int(bundle.low[0]), int(bundle.high[0]))) for bundle in ranges.bundles]
    parts = [bundle.times[window] for bundle, window in cut]
    times = np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)
    limited(len(ranges.labels) * len(times))
    values = np.zeros((len(ranges.labels), len(times)))
    present = np.zeros(values.shape, bool)
    for bundle, window in cut:
        at = np.ix_(np.array(bundle.rows), times.searchsorted(bundle.times[window]))
        values[at] = bundle.values[:, window]
        present[at] = True
    shown = np.flatnonzero(present.any(axis=1))
    return Matrix([ranges.labels[row] for row in shown], times, values[shown], present[shown])
