"""Samples of a metric query: each line counted, weighed or unwrapped, under the labels of its series."""

from collections.abc import Callable, Sequence
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from labkit.logql import syntax
from labkit.logql.failures import PipelineError
from labkit.logql.filters import label_condition
from labkit.logql.pipeline import cost, prepared, split
from labkit.logql.record import Record
from labkit.logql.units import SECOND, go_duration, number, size
from labkit.logql.work import Work, weight
from labkit.promql.values import Floats
from labkit.signals.labels import Labels
from labkit.signals.source import StreamSource
from labkit.signals.streams import Nanos, Stream

FAILED = "SampleExtractionErr"
_CHUNK = 2_048
_WEIGHED = ("bytes_over_time", "bytes_rate")
_READ: dict[str, Callable[[str], float]] = {
    "": number,
    "bytes": size,
    "duration": lambda text: go_duration(text) / SECOND,
    "duration_seconds": lambda text: go_duration(text) / SECOND,
}

Pairs = tuple[tuple[str, str], ...]
Series = tuple[NDArray[np.int64], Floats]
"""Times in nanoseconds, ascending, and values; of shape (samples,) both."""


class Sampling:
    """Takes the samples of one range aggregation; ``grouping`` says which labels its series have (all, if none)."""

    def __init__(self, node: syntax.RangeAggregation, grouping: syntax.Grouping | None, work: Work) -> None:
        self._work = work
        self._weighed = node.op in _WEIGHED
        self._unwrap = node.range.unwrap
        self._query = node.range.query
        self._test, stages = split(self._query.stages)
        self._run = prepared(stages) if stages else None
        self._cost = cost(stages)
        self._conditions = [label_condition(one) for one in self._unwrap.conditions] if self._unwrap else []
        self._grouping = _without(grouping, self._unwrap)
        self._found: dict[Labels, tuple[list[NDArray[np.int64]], list[Floats]]] = {}

    def take(self, source: StreamSource, start: Nanos, end: Nanos) -> dict[Labels, Series]:
        """The samples of the lines with ``start <= time < end``, by the labels of their series."""
        streams = source.select(self._query.matchers, start, end)
        self._work.streams += len(streams)
        for stream in streams:
            if self._run is None and self._unwrap is None:
                self._count(stream)
            else:
                self._extract(stream)
        return {labels: _joined(times, values) for labels, (times, values) in self._found.items()}

    def _count(self, stream: Stream) -> None:
        """Every line that passes the filter, without looking at its labels: those are the stream's."""
        kept = np.zeros(len(stream.lines), bool)
        sizes = np.zeros(len(stream.lines))
        for start in range(0, len(stream.lines), _CHUNK):
            lines = stream.lines[start : start + _CHUNK]
            weights = [weight(line) for line in lines]
            self._work.read(len(lines), sum(weights))
            kept[start : start + _CHUNK] = True if self._test is None else [self._test(line) for line in lines]
            sizes[start : start + _CHUNK] = weights
        if kept.any():
            values = sizes[kept] if self._weighed else np.ones(int(kept.sum()))
            self._add(Labels(self._grouped(dict(stream.labels))), stream.times[kept], values)

    def _extract(self, stream: Stream) -> None:
        """Every line through the pipeline."""
        record = Record(stream.labels, dict(stream.labels))
        known: dict[Pairs, Labels] = {}
        found: dict[Labels, tuple[list[Nanos], list[float]]] = {}
        for start in range(0, len(stream.lines), _CHUNK):
            lines: Sequence[str] = stream.lines[start : start + _CHUNK]
            times: Sequence[Nanos] = stream.times[start : start + _CHUNK].tolist()
            self._work.read(len(lines), sum(map(weight, lines)))
            if self._test is not None:
                kept = [self._test(line) for line in lines]
                lines, times = list(compress(lines, kept)), list(compress(times, kept))
            for time, line in zip(times, lines, strict=True):
                self._work.passed(self._cost)
                record.start(time, line)
                value = self._value(record)
                if value is None:
                    continue
                pairs = self._grouped(record.labels)
                labels = known.get(pairs)
                if labels is None:
                    self._work.make(sum(len(name) + len(value) for name, value in pairs))
                    labels = known[pairs] = Labels(pairs)
                moments, values = found.setdefault(labels, ([], []))
                moments.append(time)
                values.append(value)
        for labels, (moments, values) in found.items():
            self._add(labels, np.array(moments, np.int64), np.array(values))

    def _value(self, record: Record) -> float | None:
        """The sample of a line; ``None`` if it gives none."""
        if self._run is not None and not self._run(record):
            return None
        value = float(weight(record.line)) if self._weighed else 1.0
        if self._unwrap is not None:
            text = record.get(self._unwrap.label)
            if not text:
                return None
            try:
                value = float(_READ[self._unwrap.conversion](text))
            except ValueError as error:
                record.fail(FAILED, str(error))
            if not all(test(record) for test in self._conditions):
                return None
        if record.error:
            raise PipelineError(record.error, Labels(record.named().items()))
        return value

    def _grouped(self, labels: dict[str, str]) -> Pairs:
        """The labels that the series keeps."""
        if self._grouping is None:
            return tuple(labels.items())
        names, without = self._grouping.names, self._grouping.without
        return tuple(pair for pair in labels.items() if (pair[0] in names) is not without)

    def _add(self, labels: Labels, times: NDArray[np.int64], values: Floats) -> None:
        all_times, all_values = self._found.setdefault(labels, ([], []))
        all_times.append(times)
        all_values.append(values)


def _without(grouping: syntax.Grouping | None, unwrap: syntax.Unwrap | None) -> syntax.Grouping | None:
    """What was unwrapped is a value, no label."""
    if unwrap is None or (grouping is not None and not grouping.without):
        return grouping
    names = grouping.names if grouping is not None else ()
    return syntax.Grouping(without=True, names=(*names, unwrap.label))


def _joined(times: Sequence[NDArray[np.int64]], values: Sequence[Floats]) -> Series:
    """The samples of several streams, in the order of time."""
    if len(times) == 1:
        return times[0], values[0]
    all_times, all_values = np.concatenate(times), np.concatenate(values)
    order = np.argsort(all_times, kind="stable")
    return all_times[order], all_values[order]
