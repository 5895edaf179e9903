"""Several sources of series as one: what is scraped, and what rules make of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

import numpy as np

from labkit.clock import Millis
from labkit.signals.labels import Labels
from labkit.signals.matcher import Matcher
from labkit.signals.series import Metadata, Selected
from labkit.signals.source import SeriesSource


class Joined:
    """Several sources as one; of samples of one series at one time the first source's holds, as at ingestion."""

    def __init__(self, *sources: SeriesSource) -> None:
        self._sources = sources

    @property
    def metadata(self) -> Mapping[str, Metadata]:
        """Type and help of the metrics, by name."""
        return {name: known for source in reversed(self._sources) for name, known in source.metadata.items()}

    def select(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Selected]:
        """The series that match and their samples from ``start`` to ``end``, both included, if there are any."""
        found: dict[Labels, Selected] = {}
        for one in self._selected(matchers, start, end):
            known = found.get(one.labels)
            found[one.labels] = one if known is None else _joined(known, one)
        return list(found.values())

    def series(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Labels]:
        """The series that match and have a sample from ``start`` to ``end``, sorted."""
        return sorted(set(chain.from_iterable(source.series(matchers, start, end) for source in self._sources)))

    def label_names(self, labels: Iterable[Labels] | None = None) -> list[str]:
        """The names of all labels of ``labels`` (of all series), sorted."""
        if labels is not None:
            return sorted({name for one in labels for name, _ in one})
        return sorted({name for source in self._sources for name in source.label_names()})

    def label_values(self, name: str, labels: Iterable[Labels] | None = None) -> list[str]:
        """The values a label has in ``labels`` (in all series), sorted."""
        if labels is not None:
            return sorted({one.get(name) for one in labels} - {""})
        return sorted({value for source in self._sources for value in source.label_values(name)})

    def _selected(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> Iterator[Selected]:
        for source in self._sources:
            yield from source.select(matchers, start, end)


def _joined(first: Selected, second: Selected) -> Selected:
    times = np.concatenate([first.times, second.times])
    values = np.concatenate([first.values, second.values])
    times, place = np.unique(times, return_index=True)  # of equal times the first, which is the first source's
    return Selected(first.labels, times, values[place])
