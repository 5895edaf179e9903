"""The value of a metric query over the steps of an evaluation, by the type of its node."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.logql import syntax
from labkit.logql.arithmetic import MetricValue, aggregated, calculated, relabelled
from labkit.logql.failures import EvaluationError
from labkit.logql.over_time import Windows, over_time
from labkit.logql.sampling import Sampling
from labkit.logql.work import Work
from labkit.promql.values import Lines, Numbers
from labkit.signals.labels import Labels
from labkit.signals.matcher import Match, Matcher
from labkit.signals.source import StreamSource

_SUMMED = ("bytes_rate", "bytes_over_time", "sum_over_time", "rate", "count_over_time")
"""Aggregations that give the same if their series are summed before or after."""


class Evaluation:
    """Evaluates one query at ``steps``: times in nanoseconds, ascending."""

    def __init__(self, source: StreamSource, steps: NDArray[np.int64], work: Work) -> None:
        self._source = source
        self._steps = steps
        self._work = work
        self._methods: dict[type, Callable[[Any], MetricValue]] = {
            syntax.Literal: self._literal,
            syntax.RangeAggregation: lambda node: self._range_aggregation(node, node.grouping),
            syntax.VectorAggregation: self._vector_aggregation,
            syntax.BinaryOperation: lambda node: calculated(node, self.evaluate(node.left), self.evaluate(node.right)),
            syntax.LabelReplace: lambda node: relabelled(node, self._vector(node.inner, "label_replace")),
        }

    def evaluate(self, node: syntax.MetricQuery) -> MetricValue:
        """The value of ``node``: numbers, or series, at every step."""
        return self._methods[type(node)](node)

    def _literal(self, node: syntax.Literal) -> MetricValue:
        values = np.full(len(self._steps), node.value)
        return Lines([Labels()], values[None, :], np.ones((1, len(values)), bool)) if node.vector else Numbers(values)

    def _vector(self, node: syntax.MetricQuery, of: str) -> Lines:
        value = self.evaluate(node)
        if not isinstance(value, Lines):
            raise EvaluationError(f"{of} wants a vector, got a scalar", remedy="write vector(1) for a number")
        return value

    def _vector_aggregation(self, node: syntax.VectorAggregation) -> MetricValue:
        inner = node.inner
        # Sums need not keep apart what they join: a label of many values (a trace's id) then costs nothing.
        if node.op == "sum" and isinstance(inner, syntax.RangeAggregation) and inner.op in _SUMMED:
            grouping = node.grouping or syntax.Grouping(without=False, names=())
            return aggregated(node, self._range_aggregation(inner, grouping))
        return aggregated(node, self._vector(inner, node.op))

    def _range_aggregation(self, node: syntax.RangeAggregation, grouping: syntax.Grouping | None) -> Lines:
        length, offset, steps = node.range.length, node.range.offset, len(self._steps)
        if not steps:
            return Lines([], np.zeros((0, 0)), np.zeros((0, 0), bool))
        ends = self._steps - offset
        found = Sampling(node, grouping, self._work).take(self._source, int(ends[0]) - length + 1, int(ends[-1]) + 1)
        self._work.hold(len(found), steps)
        values, present = np.zeros((len(found), steps)), np.zeros((len(found), steps), bool)
        for row, (times, samples) in enumerate(found.values()):
            self._work.passed(100)
            low = times.searchsorted(ends - length, side="right")
            high = times.searchsorted(ends, side="right")
            present[row] = low < high
            windows = Windows(times, samples, low, high, ends, length, self._work.passed)
            values[row] = over_time(node.op, windows, node.parameter)
        if node.op == "absent_over_time":
            return _absent(node.range.query.matchers, present, steps)
        kept = np.flatnonzero(present.any(axis=1))
        labels = list(found)
        return Lines([labels[row] for row in kept], values[kept], present[kept])


def _absent(matchers: tuple[Matcher, ...], present: NDArray[np.bool_], steps: int) -> Lines:
    """One series of value 1 where there is none, with the labels that the selector says equal something."""
    names = [matcher.name for matcher in matchers]
    told = Labels(
        (matcher.name, matcher.value)
        for matcher in matchers
        if matcher.op is Match.EQUAL and names.count(matcher.name) == 1
    )
    missing = ~np.logical_or.reduce(present, axis=0)
    return Lines([told], np.ones((1, steps)), np.broadcast_to(missing, (1, steps)))
