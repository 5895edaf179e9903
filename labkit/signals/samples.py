"""Time series each on times of its own: what a recording holds, and what rules write.

Where a world's scrapes come as blocks (:mod:`labkit.signals.series`), these series come one by one.
Series given the same array of times keep sharing it, so that readers can treat them together.
"""

import hashlib
from collections.abc import Iterable, Sequence
from weakref import WeakValueDictionary

import numpy as np

from labkit.clock import Millis
from labkit.signals.index import Index
from labkit.signals.labels import Labels
from labkit.signals.matcher import Matcher
from labkit.signals.series import Floats, Metadata, Selected, Times

_CHUNKS = 64
"""Stretches a series may have before they are joined."""

Chunk = tuple[Times, Floats]
_Shared = dict[tuple[int, ...], tuple[Times, list[Times]]]
"""Joined times by the stretches they are of, which are held so that no other array gets their identity."""


class SampleStore:
    """Series by their labels, each a list of stretches in the order of time."""

    def __init__(self) -> None:
        self.metadata: dict[str, Metadata] = {}
        self._chunks: dict[Labels, list[Chunk]] = {}
        self._index = Index()
        self._joined: WeakValueDictionary[bytes, Times] = WeakValueDictionary()

    def append(self, labels: Labels, times: Times, values: Floats) -> None:
        """Add samples, of shape (n,) each, later than those there are and in ascending order of time."""
        if times.shape != values.shape or times.ndim != 1:
            raise ValueError(f"times of shape {times.shape} do not go with values of shape {values.shape}")
        if not len(times):
            return
        chunks = self._chunks.get(labels, [])
        if (times[1:] <= times[:-1]).any() or (chunks and times[0] <= chunks[-1][0][-1]):
            raise ValueError(f"the samples of {labels} are not in ascending order of time")
        if len(chunks) >= _CHUNKS:
            chunks = [self._join(chunks)]
        self._chunks[labels] = [*chunks, (times, values)]  # replaced: a reader may go through the list it has
        self._index.add(labels)

    def forget(self, before: Millis) -> None:
        """Let go of samples older than ``before``, and of series that have none left."""
        cut: dict[int, tuple[Times, Times]] = {}  # by the identity of an array, which is held that it may keep it
        for labels, chunks in list(self._chunks.items()):
            kept: list[Chunk] = []
            for times, values in chunks:
                start = int(times.searchsorted(before))
                if start == len(times):
                    continue
                if start:
                    _, later = cut.setdefault(id(times), (times, times[start:].copy()))
                    kept.append((later, values[start:].copy()))
                else:
                    kept.append((times, values))
            if kept:
                self._chunks[labels] = kept
            else:
                del self._chunks[labels]
                self._index.discard(labels)

    def select(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Selected]:
        """The series that match and their samples from ``start`` to ``end``, both included, if there are any."""
        shared: _Shared = {}
        found = (self._read(labels, start, end, shared) for labels in self._index.matching(matchers))
        return [selected for selected in found if selected is not None]

    def series(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Labels]:
        """The series that match and have a sample from ``start`` to ``end``, sorted."""
        return sorted(labels for labels in self._index.matching(matchers) if self._cut(labels, start, end))

    def label_names(self, labels: Iterable[Labels] | None = None) -> list[str]:
        """The names of all labels of ``labels`` (of all series), sorted."""
        return self._index.names() if labels is None else sorted({name for series in labels for name, _ in series})

    def label_values(self, name: str, labels: Iterable[Labels] | None = None) -> list[str]:
        """The values a label has in ``labels`` (in all series), sorted."""
        if labels is None:
            return self._index.values(name)
        return sorted({series.get(name) for series in labels} - {""})

    def _cut(self, labels: Labels, start: Millis, end: Millis) -> list[tuple[Chunk, int, int]]:
        """The stretches that have samples in the range, and where."""
        bounds = np.array([start, end + 1])
        every = ((chunk, *chunk[0].searchsorted(bounds).tolist()) for chunk in self._chunks.get(labels, ()))
        return [(chunk, low, high) for chunk, low, high in every if low < high]

    def _read(self, labels: Labels, start: Millis, end: Millis, shared: _Shared) -> Selected | None:
        found = self._cut(labels, start, end)
        if not found:
            return None
        key = tuple([id(times) for (times, _), _, _ in found])
        if key not in shared:
            pieces = [times[low:high] for (times, _), low, high in found]
            shared[key] = (pieces[0] if len(pieces) == 1 else np.concatenate(pieces), pieces)
        values = [numbers[low:high] for (_, numbers), low, high in found]
        return Selected(labels, shared[key][0], values[0] if len(values) == 1 else np.concatenate(values))

    def _join(self, chunks: list[Chunk]) -> Chunk:
        """All stretches as one; equal times become the same array, as long as a series has it."""
        times = np.concatenate([stretch for stretch, _ in chunks])
        times = self._joined.setdefault(hashlib.sha256(times.tobytes()).digest(), times)
        return times, np.concatenate([numbers for _, numbers in chunks])
