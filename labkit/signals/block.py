"""Series that are sampled together: one column of times, one row of values a time.

Samples are written into an open chunk; a chunk that is full is packed. Readers in other threads see
whole samples only: the chunks are replaced together, and a sample counts when it has been written.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.clock import Millis
from labkit.signals.labels import Labels
from labkit.signals.packed import Packed

Floats = NDArray[np.float64]
Times = NDArray[np.int64]
Rows = NDArray[np.intp]

CHUNK = 240
"""Samples of a chunk: an hour, scraped every 15 seconds."""


class Block:
    """Series sampled together."""

    def __init__(self, labels: list[Labels], after: Millis | None = None) -> None:
        self.labels = labels
        self.count = 0
        self.following: Block | None = None
        """The block that came after this one, if there is one."""
        self._last = after
        self._times = np.empty(CHUNK, np.int64)
        self._chunks: tuple[tuple[Packed | None, ...], Floats | None] = ((), np.empty((CHUNK, len(labels))))

    def append(self, time: Millis, values: Floats) -> None:
        """Add a sample of every series; ``time`` must be later than the last, ``values`` of shape (series,)."""
        packed, rows = self._chunks
        if values.shape != (len(self.labels),):
            raise ValueError(f"{len(self.labels)} values are wanted, not {values.shape}")
        if rows is None:
            raise ValueError("another block has begun since")
        if self._last is not None and time <= self._last:
            raise ValueError(f"the sample at {time} is not after the last, at {self._last}")
        if self.count == len(self._times):
            self._times = np.concatenate([self._times, np.empty_like(self._times)])
        self._times[self.count] = time
        rows[self.count - CHUNK * len(packed)] = values
        self._last = time
        self.count += 1
        if self.count == CHUNK * (len(packed) + 1):
            self._chunks = ((*packed, Packed(rows.T)), np.empty_like(rows))

    def end(self) -> Millis | None:
        """Take no more samples; the time of the last one, here or before."""
        packed, rows = self._chunks
        if rows is not None:
            rest = rows[: self.count - CHUNK * len(packed)]
            self._chunks = ((*packed, Packed(rest.T)) if len(rest) else packed, None)
            self._times = self._times[: self.count].copy()
        return self._last

    def forget(self, before: Millis) -> bool:
        """Let go of the chunks all of whose samples are older than ``before``; whether the whole block is."""
        packed, rows = self._chunks
        old = int(self.times.searchsorted(before)) // CHUNK
        if rows is None and self.count and self._times[-1] < before:
            old = len(packed)
        self._chunks = ((*(None for _ in range(old)), *packed[old:]), rows)
        return rows is None and old == len(packed)

    @property
    def times(self) -> Times:
        """The times of the samples, of shape (count,)."""
        return self._times[: self.count]

    def view(self) -> "View":
        """The samples there are now, whatever is added or forgotten after."""
        times = self.times  # first: what has a time then has a sample in the chunks
        return View(times, *self._chunks)

    def bytes(self) -> Iterator[bytes]:
        """Every value that is kept, sample by sample, in pieces."""
        view, columns = self.view(), np.arange(len(self.labels))
        for start in range(view.first, self.count, CHUNK):
            values = view.read(columns, start, min(start + CHUNK, self.count))
            yield np.ascontiguousarray(values.T).astype("<f8").tobytes()

    @property
    def nbytes(self) -> int:
        """The memory the samples take."""
        packed, rows = self._chunks
        return (
            self._times.nbytes
            + (0 if rows is None else rows.nbytes)
            + sum(chunk.nbytes for chunk in packed if chunk is not None)
        )


@dataclass(frozen=True)
class View:
    """The samples of a block at some moment: their times, and their values in chunks."""

    times: Times
    packed: tuple[Packed | None, ...]
    rows: Floats | None

    @property
    def first(self) -> int:
        """The index of the oldest sample that is still kept."""
        return CHUNK * sum(chunk is None for chunk in self.packed)

    def read(self, columns: Rows, start: int, stop: int) -> Floats:
        """The samples from ``start`` to ``stop`` (excluded) of some series, of shape (columns, stop - start)."""
        found = np.empty((len(columns), stop - start))
        for place in range(start // CHUNK, -(-stop // CHUNK)):
            base = place * CHUNK
            low, high = max(start, base), min(stop, base + CHUNK)
            chunk = self.packed[place] if place < len(self.packed) else None
            if chunk is not None:
                found[:, low - start : high - start] = chunk.read(columns, low - base, high - base)
            elif self.rows is not None:
                found[:, low - start : high - start] = self.rows[low - base : high - base, columns].T
        return found
