"""Log streams, as Loki holds them: lines in the order of time under a set of labels."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labkit.signals.labels import Labels
from labkit.signals.matcher import Matcher

Nanos = int
"""A time in nanoseconds since the Unix epoch: Loki's own unit."""


@dataclass(frozen=True)
class Stream:
    """The lines of one stream within a range: ascending ``times`` in nanoseconds, of shape (n,), and n ``lines``."""

    labels: Labels
    times: NDArray[np.int64]
    lines: Sequence[str]


@dataclass
class _Lines:
    times: list[Nanos] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def between(self, start: Nanos, end: Nanos) -> slice:
        return slice(bisect.bisect_left(self.times, start), bisect.bisect_left(self.times, end))


class StreamStore:
    """All streams of one world; append-only."""

    def __init__(self) -> None:
        self._streams: dict[Labels, _Lines] = {}

    def write(self, labels: Labels, time: Nanos, line: str) -> None:
        """Add a line to a stream; within a stream times must not fall."""
        stream = self._streams.setdefault(labels, _Lines())
        if stream.times and time < stream.times[-1]:
            raise ValueError(f"the line at {time} is before the last, at {stream.times[-1]}")
        stream.lines.append(line)
        stream.times.append(time)  # last: a reader in another thread sees no time without its line

    def select(self, matchers: Sequence[Matcher], start: Nanos, end: Nanos) -> list[Stream]:
        """The streams that match and their lines with ``start <= time < end``, if there are any; sorted by labels."""
        found = []
        for labels, stream in self._matching(matchers):
            window = stream.between(start, end)
            if window.start < window.stop:
                found.append(Stream(labels, np.array(stream.times[window], np.int64), stream.lines[window]))
        return found

    def streams(self, matchers: Sequence[Matcher], start: Nanos, end: Nanos) -> list[Labels]:
        """The labels of the streams that match and have a line with ``start <= time < end``, sorted."""
        windows = ((labels, stream.between(start, end)) for labels, stream in self._matching(matchers))
        return [labels for labels, window in windows if window.start < window.stop]

    def _matching(self, matchers: Sequence[Matcher]) -> list[tuple[Labels, _Lines]]:
        return [
            (labels, self._streams[labels])
            for labels in sorted(self._streams)
            if all(matcher.matches(labels) for matcher in matchers)
        ]
