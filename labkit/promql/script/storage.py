"""The series a script has loaded."""

from collections.abc import Sequence

import numpy as np

from labkit.clock import Millis
from labkit.promql.failures import unsupported
from labkit.promql.script.commands import Load
from labkit.promql.script.notation import Histogram
from labkit.signals.labels import NAME, Labels
from labkit.signals.matcher import Matcher
from labkit.signals.series import Selected

_SUFFIXES = ("_bucket", "_count", "_sum")


class Storage:
    """Samples by series. A query that selects a native histogram is refused, for its answer would be wrong."""

    def __init__(self) -> None:
        self._points: dict[Labels, dict[Millis, float]] = {}
        self._native: dict[Labels, set[Millis]] = {}

    def load(self, command: Load) -> None:
        """Add the samples of a ``load``."""
        for labels, points in command.series:
            for index, value in enumerate(points):
                time = index * command.step
                if isinstance(value, Histogram):
                    self._native.setdefault(labels, set()).add(time)
                elif value is not None:
                    self._points.setdefault(labels, {})[time] = value
                    if command.nhcb and (base := _base(labels)) is not None:
                        self._native.setdefault(base, set()).add(time)

    def select(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Selected]:
        """As a store does."""
        for labels, times in self._native.items():
            if _all_match(matchers, labels) and any(start <= time <= end for time in times):
                raise unsupported(f"a native histogram ({labels})")
        found = []
        for labels, points in self._points.items():
            if _all_match(matchers, labels):
                shown = sorted(time for time in points if start <= time <= end)
                if shown:
                    kept = np.array([points[time] for time in shown])
                    found.append(Selected(labels, np.array(shown, np.int64), kept))
        return found


def _all_match(matchers: Sequence[Matcher], labels: Labels) -> bool:
    return all(matcher.matches(labels) for matcher in matchers)


def _base(labels: Labels) -> Labels | None:
    """The native histogram that ``load_with_nhcb`` makes of a series of a classic one."""
    for suffix in _SUFFIXES:
        if labels.name.endswith(suffix):
            return Labels([*labels.without((NAME, "le")), (NAME, labels.name.removesuffix(suffix))])
    return None
