"""The past of a source of series."""

from collections.abc import Sequence

from labkit.clock import Millis
from labkit.signals.matcher import Matcher
from labkit.signals.series import Selected
from labkit.signals.source import SeriesSource


class Until:
    """A source as it was at ``time``: nothing later is seen."""

    def __init__(self, source: SeriesSource, time: Millis) -> None:
        self._source = source
        self._time = time

    def select(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Selected]:
        """The series that match and their samples from ``start`` to ``end``, as far as they had been."""
        return self._source.select(matchers, start, min(end, self._time))
