"""Log streams in a Parquet file: every line with its time in nanoseconds, in the order in which it was written."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from labkit.errors import DatasetError
from labkit.signals.parquet import DAMAGED, EVER, GROUP, Reader, Writer, as_lists, cuts, stretch_columns, stretch_writer
from labkit.signals.streams import Nanos, Stream, StreamStore

_COLUMNS = ["labels", "start", "end", "times", "lines"]
_NANOS = 1_000_000
"""Nanoseconds of a millisecond."""


def write(path: Path, streams: Iterable[Stream]) -> int:
    """Write ``streams``, each given once, in the order of their labels; returns how many lines there are."""
    writer = stretch_writer(path, "lines", "string", {}, "ns")
    rows: list[Stream] = []
    total = held = 0
    try:
        for one in sorted(streams, key=lambda one: one.labels):
            for cut in cuts(one.times, _NANOS):
                rows.append(Stream(one.labels, one.times[cut], one.lines[cut]))
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


def read(path: Path, start: Nanos = EVER[0], end: Nanos = EVER[1]) -> StreamStore:
    """The lines with ``start <= time < end``; raises :class:`DatasetError` for a damaged file."""
    store = StreamStore()
    for labels, times, lines in Reader(path, _COLUMNS).stretches("lines", start, end):
        begin, stop = times.searchsorted([start, end]).tolist()
        try:
            for time, line in zip(
                times[begin:stop].tolist(), lines.slice(begin, stop - begin).to_pylist(), strict=True
            ):
                store.write(labels, time, line)
        except ValueError as error:
            raise DatasetError(f"a clock goes backwards: {error}", where=str(path), remedy=DAMAGED) from error
    return store


def _write_group(writer: Writer, rows: list[Stream]) -> None:
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    lines = [list(one.lines) for one in rows]
    columns = stretch_columns([one.labels for one in rows], [np.asarray(one.times, np.int64) for one in rows], "ns")
    try:
        flat = pa.array([line for stretch in lines for line in stretch], pa.string())
    except UnicodeEncodeError as error:
        raise DatasetError(
            f"a line is no text: {error}", remedy="record it with what is not Unicode replaced"
        ) from error
    writer.write(columns | {"lines": as_lists(lines, flat)})
