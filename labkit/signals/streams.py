"""Log streams, as Loki holds them: lines in the order of time under a set of labels."""

import bisect
import hashlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.signals.labels import Labels
from labkit.signals.matcher import Match, Matcher

Nanos = int
"""A time in nanoseconds since the Unix epoch: Loki's own unit."""


@dataclass(frozen=True)
class Stream:
    """The lines of one stream within a range: ascending ``times`` in nanoseconds, of shape (n,), and n ``lines``."""

    labels: Labels
    times: NDArray[np.int64]
    lines: Sequence[str]


class _Lines:
    """The lines of a stream; what has been written never changes, so a reader in another thread may cut from it."""

    __slots__ = ("lines", "times")

    def __init__(self) -> None:
        self.times = array("q")
        self.lines: list[str] = []

    def add(self, time: Nanos, line: str) -> None:
        self.lines.append(line)
        self.times.append(time)  # last: a reader in another thread sees no time without its line

    def between(self, start: Nanos, end: Nanos) -> slice:
        return slice(bisect.bisect_left(self.times, start), bisect.bisect_left(self.times, end))


class StreamStore:
    """All streams of one world; append-only.

    One thread writes, any may read: what a reader goes through is a copy, taken in one step, of what only grows.
    """

    def __init__(self) -> None:
        self._streams: dict[Labels, _Lines] = {}
        self._index: dict[tuple[str, str], list[Labels]] = {}

    def write(self, labels: Labels, time: Nanos, line: str) -> None:
        """Add a line to a stream; within a stream times must not fall."""
        stream = self._streams.get(labels) or self._begun(labels)
        if stream.times and time < stream.times[-1]:
            raise ValueError(f"the line at {time} is before the last, at {stream.times[-1]}")
        stream.add(time, line)

    def last(self, labels: Labels) -> Nanos | None:
        """The time of a stream's newest line."""
        stream = self._streams.get(labels)
        return stream.times[-1] if stream is not None and stream.times else None

    def select(self, matchers: Sequence[Matcher], start: Nanos, end: Nanos) -> list[Stream]:
        """The streams that match and their lines with ``start <= time < end``, if there are any; sorted by labels."""
        found = []
        for labels in self._matching(matchers):
            stream = self._streams[labels]
            window = stream.between(start, end)
            if window.start < window.stop:
                found.append(Stream(labels, np.array(stream.times[window], np.int64), stream.lines[window]))
        return found

    def streams(self, matchers: Sequence[Matcher], start: Nanos, end: Nanos) -> list[Labels]:
        """The labels of the streams that match and have a line with ``start <= time < end``, sorted."""
        windows = ((labels, self._streams[labels].between(start, end)) for labels in self._matching(matchers))
        return [labels for labels, window in windows if window.start < window.stop]

    def digest(self) -> bytes:
        """A hash of all labels, times and lines. Equal stores have equal digests."""
        hashed = hashlib.sha256()
        for labels in sorted(self._streams):
            stream = self._streams[labels]
            hashed.update(f"{labels!r}/{len(stream.times)}\n".encode())
            hashed.update(np.array(stream.times, "<i8").tobytes())
            hashed.update("\n".join(stream.lines).encode(errors="surrogatepass"))
        return hashed.digest()

    def _begun(self, labels: Labels) -> _Lines:
        """A new stream, with its place in the index."""
        stream = self._streams[labels] = _Lines()
        for pair in labels:
            self._index.setdefault(pair, []).append(labels)
        return stream

    def _matching(self, matchers: Sequence[Matcher]) -> Iterable[Labels]:
        """The streams that match, sorted: looked for among those of the rarest value that a matcher names."""
        named = [
            self._index.get((matcher.name, matcher.value), ())
            for matcher in matchers
            if matcher.op is Match.EQUAL and matcher.value
        ]
        candidates = list(min(named, key=len) if named else self._streams)
        return sorted(labels for labels in candidates if all(matcher.matches(labels) for matcher in matchers))
