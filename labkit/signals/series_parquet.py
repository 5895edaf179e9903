"""Series in a Parquet file, bit for bit: stale markers, other NaN payloads and infinities among the values."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from labkit.clock import Millis
from labkit.errors import DatasetError
from labkit.signals.labels import Labels
from labkit.signals.matcher import Matcher
from labkit.signals.parquet import DAMAGED, EVER, GROUP, Reader, Writer, as_lists, cuts, stretch_columns, stretch_writer
from labkit.signals.samples import SampleStore
from labkit.signals.series import Floats, Selected, Times

_COLUMNS = ["labels", "start", "end", "times", "values"]
Row = tuple[Labels, Times, Floats]


def write(path: Path, series: Iterable[Selected]) -> int:
    """Write ``series``, each given once, in the order of their labels; returns how many samples there are."""
    # Split by byte, neighbouring values differ in few places: a third smaller than the plain form.
    writer = stretch_writer(path, "values", "double", {"values.list.element": "BYTE_STREAM_SPLIT"}, "ms")
    rows: list[Row] = []
    total = held = 0
    try:
        for one in sorted(series, key=lambda one: one.labels):
            for cut in cuts(one.times, 1):
                rows.append((one.labels, one.times[cut], one.values[cut]))
                held += cut.stop - cut.start
                if held >= GROUP:
                    _write_group(writer, rows)
                    total, held = total + held, 0
                    rows.clear()
        if rows:
            _write_group(writer, rows)
    finally:
        writer.close()
    return total + held


def read(path: Path, matchers: Sequence[Matcher] = (), start: Millis = EVER[0], end: Millis = EVER[1]) -> SampleStore:
    """The series that match, with their samples from ``start`` to ``end``; row groups outside are not read.

    Series with equal times share one array. Raises :class:`DatasetError` for a file that is damaged,
    and for a series whose times do not rise.
    """
    found: dict[Labels, list[tuple[Times, Floats]]] = {}
    stretches: dict[bytes, Times] = {}
    for labels, times, values in Reader(path, _COLUMNS).stretches("values", start, end):
        if all(matcher.matches(labels) for matcher in matchers):
            begin, stop = times.searchsorted([start, end + 1])
            # Copied, so that nothing holds the row group's own buffers: most times are the same in all rows.
            kept = stretches.setdefault(times[begin:stop].tobytes(), times[begin:stop].copy())
            found.setdefault(labels, []).append((kept, _floats(values, path)[begin:stop].copy()))
    return _stored(found, path)


def _floats(values: Any, path: Path) -> Floats:
    numbers: Floats = values.to_numpy(zero_copy_only=False)
    if numbers.dtype != np.float64 or values.null_count:
        raise DatasetError("its values are not floating-point numbers", where=str(path), remedy=DAMAGED)
    return numbers


def _write_group(writer: Writer, rows: list[Row]) -> None:
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    labels, times, values = (list(column) for column in zip(*rows, strict=True))
    columns = stretch_columns(labels, times, "ms")
    writer.write(columns | {"values": as_lists(values, pa.array(np.concatenate(values)))})


def _stored(found: dict[Labels, list[tuple[Times, Floats]]], path: Path) -> SampleStore:
    """The stretches joined; equal times become the same array, so that readers see aligned series."""
    store = SampleStore()
    shared: dict[bytes, Times] = {}
    for labels in list(found):
        stretches = found.pop(labels)
        times = np.concatenate([stretch for stretch, _ in stretches])
        times = shared.setdefault(times.tobytes(), times)
        try:
            store.append(labels, times, np.concatenate([numbers for _, numbers in stretches]))
        except ValueError as error:
            raise DatasetError(f"a clock goes backwards: {error}", where=str(path), remedy=DAMAGED) from error
    return store
