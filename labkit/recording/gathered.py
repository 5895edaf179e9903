"""Series gathered sample by sample from files."""

from dataclasses import dataclass, field

import numpy as np

from labkit.clock import Millis
from labkit.errors import DatasetError
from labkit.signals.labels import Labels
from labkit.signals.samples import SampleStore
from labkit.signals.series import Metadata, Times

FIRST, LAST = -62_135_596_800_000, 253_402_300_799_999
"""The times that a date can name."""


@dataclass
class Gathered:
    """What was read of one file: by series, times and values in the order of the file."""

    file: str
    series: dict[Labels, tuple[list[Millis], list[float]]] = field(default_factory=dict)
    metadata: dict[str, Metadata] = field(default_factory=dict)

    def add(self, labels: Labels, time: Millis, value: float, line: int) -> None:
        """Add a sample; raises :class:`DatasetError` if it is not after the series' last."""
        if not FIRST <= time <= LAST:
            raise DatasetError(
                f"{time} ms is no time of the years 1 to 9999", where=f"{self.file}:{line}",
                remedy="is its unit another?",
            )  # fmt: skip
        times, values = self.series.setdefault(labels, ([], []))
        if times and time <= times[-1]:
            fault = "has a second sample at the same time" if time == times[-1] else "goes back in time"
            raise DatasetError(f"{labels} {fault}", where=f"{self.file}:{line}", remedy="sort the file by time")
        times.append(time)
        values.append(value)


def joined(files: list[Gathered]) -> SampleStore:
    """The series of all files; raises :class:`DatasetError` where two say different things of one moment."""
    store = SampleStore()
    shared: dict[bytes, Times] = {}
    for labels in sorted({labels for one in files for labels in one.series}):
        parts = [(one.file, *one.series[labels]) for one in files if labels in one.series]
        times = np.concatenate([np.array(stamps, np.int64) for _, stamps, _ in parts])
        values = np.concatenate([np.array(numbers, np.float64) for _, _, numbers in parts])
        order = np.argsort(times, kind="stable")
        times, values = times[order], values[order]
        again = np.flatnonzero(times[1:] == times[:-1]) + 1
        if (values[again].view(np.uint64) != values[again - 1].view(np.uint64)).any():
            raise DatasetError(
                f"{labels} has two values at one time", where=", ".join(file for file, *_ in parts),
                remedy="import one of the files alone",
            )  # fmt: skip
        times, values = np.delete(times, again), np.delete(values, again)
        store.append(labels, shared.setdefault(times.tobytes(), times), values)
    for one in files:
        store.metadata.update(one.metadata)
    return store
