"""Metrics in tables: CSV or Parquet, of which a small mapping file (TOML) says what is what.

    form = "long"                       # a row a sample; "wide": a column a series
    [time]
    column = "timestamp"                # its name; its place, from 0, in the wide form
    unit = "s"                          # s, ms, us, ns, or rfc3339
    [metric]
    name = "shop_{metric}"              # fields in braces: columns, or header rows in the wide form
    rename = { shop_lat = "shop_latency_seconds" }
    [labels]
    host = "{host}"                     # one whose text is empty is left out
    [value]
    column = "value"                    # the long form's
    [header]                            # the wide form's:
    rows = ["host", "metric"]           # what each row of the header says, from the top
    skip = 1                            # rows between header and values
    [metadata]
    shop_latency_seconds = { type = "gauge", help = "…" }

An empty value is no sample.
"""

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import msgspec

from labkit.clock import SECOND, Millis, parse_rfc3339
from labkit.errors import ClockError, DatasetError
from labkit.recording.gathered import Gathered
from labkit.signals.labels import NAME, Labels
from labkit.signals.series import Metadata

_UNITS = {"s": float(SECOND), "ms": 1.0, "us": 1e-3, "ns": 1e-6}
_FIELD = re.compile(r"\{([^{}]*)\}")
_NO_NAME = re.compile(r"[^a-zA-Z0-9_:]")


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class TimeColumn(_Strict, frozen=True, forbid_unknown_fields=True):
    """Where the times are, and in which unit."""

    column: str | int
    unit: Literal["s", "ms", "us", "ns", "rfc3339"] = "s"


class MetricName(_Strict, frozen=True, forbid_unknown_fields=True):
    """How a metric is called."""

    name: str
    rename: dict[str, str] = {}


class ValueColumn(_Strict, frozen=True, forbid_unknown_fields=True):
    """Where the values are."""

    column: str


class HeaderRows(_Strict, frozen=True, forbid_unknown_fields=True):
    """What the rows above the values say."""

    rows: tuple[str, ...]
    skip: int = 0


class Mapped(_Strict, frozen=True, forbid_unknown_fields=True):
    """A mapping file."""

    form: Literal["long", "wide"]
    time: TimeColumn
    metric: MetricName
    labels: dict[str, str] = {}
    value: ValueColumn | None = None
    header: HeaderRows | None = None
    metadata: dict[str, Metadata] = {}


def mapping(named: str) -> Mapped:
    """The mapping in a file, or one of labkit's own by name (``petshop``)."""
    own = resources.files(__package__) / "mappings" / f"{named}.toml"
    try:
        text = (
            own.read_text("utf-8")
            if re.fullmatch(r"[a-z-]+", named) and own.is_file()
            else Path(named).read_text("utf-8")
        )
        found = msgspec.convert(tomllib.loads(text), Mapped)
        _check(found)
        return found
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError) as error:
        raise DatasetError(
            f"no mapping: {error}", where=named, remedy="see the head of labkit/recording/table.py, or use 'petshop'"
        ) from error


def read(path: Path, mapped: Mapped) -> Gathered:
    """The series of a table, CSV or Parquet by its name."""
    rows = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    found = Gathered(str(path), metadata=dict(mapped.metadata))
    try:
        (_long if mapped.form == "long" else _wide)(rows, mapped, found)
    except StopIteration as error:
        raise DatasetError(
            "it ends within its header", where=str(path), remedy="see [header] in the mapping"
        ) from error
    return found


def _check(mapped: Mapped) -> None:
    if mapped.form == "long" and (mapped.value is None or isinstance(mapped.time.column, int)):
        raise ValueError("the long form needs [value] column, and the name of the time's column")
    if mapped.form == "wide" and (mapped.header is None or isinstance(mapped.time.column, str)):
        raise ValueError("the wide form needs [header] rows, and the place of the time's column")


Rows = Iterator[tuple[int, Sequence[Any]]]
"""Rows of cells, each with its line."""


def _csv(path: Path) -> Rows:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for row in reader:
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(
            f"cannot be read as CSV: {error}", where=str(path), remedy="name a CSV file in UTF-8"
        ) from error


def _parquet(path: Path) -> Rows:
    """The columns' names, then the rows."""
    import pyarrow as pa  # noqa: PLC0415  (heavy)
    import pyarrow.parquet as pq  # noqa: PLC0415  (heavy)

    try:
        file = pq.ParquetFile(path)
        yield 0, file.schema_arrow.names
        line = 0
        for batch in file.iter_batches():
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                line += 1
                yield line, row
    except (OSError, pa.ArrowException, ValueError, OverflowError) as error:
        raise DatasetError(
            f"cannot be read as Parquet: {error}", where=str(path), remedy="fetch the file again"
        ) from error


def _long(rows: Rows, mapped: Mapped, found: Gathered) -> None:
    """A row a sample, in any order of the series."""
    assert mapped.value is not None
    names = [str(name) for name in next(rows)[1]]
    wanted = {mapped.time.column, mapped.value.column, *_fields(mapped)}
    if missing := sorted(str(name) for name in wanted if name not in names):
        raise DatasetError(
            f"it has no column {missing[0]!r}", where=found.file, remedy=f"its columns: {', '.join(names)}"
        )
    known: dict[tuple[str, ...], Labels] = {}
    places = [names.index(field) for field in _fields(mapped)]
    when, what = names.index(str(mapped.time.column)), names.index(mapped.value.column)
    for line, row in rows:
        _same_width(row, names, found, line)
        key = tuple("" if row[place] is None else str(row[place]) for place in places)
        labels = known.get(key) or known.setdefault(key, _labels(mapped, dict(zip(_fields(mapped), key, strict=True))))
        _add(found, labels, _time(row[when], mapped, found, line), row[what], line)


def _wide(rows: Rows, mapped: Mapped, found: Gathered) -> None:
    """A column a series, a row a time."""
    assert mapped.header is not None
    assert isinstance(mapped.time.column, int)
    header = [next(rows)[1] for _ in mapped.header.rows]
    for _ in range(mapped.header.skip):
        next(rows)
    if missing := sorted(set(_fields(mapped)) - set(mapped.header.rows)):
        raise DatasetError(
            f"the header has no row {missing[0]!r}", where=found.file, remedy="see [header] in the mapping"
        )
    when = mapped.time.column
    for line, row in enumerate(header, start=1):
        _same_width(row, header[0], found, line)
    if not 0 <= when < len(header[0]):
        raise DatasetError(
            f"it has no column {when}", where=found.file, remedy=f"[time] column is one of 0 to {len(header[0]) - 1}"
        )
    columns = {
        place: _labels(mapped, {name: str(row[place]) for name, row in zip(mapped.header.rows, header, strict=True)})
        for place in range(len(header[0]))
        if place != when
    }
    if len(set(columns.values())) != len(columns):
        raise DatasetError("two columns are the same series", where=found.file, remedy="give them labels that differ")
    for line, row in rows:
        _same_width(row, header[0], found, line)
        time = _time(row[when], mapped, found, line)
        for place, labels in columns.items():
            _add(found, labels, time, row[place], line)


def _same_width(row: Sequence[Any], names: Sequence[Any], found: Gathered, line: int) -> None:
    if len(row) != len(names):
        raise DatasetError(
            f"{len(row)} cells under {len(names)}", where=f"{found.file}:{line}", remedy="correct the row"
        )


def _add(found: Gathered, labels: Labels, time: Millis, cell: Any, line: int) -> None:
    if cell is None or cell == "":
        return
    try:
        found.add(labels, time, float(cell), line)
    except (TypeError, ValueError) as error:
        raise DatasetError(
            f"{cell!r} is no number", where=f"{found.file}:{line}", remedy="see [value] in the mapping"
        ) from error


def _time(cell: Any, mapped: Mapped, found: Gathered, line: int) -> Millis:
    try:
        if mapped.time.unit == "rfc3339" or hasattr(cell, "isoformat"):
            return parse_rfc3339(cell if isinstance(cell, str) else cell.isoformat())
        if isinstance(cell, int) or (isinstance(cell, str) and cell.isdecimal()):
            whole = int(cell)
            return whole * SECOND if mapped.time.unit == "s" else whole // round(1 / _UNITS[mapped.time.unit])
        return round(float(cell) * _UNITS[mapped.time.unit])
    except (TypeError, ValueError, OverflowError, ClockError) as error:
        raise DatasetError(
            f"{cell!r} is no time in {mapped.time.unit}",
            where=f"{found.file}:{line}",
            remedy="see [time] in the mapping",
        ) from error


def _fields(mapped: Mapped) -> list[str]:
    """The fields that the mapping's texts name, each once."""
    texts = (mapped.metric.name, *mapped.labels.values())
    return list(dict.fromkeys(name for text in texts for name in _FIELD.findall(text)))


def _labels(mapped: Mapped, fields: Mapping[str, str]) -> Labels:
    def filled(text: str) -> str:
        return _FIELD.sub(lambda found: fields[found[1]], text)

    name = _NO_NAME.sub("_", filled(mapped.metric.name))
    name = mapped.metric.rename.get(name, name)
    return Labels([*((label, filled(text)) for label, text in mapped.labels.items()), (NAME, name)])
