"""Writing what a rule gave: samples, and a stale marker where a series of it is no more."""

import numpy as np

from labkit.alerting.evaluation import Outcome
from labkit.clock import Millis
from labkit.signals.labels import Labels
from labkit.signals.samples import SampleStore
from labkit.signals.series import STALE


class Writer:
    """Writes one rule's series; ``offset`` is how long before its evaluation a sample lies."""

    def __init__(self, offset: Millis) -> None:
        self.store = SampleStore()
        self._offset = offset
        self._last: set[Labels] = set()

    def write(self, outcome: Outcome) -> None:
        """Add the samples of further evaluations; one that failed leaves things as they were."""
        if not len(outcome.times):
            return
        times = outcome.times - self._offset
        rows = {labels: row for row, labels in enumerate(outcome.labels)}
        for labels in sorted(self._last - rows.keys()):
            self.store.append(labels, times[:1], np.array([STALE]))
        for labels, row in rows.items():
            present = outcome.present[row]
            before = np.concatenate([[labels in self._last], present[:-1]])
            written = present | before
            if written.all() and present.all():
                self.store.append(labels, times, np.ascontiguousarray(outcome.values[row]))
            elif written.any():
                values = np.where(present, outcome.values[row], STALE)
                self.store.append(labels, times[written], values[written])
        self._last = {labels for labels, row in rows.items() if outcome.present[row, -1]}
