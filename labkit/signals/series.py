"""Time series, as a Prometheus holds them: blocks of series that are scraped together, joined when selected.

The writer begins a new block whenever its set of series changes. A series that is not in the block
after its own has ended there: it gets Prometheus' stale marker at the first time of that block
(https://prometheus.io/docs/prometheus/latest/querying/basics/#staleness).
"""

import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.clock import Millis
from labkit.signals.labels import NAME, Labels
from labkit.signals.matcher import Match, Matcher

__all__ = ["STALE", "Block", "Labels", "Match", "Matcher", "Metadata", "Selected", "SeriesStore", "is_stale"]

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

_STALE_BITS = 0x7FF0000000000002
STALE: float = struct.unpack("<d", struct.pack("<Q", _STALE_BITS))[0]
"""The stale marker: a NaN with bits of its own (upstream ``model/value/value.go``)."""

Part = tuple[int, int]
"""Where a stretch of a series is: the index of its block and its column there."""


def is_stale(values: Floats) -> NDArray[np.bool_]:
    """Where ``values``, of any shape, are stale markers."""
    found: NDArray[np.bool_] = np.ascontiguousarray(values).view(np.uint64) == _STALE_BITS
    return found


@dataclass(frozen=True)
class Metadata:
    """What a metric is: its type (counter, gauge, histogram, …) and help."""

    type: str
    help: str


@dataclass(frozen=True)
class Selected:
    """One series' samples within a range: ascending times in milliseconds, and values, both of shape (n,).

    Series with the same times share the array, which is how a reader knows they are aligned.
    """

    labels: Labels
    times: Times
    values: Floats


class Block:
    """Series sampled together: one column of times, one row of values a time. Grows by doubling."""

    def __init__(self, labels: list[Labels], after: Millis | None = None) -> None:
        self.labels = labels
        self.count = 0
        self.ended = False
        self._last = after
        self._times = np.empty(64, np.int64)
        self._values = np.empty((64, len(labels)), np.float64)

    def append(self, time: Millis, values: Floats) -> None:
        """Add a sample of every series; ``time`` must be later than the last, ``values`` of shape (series,)."""
        if values.shape != (len(self.labels),):
            raise ValueError(f"{len(self.labels)} values are wanted, not {values.shape}")
        if self.ended:
            raise ValueError("another block has begun since")
        if self._last is not None and time <= self._last:
            raise ValueError(f"the sample at {time} is not after the last, at {self._last}")
        if self.count == len(self._times):
            self._times = np.concatenate([self._times, np.empty_like(self._times)])
            self._values = np.concatenate([self._values, np.empty_like(self._values)])
        self._times[self.count] = time
        self._values[self.count] = values
        self._last = time
        self.count += 1

    def end(self) -> Millis | None:
        """Take no more samples; the time of the last one, here or before."""
        self.ended = True
        return self._last

    @property
    def times(self) -> Times:
        """The times there are, of shape (count,)."""
        return self._times[: self.count]

    @property
    def values(self) -> Floats:
        """The values there are, of shape (count, series)."""
        return self._values[: self.count]


class SeriesStore:
    """All series of one world."""

    def __init__(self) -> None:
        self.metadata: dict[str, Metadata] = {}
        self._blocks: list[Block] = []
        self._end: Millis | None = None
        self._parts: dict[Labels, list[Part]] = {}
        self._by_name: dict[str, list[Labels]] = {}

    def block(self, labels: list[Labels]) -> Block:
        """Begin a block; series of the last block that are not in ``labels`` end with its first sample."""
        if len(set(labels)) != len(labels):
            raise ValueError("a series is in the block twice")
        if self._blocks:
            self._end = self._blocks[-1].end()
            if not self._blocks[-1].count:
                self._discard()
        for column, series in enumerate(labels):
            if series not in self._parts:
                self._by_name.setdefault(series.name, []).append(series)
            self._parts.setdefault(series, []).append((len(self._blocks), column))
        self._blocks.append(Block(labels, self._end))
        return self._blocks[-1]

    def describe(self, name: str, type: str, help: str) -> None:
        """Set a metric's type and help."""
        self.metadata[name] = Metadata(type, help)

    def select(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Selected]:
        """The series that match and their samples from ``start`` to ``end``, both included, if there are any."""
        times: dict[tuple[int, ...], Times] = {}
        found = (self._read(labels, start, end, times) for labels in self._matching(matchers))
        return [selected for selected in found if len(selected.times)]

    def series(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Labels]:
        """The series that match and have a sample from ``start`` to ``end``, sorted."""
        return sorted(selected.labels for selected in self.select(matchers, start, end))

    def label_names(self, labels: Iterable[Labels] | None = None) -> list[str]:
        """The names of all labels of ``labels`` (of all series), sorted."""
        return sorted({name for series in self._of(labels) for name, _ in series})

    def label_values(self, name: str, labels: Iterable[Labels] | None = None) -> list[str]:
        """The values a label has in ``labels`` (in all series), sorted."""
        return sorted({series.get(name) for series in self._of(labels)} - {""})

    def digest(self) -> bytes:
        """A hash of all labels, times and values. Equal stores have equal digests."""
        hashed = hashlib.sha256()
        for block in self._blocks:
            hashed.update(f"{len(block.labels)}/{block.count}\n{block.labels!r}\n".encode())
            hashed.update(block.times.astype("<i8").tobytes())
            hashed.update(block.values.astype("<f8").tobytes())
        return hashed.digest()

    def _of(self, labels: Iterable[Labels] | None) -> Iterable[Labels]:
        return self._parts if labels is None else labels

    def _discard(self) -> None:
        """Forget the last block, which has no sample."""
        for labels in self._blocks.pop().labels:
            self._parts[labels].pop()
            if not self._parts[labels]:
                del self._parts[labels]
                self._by_name[labels.name].remove(labels)

    def _matching(self, matchers: Sequence[Matcher]) -> Iterable[Labels]:
        named = next((m.value for m in matchers if m.name == NAME and m.op is Match.EQUAL), None)
        candidates: Iterable[Labels] = self._parts if named is None else self._by_name.get(named, ())
        return [labels for labels in candidates if all(matcher.matches(labels) for matcher in matchers)]

    def _read(self, labels: Labels, start: Millis, end: Millis, shared: dict[tuple[int, ...], Times]) -> Selected:
        """One series; its parts are joined, with a stale marker where a block follows that it is not in."""
        times: list[Times] = []
        values: list[Floats] = []
        key: list[int] = []
        parts = self._parts[labels]
        for place, (index, column) in enumerate(parts):
            block = self._blocks[index]
            begin, stop = block.times.searchsorted([start, end + 1])
            if begin < stop:
                key.append(index)
                times.append(block.times[begin:stop])
                values.append(block.values[begin:stop, column])
            after = self._blocks[index + 1] if index + 1 < len(self._blocks) else None
            continued = place + 1 < len(parts) and parts[place + 1][0] == index + 1
            if after is not None and after.count and not continued and start <= after.times[0] <= end:
                key.append(~index)
                times.append(after.times[:1])
                values.append(np.array([STALE]))
        if not key:
            return Selected(labels, np.empty(0, np.int64), np.empty(0))
        joined = shared.setdefault(tuple(key), times[0] if len(times) == 1 else np.concatenate(times))
        return Selected(labels, joined, values[0] if len(values) == 1 else np.concatenate(values))
