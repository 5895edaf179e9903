"""Parquet as recordings use it: what is common to series, log lines and spans.

Series and log lines lie in rows of one form: ``labels``, ``start`` and ``end`` of the row, and lists of
``times`` and of what belongs to them. A row is a stretch of one series (:data:`STRETCH`), rows are sorted
by labels and time, so that a reader skips row groups by their statistics. Times are delta-encoded,
labels are dictionaries, all of it is compressed by Zstandard, and each page has a checksum.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.clock import HOUR, Millis
from labkit.errors import DatasetError
from labkit.signals.labels import Labels

STRETCH: Millis = 6 * HOUR
"""The longest time that one row spans; rows are cut at its multiples."""

GROUP = 1 << 19
"""About how many samples or lines a row group has."""

LARGEST = 64 * GROUP
"""The most values that a column of a row group may have: a damaged or hostile file unpacks to no more memory."""

EVER = -(2**62), 2**62
"""A range of time that holds every other, in any unit."""

DAMAGED = "labkit dataset verify says which files are not as they were written; fetch the recording again"
_LABELS = ["labels.key_value.key", "labels.key_value.value"]


class Writer:
    """Writes row groups of one schema to a file; what is there before :meth:`close` is no Parquet file."""

    def __init__(self, path: Path, schema: Any, *, dictionaries: list[str], encodings: dict[str, str]) -> None:
        import pyarrow.parquet as pq  # noqa: PLC0415  (heavy)

        self._writer = pq.ParquetWriter(
            path, schema, compression="zstd", compression_level=9, use_dictionary=dictionaries,
            column_encoding=encodings, write_page_checksum=True, store_schema=False,
        )  # fmt: skip
        self._schema = schema

    def write(self, columns: dict[str, Any]) -> None:
        """Add a row group."""
        import pyarrow as pa  # noqa: PLC0415  (heavy)

        table = pa.table(columns, schema=self._schema)
        self._writer.write_table(table, row_group_size=max(1, len(table)))

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()


def stretch_writer(path: Path, values: str, type: str, encodings: dict[str, str], unit: str) -> Writer:
    """A writer of stretches whose ``values`` are of Arrow's ``type`` and whose times are in ``unit``."""
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    time = pa.timestamp(unit, "UTC")
    listed = pa.list_(pa.field("element", time)), pa.list_(pa.field("element", pa.type_for_alias(type)))
    fields = [("labels", pa.map_(pa.string(), pa.string())), ("start", time), ("end", time)]
    return Writer(
        path,
        pa.schema([*fields, ("times", listed[0]), (values, listed[1])]),
        dictionaries=_LABELS,
        encodings={"times.list.element": "DELTA_BINARY_PACKED"} | encodings,
    )


def stretch_columns(labels: list[Labels], times: list[NDArray[np.int64]], unit: str) -> dict[str, Any]:
    """The columns of a row group of stretches but for their values."""
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    time = pa.timestamp(unit, "UTC")
    ends = np.array([(stretch[0], stretch[-1]) for stretch in times], np.int64).reshape(-1, 2)
    return {
        "labels": pa.array([list(one) for one in labels], pa.map_(pa.string(), pa.string())),
        "start": pa.array(ends[:, 0]).cast(time),
        "end": pa.array(ends[:, 1]).cast(time),
        "times": as_lists(times, pa.array(np.concatenate(times)).cast(time)),
    }


def as_lists(parts: list[Any], flat: Any) -> Any:
    """``flat`` as an array of lists as long as ``parts``."""
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    offsets = np.cumsum([0, *map(len, parts)])
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), flat)


def cuts(times: NDArray[np.int64], unit: int) -> Iterator[slice]:
    """The stretches of ``times``, of which ``unit`` make a millisecond, at most :data:`GROUP` long."""
    kept = times // (STRETCH * unit)
    edges = np.flatnonzero(np.diff(kept)) + 1
    for begin, end in zip([0, *edges.tolist()], [*edges.tolist(), len(times)], strict=True):
        for first in range(begin, end, GROUP):
            yield slice(first, min(end, first + GROUP))


class Reader:
    """The row groups of a file; raises :class:`DatasetError` for whatever is not as it should be."""

    def __init__(self, path: Path, columns: list[str]) -> None:
        import pyarrow as pa  # noqa: PLC0415  (heavy)
        import pyarrow.parquet as pq  # noqa: PLC0415  (heavy)

        self._path = path
        self._columns = columns
        self._errors = (pa.ArrowException, OSError)
        try:
            self._file = pq.ParquetFile(path, page_checksum_verification=True)
            names = self._file.schema_arrow.names
        except FileNotFoundError as error:
            raise DatasetError("the file is missing", where=str(path), remedy=DAMAGED) from error
        except self._errors as error:
            raise self._damaged(error) from error
        if missing := [column for column in columns if column not in names]:
            raise DatasetError(f"it has no column {missing[0]!r}", where=str(path), remedy=DAMAGED)

    def groups(self, start: int, end: int) -> Iterator[Any]:
        """The tables of the row groups that may hold something from ``start`` to ``end`` (in the file's unit)."""
        for index in range(self._file.num_row_groups):
            if self._may_hold(index, start, end):
                yield self.group(index, self._columns)

    def group(self, index: int, columns: list[str]) -> Any:
        """Some columns of one row group, if it has no more in it than a writer puts there."""
        known = self._file.metadata.row_group(index)
        most = max((known.column(place).num_values for place in range(known.num_columns)), default=0)
        if most > LARGEST:
            raise DatasetError(f"a row group has {most:,} values", where=str(self._path), remedy=DAMAGED)
        try:
            return self._file.read_row_group(index, columns)
        except self._errors as error:
            raise self._damaged(error) from error

    def stretches(self, values: str, start: int, end: int) -> Iterator[tuple[Labels, NDArray[np.int64], Any]]:
        """Labels, times and values (an Arrow array) of every row that has a time from ``start`` to ``end``."""
        import pyarrow as pa  # noqa: PLC0415  (heavy)

        for table in self.groups(start, end):
            table = table.combine_chunks()  # noqa: PLW2901  (the same table)
            try:
                first, last = (table[name].cast(pa.int64()).to_numpy() for name in ("start", "end"))
                labels = table["labels"].to_pylist()
                times, held = (table[name].chunk(0) for name in ("times", values))
                if times.values.null_count:
                    raise DatasetError("a time is missing", where=str(self._path), remedy=DAMAGED)
                flat = times.values.cast(pa.int64()).to_numpy(zero_copy_only=False)
                edges, others = times.offsets.to_numpy(), held.offsets.to_numpy()
                if not np.array_equal(edges - edges[0], others - others[0]):
                    raise DatasetError("times and values are not equally many", where=str(self._path), remedy=DAMAGED)
                for row in np.flatnonzero((first <= end) & (last >= start)).tolist():
                    length = int(edges[row + 1] - edges[row])
                    yield Labels(labels[row]), flat[edges[row] : edges[row + 1]], held.values.slice(others[row], length)
            except (*self._errors, TypeError, AttributeError) as error:
                raise self._damaged(error) from error

    def _may_hold(self, index: int, start: int, end: int) -> bool:
        group = self._file.metadata.row_group(index)
        bounds = {}
        for column in map(group.column, range(group.num_columns)):
            if column.path_in_schema in ("start", "end") and column.statistics is not None:
                bounds[column.path_in_schema] = column.statistics.min_raw, column.statistics.max_raw
        return "start" not in bounds or "end" not in bounds or (bounds["start"][0] <= end and bounds["end"][1] >= start)

    def _damaged(self, error: Exception) -> DatasetError:
        return DatasetError(
            f"it cannot be read as Parquet: {str(error).splitlines()[0]}", where=str(self._path), remedy=DAMAGED
        )
