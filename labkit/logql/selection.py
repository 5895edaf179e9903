"""Lines of many streams as one, in the order of time, each through the pipeline."""

import heapq
from collections.abc import Iterator
from typing import NamedTuple

from labkit.logql import syntax
from labkit.logql.pipeline import prepared, split
from labkit.logql.record import Record
from labkit.logql.work import Work, weight
from labkit.signals.labels import Labels
from labkit.signals.source import StreamSource
from labkit.signals.streams import Nanos, Stream


class Entry(NamedTuple):
    """A line that stayed; ``order`` is how entries of an answer are sorted."""

    order: tuple[Nanos, int]
    time: Nanos
    line: str
    labels: Labels


def entries(
    source: StreamSource, query: syntax.LogQuery, start: Nanos, end: Nanos, work: Work, *, forward: bool
) -> Iterator[Entry]:
    """What ``query`` leaves of the lines with ``start <= time < end``, oldest or newest first.

    Nothing is read before it is asked for: who wants a hundred lines reads little more than those.
    """
    streams = source.select(query.matchers, start, end)
    work.streams += len(streams)
    passes = [_pass(stream, number, query, work, forward=forward) for number, stream in enumerate(streams)]
    return heapq.merge(*passes, key=lambda entry: entry.order)


def _pass(stream: Stream, number: int, query: syntax.LogQuery, work: Work, *, forward: bool) -> Iterator[Entry]:
    """The entries of one stream."""
    test, stages = split(query.stages)
    run = prepared(stages) if stages else None
    record = Record(stream.labels, dict(stream.labels))
    known: dict[tuple[tuple[str, str], ...], Labels] = {}
    times, lines = stream.times.tolist(), stream.lines
    for index in range(len(times)) if forward else range(len(times) - 1, -1, -1):
        line = lines[index]
        work.read(1, weight(line))
        if test is not None and not test(line):
            continue
        labels = stream.labels
        if run is not None:
            record.start(times[index], line)
            if not run(record):
                continue
            line = record.line
            if record.changed:
                pairs = tuple(record.named().items())
                labels = known.get(pairs) or known.setdefault(pairs, Labels(pairs))
        yield Entry((times[index] if forward else -times[index], number), times[index], line, labels)
