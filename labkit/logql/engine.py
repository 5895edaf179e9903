"""The engine: queries in, results out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.logql import syntax
from labkit.logql.arithmetic import MetricValue
from labkit.logql.evaluation import Evaluation
from labkit.logql.failures import EvaluationError, LimitError
from labkit.logql.parser import parse
from labkit.logql.selection import entries
from labkit.logql.work import Work
from labkit.promql.result import Matrix, Scalar, Vector
from labkit.promql.values import Numbers
from labkit.signals.labels import Labels
from labkit.signals.source import StreamSource
from labkit.signals.streams import Nanos

_MILLISECOND: Nanos = 1_000_000
_SORTED = ("sort", "sort_desc")


@dataclass(frozen=True)
class Streams:
    """Lines by the labels they have at the end of the pipeline, sorted by labels; times in nanoseconds."""

    labels: list[Labels]
    entries: list[list[tuple[Nanos, str]]]

    @property
    def count(self) -> int:
        """How many lines there are."""
        return sum(map(len, self.entries))


Result = Streams | Vector | Matrix | Scalar


class Engine:
    """Answers LogQL from one source of log streams. Times are nanoseconds; those of samples, milliseconds."""

    def __init__(self, source: StreamSource) -> None:
        self._source = source

    def instant(self, query: str, time: Nanos, work: Work | None = None) -> Vector | Scalar:
        """The value of a metric query at ``time``.

        Raises :class:`~labkit.errors.QueryError` if it is malformed, a log query, or has no answer.
        """
        tree, work = parse(query), work or Work()
        if isinstance(tree, syntax.LogQuery):
            raise EvaluationError(
                "log queries are not supported as an instant query type, please change your query to a range query type"
            )
        value = self._evaluate(tree, np.array([time], np.int64), work)
        if isinstance(value, Numbers):
            return Scalar(time // _MILLISECOND, float(value.values[0]))
        shown = np.flatnonzero(value.present[:, 0])
        work.answer(len(shown))
        if not _sorts(tree):
            shown = np.array(sorted(shown, key=lambda row: value.labels[row]), np.intp)
        return Vector(time // _MILLISECOND, [value.labels[row] for row in shown], value.values[shown, 0])

    def range(self, query: str, start: Nanos, end: Nanos, step: Nanos, work: Work | None = None) -> Matrix:
        """The values of a metric query from ``start`` to ``end``, both included, every ``step``."""
        tree, work = parse(query), work or Work()
        if isinstance(tree, syntax.LogQuery):
            raise EvaluationError("only a metric query has values over a range", remedy="count the lines of the query")
        if (end - start) // step > work.limits.points:
            raise LimitError(
                "exceeded maximum resolution of 11,000 points per time series. "
                "Try increasing the value of the step parameter"
            )
        value = self._evaluate(tree, np.arange(start, end + 1, step, dtype=np.int64), work)
        times = np.arange(start, end + 1, step, dtype=np.int64) // _MILLISECOND
        if isinstance(value, Numbers):
            return Matrix([Labels()], times, value.values[None, :], np.ones((1, len(times)), bool))
        work.answer(int(value.present.any(axis=1).sum()))
        order = sorted(range(len(value.labels)), key=value.labels.__getitem__)
        return Matrix([value.labels[row] for row in order], times, value.values[order], value.present[order])

    def lines(
        self,
        query: str,
        start: Nanos,
        end: Nanos,
        *,
        limit: int = 100,
        forward: bool = False,
        interval: Nanos = 0,
        work: Work | None = None,
    ) -> Streams:
        """The first or last ``limit`` lines of a log query with ``start <= time < end``, ``interval`` apart at least."""
        tree = parse(query)
        if not isinstance(tree, syntax.LogQuery):
            raise EvaluationError("a metric query has no lines", remedy="ask for its value")
        found: dict[Labels, list[tuple[Nanos, str]]] = {}
        last: Nanos | None = None
        taken = 0
        for entry in entries(self._source, tree, start, end, work or Work(), forward=forward):
            if last is not None and abs(entry.time - last) < interval:
                continue
            found.setdefault(entry.labels, []).append((entry.time, entry.line))
            last, taken = entry.time, taken + 1
            if taken == limit:
                break
        labels = sorted(found)
        return Streams(labels, [found[one] for one in labels])

    def _evaluate(self, tree: syntax.MetricQuery, steps: NDArray[np.int64], work: Work) -> MetricValue:
        return Evaluation(self._source, steps, work).evaluate(tree)


def is_log_query(query: str) -> bool:
    """Whether a query gives lines, not values; :class:`~labkit.logql.failures.ParseError` if it is none."""
    return isinstance(parse(query), syntax.LogQuery)


def _sorts(node: syntax.Query) -> bool:
    """Whether the order of an instant answer is by value."""
    match node:
        case syntax.VectorAggregation(op, inner):
            return op in _SORTED or _sorts(inner)
        case syntax.BinaryOperation(_, left, right):
            return _sorts(left) or _sorts(right)
        case syntax.LabelReplace(inner):
            return _sorts(inner)
    return False
