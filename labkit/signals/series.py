"""Time series, as a Prometheus holds them: blocks of series that are scraped together, joined when selected.

The writer begins a new block whenever its set of series changes. A series that is not in the block
after its own has ended there: it gets Prometheus' stale marker at the first time of that block
(https://prometheus.io/docs/prometheus/latest/querying/basics/#staleness).
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.clock import Millis
from labkit.signals.block import Block, View
from labkit.signals.budget import held
from labkit.signals.index import Index
from labkit.signals.labels import Labels
from labkit.signals.matcher import Match, Matcher

__all__ = ["STALE", "Block", "Labels", "Match", "Matcher", "Metadata", "Selected", "SeriesStore", "is_stale"]

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

_STALE_BITS = 0x7FF0000000000002
STALE: float = struct.unpack("<d", struct.pack("<Q", _STALE_BITS))[0]
"""The stale marker: a NaN with bits of its own (upstream ``model/value/value.go``)."""

Part = tuple[Block, int]
"""Where a stretch of a series is: its block and its column there."""


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


class SeriesStore:
    """All series of one world."""

    def __init__(self) -> None:
        self.metadata: dict[str, Metadata] = {}
        self._blocks: list[Block] = []
        self._end: Millis | None = None
        self._parts: dict[Labels, tuple[Part, ...]] = {}
        self._index = Index()

    def block(self, labels: list[Labels]) -> Block:
        """Begin a block; series of the last block that are not in ``labels`` end with its first sample."""
        if len(set(labels)) != len(labels):
            raise ValueError("a series is in the block twice")
        if self._blocks:
            self._end = self._blocks[-1].end()
            if not self._blocks[-1].count:
                self._drop(self._blocks.pop())
        new = Block(labels, self._end)
        if self._blocks:
            self._blocks[-1].following = new
        self._blocks.append(new)
        for column, series in enumerate(labels):
            self._parts[series] = (*self._parts.get(series, ()), (new, column))
            self._index.add(series)
        return new

    def describe(self, name: str, type: str, help: str) -> None:
        """Set a metric's type and help."""
        self.metadata[name] = Metadata(type, help)

    def forget(self, before: Millis) -> None:
        """Let go of samples older than ``before``, a chunk of them at a time, and of series that have none left."""
        while len(self._blocks) > 1 and self._blocks[0].forget(before):
            self._drop(self._blocks.pop(0))
        if self._blocks:
            self._blocks[0].forget(before)

    def select(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Selected]:
        """The series that match and their samples from ``start`` to ``end``, both included, if there are any."""
        found: list[Selected] = []
        number = 0
        for labels, stretches in self._stretches(matchers, start, end):
            number += len(labels) * sum(len(stretch.times) for stretch in stretches)
            held(number)
            times = np.concatenate([stretch.times for stretch in stretches]) if stretches[1:] else stretches[0].times
            parts = [stretch.read() for stretch in stretches]
            values = np.concatenate(parts, axis=1) if parts[1:] else parts[0]
            found += [Selected(series, times, row) for series, row in zip(labels, values, strict=True)]
        return found

    def series(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Labels]:
        """The series that match and have a sample from ``start`` to ``end``, sorted."""
        return sorted(series for labels, _ in self._stretches(matchers, start, end) for series in labels)

    def label_names(self, labels: Iterable[Labels] | None = None) -> list[str]:
        """The names of all labels of ``labels`` (of all series), sorted."""
        return self._index.names() if labels is None else sorted({name for series in labels for name, _ in series})

    def label_values(self, name: str, labels: Iterable[Labels] | None = None) -> list[str]:
        """The values a label has in ``labels`` (in all series), sorted."""
        if labels is None:
            return self._index.values(name)
        return sorted({series.get(name) for series in labels} - {""})

    def digest(self) -> bytes:
        """A hash of all labels, times and values. Equal stores have equal digests."""
        hashed = hashlib.sha256()
        for block in self._blocks:
            hashed.update(f"{len(block.labels)}/{block.count}\n{block.labels!r}\n".encode())
            hashed.update(block.times.astype("<i8").tobytes())
            for piece in block.bytes():
                hashed.update(piece)
        return hashed.digest()

    @property
    def nbytes(self) -> int:
        """The memory the samples take; labels take their own."""
        return sum(block.nbytes for block in self._blocks)

    def _drop(self, block: Block) -> None:
        """Forget a block, and the series that were in no other."""
        for labels in block.labels:
            left = tuple(part for part in self._parts[labels] if part[0] is not block)
            if left:
                self._parts[labels] = left
            else:
                del self._parts[labels]
                self._index.discard(labels)

    def _stretches(
        self, matchers: Sequence[Matcher], start: Millis, end: Millis
    ) -> Iterator[tuple[list[Labels], list["_Stretch"]]]:
        """The series that match, those that lie in the same blocks together, and where their samples are."""
        together: dict[tuple[int, ...], list[tuple[Labels, tuple[Part, ...]]]] = {}
        for labels in self._index.matching(matchers):
            parts = self._parts.get(labels, ())
            together.setdefault(tuple([id(block) for block, _ in parts]), []).append((labels, parts))
        for alike in together.values():
            stretches = _within([parts for _, parts in alike], start, end)
            if stretches:
                yield [labels for labels, _ in alike], stretches


@dataclass(frozen=True)
class _Stretch:
    """Samples that series have in one block, or the markers of their end."""

    view: View | None
    columns: NDArray[np.intp]
    times: Times
    start: int

    def read(self) -> Floats:
        """The samples, of shape (series, times)."""
        if self.view is None:
            return np.full((len(self.columns), 1), STALE)
        return self.view.read(self.columns, self.start, self.start + len(self.times))


def _within(alike: list[tuple[Part, ...]], start: Millis, end: Millis) -> list[_Stretch]:
    """Where the samples of series that lie in the same blocks are, with a marker where one follows they are not in."""
    stretches = []
    blocks = [block for block, _ in alike[0]]
    for place, block in enumerate(blocks):
        view, columns = block.view(), np.array([parts[place][1] for parts in alike], np.intp)
        low, high = (int(bound) for bound in view.times.searchsorted([start, end + 1]))
        low = max(low, view.first)
        if low < high:
            stretches.append(_Stretch(view, columns, view.times[low:high], low))
        after = block.following
        continued = place + 1 < len(blocks) and blocks[place + 1] is after
        if after is not None and after.count and not continued and start <= after.times[0] <= end:
            stretches.append(_Stretch(None, columns, after.times[:1], 0))
    return stretches
