"""Traces in the form of Jaeger's query API: the JSON that Jaeger's UI and Grafana read."""

from collections.abc import Mapping, Sequence
from typing import Any

from labkit.signals.spans import Span, Tag

_SAFE = 2**53 - 1
"""The greatest integer that JavaScript holds exactly; upstream writes those beyond as strings."""


def envelope(data: Any, *, total: int = 0, errors: Sequence[Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """The frame of every answer; upstream counts services and operations, and leaves the total of traces at 0."""
    return {"data": data, "total": total, "limit": 0, "offset": 0, "errors": errors}


def trace(spans: Sequence[Span]) -> dict[str, Any]:
    """One trace: its spans, and its processes as ``p1``, ``p2``, … in the order in which they occur."""
    processes: dict[str, Mapping[str, Any]] = {}
    names: dict[tuple[str, str], str] = {}
    rows = []
    for span in spans:
        process = (span.service, repr(sorted(span.process.items())))
        if process not in names:
            names[process] = f"p{len(names) + 1}"
            processes[names[process]] = {"serviceName": span.service, "tags": _tags(span.process)}
        rows.append(_span(span, names[process]))
    return {"traceID": short(spans[0].trace_id), "spans": rows, "processes": processes, "warnings": None}


def short(trace_id: str) -> str:
    """A trace id as Jaeger writes it: 16 digits if the upper 16 are zeros."""
    return trace_id[16:] if trace_id.startswith("0" * 16) else trace_id


def _span(span: Span, process: str) -> dict[str, Any]:
    trace_id = short(span.trace_id)
    parent = [{"refType": "CHILD_OF", "traceID": trace_id, "spanID": span.parent_id}] if span.parent_id else []
    return {
        "traceID": trace_id, "spanID": span.span_id, "operationName": span.operation, "references": parent,
        "startTime": span.start, "duration": span.duration, "tags": _tags(span.tags),
        "logs": [{"timestamp": event.time, "fields": _tags(event.fields)} for event in span.events],
        "processID": process, "warnings": None,
    }  # fmt: skip


def _tags(fields: Mapping[str, Tag]) -> list[dict[str, Any]]:
    """Attributes by key: upstream sorts them."""
    return [{"key": key, **_typed(fields[key])} for key in sorted(fields)]


def _typed(value: Tag) -> dict[str, Any]:
    match value:
        case bool():
            return {"type": "bool", "value": value}
        case int():
            return {"type": "int64", "value": value if abs(value) <= _SAFE else str(value)}
        case float():
            return {"type": "float64", "value": value}
        case str():
            return {"type": "string", "value": value}
