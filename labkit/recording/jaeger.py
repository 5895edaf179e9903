"""Reading a Jaeger by its query API: every trace of a time range, service by service.

The API of Jaeger's own user interface (``/api/services``, ``/api/traces``): times in microseconds, at
most ``limit`` traces an answer, so a range that is full is asked for in halves.
"""

from typing import Any

import msgspec

from labkit.errors import DatasetError
from labkit.recording.http import Api, plausible
from labkit.signals.spans import Event, Micros, Span, Tag

LIMIT = 1_000
"""Traces of an answer."""


class _Tag(msgspec.Struct):
    key: str
    type: str
    value: Any


class _Reference(msgspec.Struct):
    ref_type: str = msgspec.field(name="refType")
    span_id: str = msgspec.field(name="spanID")
    trace_id: str = msgspec.field(name="traceID")


class _Log(msgspec.Struct):
    timestamp: Micros
    fields: list[_Tag] = []


class _Span(msgspec.Struct):
    trace_id: str = msgspec.field(name="traceID")
    span_id: str = msgspec.field(name="spanID")
    operation: str = msgspec.field(name="operationName")
    start: Micros = msgspec.field(name="startTime")
    duration: Micros
    process_id: str = msgspec.field(name="processID")
    references: list[_Reference] | None = None
    tags: list[_Tag] | None = None
    logs: list[_Log] | None = None


class _Process(msgspec.Struct):
    service: str = msgspec.field(name="serviceName")
    tags: list[_Tag] | None = None


class _Trace(msgspec.Struct):
    trace_id: str = msgspec.field(name="traceID")
    spans: list[_Span]
    processes: dict[str, _Process]


class _Traces(msgspec.Struct):
    data: list[_Trace] | None = None


class _Services(msgspec.Struct):
    data: list[str] | None = None


class Jaeger:
    """A Jaeger."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def spans(self, start: Micros, end: Micros) -> list[Span]:
        """The spans of all traces that have one with ``start <= time < end``, each once."""
        traces: dict[str, list[Span]] = {}
        for service in sorted(self._api.get("/api/services", [], _Services).data or ()):
            for trace in self._search(service, start, end):
                with plausible(f"trace {trace.trace_id}"):
                    traces.setdefault(trace.trace_id, _spans(trace))
        return [span for trace in sorted(traces) for span in traces[trace]]

    def _search(self, service: str, start: Micros, end: Micros) -> list[_Trace]:
        asked = [("service", service), ("start", str(start)), ("end", str(end - 1)), ("limit", str(LIMIT))]
        found = self._api.get("/api/traces", asked, _Traces).data or []
        if len(found) < LIMIT:
            return found
        if end - start <= 1:
            raise DatasetError(
                f"{LIMIT:,} traces of {service} have the same microsecond {start}: Jaeger shows no more of them",
                remedy="record a range without it",
            )
        middle = (start + end) // 2
        return self._search(service, start, middle) + self._search(service, middle, end)


def _spans(trace: _Trace) -> list[Span]:
    return [_span(one, trace.processes[one.process_id]) for one in trace.spans]


def _span(span: _Span, process: _Process) -> Span:
    parents = [one for one in span.references or () if one.trace_id == span.trace_id]
    parents.sort(key=lambda one: one.ref_type != "CHILD_OF")
    return Span(
        trace_id=span.trace_id.lower().zfill(32), span_id=span.span_id.lower().zfill(16),
        parent_id=parents[0].span_id.lower().zfill(16) if parents else "",
        service=process.service, operation=span.operation, start=span.start, duration=span.duration,
        tags=_tags(span.tags), process=_tags(process.tags),
        events=tuple(Event(time=log.timestamp, fields=_tags(log.fields)) for log in span.logs or ()),
    )  # fmt: skip


def _tags(tags: list[_Tag] | None) -> dict[str, Tag]:
    return {tag.key: _value(tag) for tag in tags or ()}


def _value(tag: _Tag) -> Tag:
    """A tag's value in the type that Jaeger names beside it: JSON knows one kind of number."""
    match tag.type:
        case "bool":
            return tag.value is True or tag.value == "true"
        case "int64":
            return int(tag.value)
        case "float64":
            return float(tag.value)
        case _:
            return str(tag.value)
