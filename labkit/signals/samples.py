"""Time series each on times of its own: what a recording holds, and what rules write.

Where a world's scrapes come as blocks (:mod:`labkit.signals.series`), these series come one by one.
Series given the same array of times keep sharing it, so that readers can treat them together.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from labkit.clock import Millis
from labkit.signals.labels import NAME, Labels
from labkit.signals.matcher import Match, Matcher
from labkit.signals.series import Floats, Metadata, Selected, Times

_CHUNKS = 64
"""Stretches a series may have before they are joined."""

Chunk = tuple[Times, Floats]


class SampleStore:
    """Series by their labels, each a list of stretches in the order of time."""

    def __init__(self) -> None:
        self.metadata: dict[str, Metadata] = {}
        self._chunks: dict[Labels, list[Chunk]] = {}
        self._by_name: dict[str, list[Labels]] = {}
        self._joined: dict[tuple[int, bytes], Times] = {}

    def append(self, labels: Labels, times: Times, values: Floats) -> None:
        """Add samples, of shape (n,) each, later than those there are and in ascending order of time."""
        if times.shape != values.shape or times.ndim != 1:
            raise ValueError(f"times of shape {times.shape} do not go with values of shape {values.shape}")
        if not len(times):
            return
        chunks = self._chunks.get(labels)
        if chunks is None:
            self._by_name.setdefault(labels.name, []).append(labels)
            chunks = self._chunks[labels] = []
        if (times[1:] <= times[:-1]).any() or (chunks and times[0] <= chunks[-1][0][-1]):
            raise ValueError(f"the samples of {labels} are not in ascending order of time")
        chunks.append((times, values))
        if len(chunks) > _CHUNKS:
            self._chunks[labels] = [self._join(chunks)]

    def select(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Selected]:
        """The series that match and their samples from ``start`` to ``end``, both included, if there are any."""
        shared: dict[tuple[int, ...], Times] = {}
        found = (self._read(labels, start, end, shared) for labels in self._matching(matchers))
        return [selected for selected in found if selected is not None]

    def series(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Labels]:
        """The series that match and have a sample from ``start`` to ``end``, sorted."""
        return sorted(selected.labels for selected in self.select(matchers, start, end))

    def label_names(self, labels: Iterable[Labels] | None = None) -> list[str]:
        """The names of all labels of ``labels`` (of all series), sorted."""
        return sorted({name for series in self._of(labels) for name, _ in series})

    def label_values(self, name: str, labels: Iterable[Labels] | None = None) -> list[str]:
        """The values a label has in ``labels`` (in all series), sorted."""
        return sorted({series.get(name) for series in self._of(labels)} - {""})

    def _of(self, labels: Iterable[Labels] | None) -> Iterable[Labels]:
        return list(self._chunks) if labels is None else labels

    def _matching(self, matchers: Sequence[Matcher]) -> list[Labels]:
        named = next((m.value for m in matchers if m.name == NAME and m.op is Match.EQUAL), None)
        candidates = list(self._chunks) if named is None else self._by_name.get(named, [])
        return [labels for labels in candidates if all(matcher.matches(labels) for matcher in matchers)]

    def _read(
        self, labels: Labels, start: Millis, end: Millis, shared: dict[tuple[int, ...], Times]
    ) -> Selected | None:
        key: list[int] = []
        times: list[Times] = []
        values: list[Floats] = []
        for stretch, numbers in self._chunks[labels]:
            begin, stop = stretch.searchsorted([start, end + 1])
            if begin < stop:
                key.append(id(stretch))
                times.append(stretch[begin:stop])
                values.append(numbers[begin:stop])
        if not key:
            return None
        joined = shared.setdefault(tuple(key), times[0] if len(times) == 1 else np.concatenate(times))
        return Selected(labels, joined, values[0] if len(values) == 1 else np.concatenate(values))

    def _join(self, chunks: list[Chunk]) -> Chunk:
        """All stretches as one; equal times become the same array."""
        times = np.concatenate([stretch for stretch, _ in chunks])
        times = self._joined.setdefault((len(times), times.tobytes()), times)
        return times, np.concatenate([numbers for _, numbers in chunks])
