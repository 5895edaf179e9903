"""Several sources of series as one: what is scraped, and what rules make of it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from labkit.clock import Millis
from labkit.signals.labels import Labels
from labkit.signals.matcher import Matcher
from labkit.signals.series import Metadata, Selected
from labkit.signals.source import SeriesSource


class Joined:
    """The series of all ``sources``; no two of them may hold the same series."""

    def __init__(self, *sources: SeriesSource) -> None:
        self._sources = sources

    @property
    def metadata(self) -> Mapping[str, Metadata]:
        """Type and help of the metrics, by name; of a name in two sources the first's holds."""
        return {name: known for source in reversed(self._sources) for name, known in source.metadata.items()}

    def select(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Selected]:
        """The series that match and their samples from ``start`` to ``end``, both included, if there are any."""
        return [series for source in self._sources for series in source.select(matchers, start, end)]

    def series(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Labels]:
        """The series that match and have a sample from ``start`` to ``end``, sorted."""
        return sorted(chain.from_iterable(source.series(matchers, start, end) for source in self._sources))

    def label_names(self, labels: Iterable[Labels] | None = None) -> list[str]:
        """The names of all labels of ``labels`` (of all series), sorted."""
        if labels is not None:
            return self._sources[0].label_names(labels)
        return sorted({name for source in self._sources for name in source.label_names()})

    def label_values(self, name: str, labels: Iterable[Labels] | None = None) -> list[str]:
        """The values a label has in ``labels`` (in all series), sorted."""
        if labels is not None:
            return self._sources[0].label_values(name, labels)
        return sorted({value for source in self._sources for value in source.label_values(name)})
