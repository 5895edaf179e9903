"""Spans in a Parquet file, a row a span; tags keep their types, as OpenTelemetry's attributes do."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from labkit.errors import DatasetError
from labkit.signals.parquet import DAMAGED, GROUP, Reader, Writer
from labkit.signals.spans import Event, Span, SpanStore, Tag

_COLUMNS = [
    "trace_id", "span_id", "parent_id", "service", "operation", "start", "duration", "tags", "process", "events",
]  # fmt: skip
_TYPES: dict[type, str] = {str: "string", bool: "bool", int: "int", float: "double"}


def write(path: Path, spans: Iterable[Span]) -> int:
    """Write ``spans`` by time; returns how many there are."""
    rows = sorted(spans, key=lambda span: (span.start, span.trace_id, span.span_id))
    dictionaries = ["service", "operation", *(f"{column}.list.element.key" for column in ("tags", "process"))]
    writer = Writer(
        path,
        _schema(),
        dictionaries=[*dictionaries, "tags.list.element.string", "process.list.element.string", "parent_id"],
        encodings={"start": "DELTA_BINARY_PACKED"},
    )
    try:
        for first in range(0, len(rows), GROUP):
            writer.write(_columns(rows[first : first + GROUP]))
    finally:
        writer.close()
    return len(rows)


def read(path: Path) -> SpanStore:
    """All spans; raises :class:`DatasetError` for a damaged file."""
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    store = SpanStore()
    reader = Reader(path, _COLUMNS)
    for table in reader.groups(-(2**62), 2**62):
        try:
            columns = {name: table[name] for name in _COLUMNS}
            columns["start"] = columns["start"].cast(pa.int64())
            for row in zip(*(column.to_pylist() for column in columns.values()), strict=True):
                store.add(_span(*row))
        except (pa.ArrowException, TypeError, KeyError, ValueError) as error:
            raise DatasetError(f"a span cannot be read: {error}", where=str(path), remedy=DAMAGED) from error
    return store


def _schema() -> Any:
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    time, text = pa.timestamp("us", "UTC"), pa.string()
    tag = pa.struct(
        [("key", text), ("string", text), ("bool", pa.bool_()), ("int", pa.int64()), ("double", pa.float64())]
    )
    tags = pa.list_(pa.field("element", tag))
    event = pa.struct([("time", pa.int64()), ("fields", tags)])
    names = [(name, text) for name in _COLUMNS[:5]]
    return pa.schema([
        *names, ("start", time), ("duration", pa.int64()), ("tags", tags), ("process", tags),
        ("events", pa.list_(pa.field("element", event))),
    ])  # fmt: skip


def _columns(rows: list[Span]) -> dict[str, Any]:
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    values = {
        **{name: [getattr(span, name) for span in rows] for name in _COLUMNS[:7]},
        "tags": [_tags(span.tags) for span in rows],
        "process": [_tags(span.process) for span in rows],
        "events": [[{"time": one.time, "fields": _tags(one.fields)} for one in span.events] for span in rows],
    }
    try:
        return {field.name: pa.array(values[field.name], field.type) for field in _schema()}
    except (pa.ArrowException, OverflowError, UnicodeEncodeError) as error:
        raise DatasetError(f"a span cannot be written: {error}", remedy="leave it out by a redaction rule") from error


def _tags(tags: Mapping[str, Tag]) -> list[dict[str, Any]]:
    return [{"key": key, _TYPES[type(value)]: value} for key, value in tags.items()]


def _read_tags(tags: list[dict[str, Any]]) -> dict[str, Tag]:
    return {tag["key"]: _value(tag) for tag in tags}


def _value(tag: dict[str, Any]) -> Tag:
    for name in _TYPES.values():
        if tag[name] is not None:
            value: Tag = tag[name]
            return value
    raise ValueError(f"the tag {tag['key']!r} has no value")


def _span(*row: Any) -> Span:
    names = _COLUMNS[:7]
    tags, process, events = row[7:]
    return Span(
        **dict(zip(names, row[:7], strict=True)),
        tags=_read_tags(tags),
        process=_read_tags(process),
        events=tuple(Event(time=one["time"], fields=_read_tags(one["fields"])) for one in events),
    )
