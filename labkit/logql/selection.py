"""Lines of many streams as one, in the order of time, each through the pipeline."""

import heapq
from collections.abc import Callable, Iterator
from typing import NamedTuple

from labkit.logql import syntax
from labkit.logql.pipeline import cost, prepared, split
from labkit.logql.record import Record
from labkit.logql.work import Work, weight
from labkit.signals.labels import Labels
from labkit.signals.source import StreamSource
from labkit.signals.streams import Nanos, Stream

_FIRST = 32
_LARGEST = 2_048


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
    run, price = prepared(stages) if stages else None, cost(stages)
    record = Record(stream.labels, dict(stream.labels))
    known: dict[tuple[tuple[str, str], ...], Labels] = {}
    for time, line in _filtered(stream, test, work, forward=forward):
        labels = stream.labels
        if run is not None:
            work.passed(price)
            record.start(time, line)
            if not run(record):
                continue
            line = record.line  # noqa: PLW2901  (what the pipeline made of it)
            if record.changed:
                pairs = tuple(record.named().items())
                labels = known.get(pairs) or known.setdefault(pairs, Labels(pairs))
                work.make(sum(len(name) + len(value) for name, value in pairs))
        work.make(len(line))
        yield Entry((time if forward else -time, number), time, line, labels)


def _filtered(
    stream: Stream, test: Callable[[str], bool] | None, work: Work, *, forward: bool
) -> Iterator[tuple[Nanos, str]]:
    """The lines that pass ``test``, read in pieces that grow: few may be wanted, or all."""
    length, size = len(stream.lines), _FIRST
    place = 0
    while place < length:
        piece = slice(place, place + size) if forward else slice(max(0, length - place - size), length - place)
        times, lines = stream.times[piece].tolist(), stream.lines[piece]
        work.read(len(lines), sum(map(weight, lines)))
        found = [pair for pair in zip(times, lines, strict=True) if test is None or test(pair[1])]
        yield from found if forward else reversed(found)
        place, size = place + size, min(size * 2, _LARGEST)
