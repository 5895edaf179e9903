"""Spans, as a tracer reports them and Jaeger shows them: what one service did for one request, and for how long."""

import heapq
from collections.abc import Iterator, Mapping

import msgspec

Micros = int
"""A time or a duration in microseconds: Jaeger's own unit."""

Tag = str | bool | int | float
"""The value of an attribute."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened within a span (OpenTelemetry's event, Jaeger's log)."""

    time: Micros
    fields: dict[str, Tag]


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of one service.

    Ids are lower-case hex, of 32 digits (trace) and 16 (span); ``parent_id`` is empty at the root.
    ``tags`` are the span's attributes by OpenTelemetry's names (``span.kind`` and ``error`` as Jaeger
    writes them), ``process`` the resource's.
    """

    trace_id: str
    span_id: str
    parent_id: str = ""
    service: str
    operation: str
    start: Micros
    duration: Micros
    tags: dict[str, Tag] = {}
    process: dict[str, Tag] = {}
    events: tuple[Event, ...] = ()

    @property
    def kind(self) -> str:
        """The span's kind (``server``, ``client``, …), or nothing."""
        return str(self.tags.get("span.kind", ""))


class SpanQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a span must be for its trace to be found; ``start <= span.start <= end``, durations both included."""

    service: str
    start: Micros
    end: Micros
    operation: str | None = None
    tags: dict[str, str] = {}
    shortest: Micros | None = None
    longest: Micros | None = None
    limit: int = 20

    def accepts(self, span: Span) -> bool:
        """Whether a span is what is asked for; a tag may also be one of the process or of an event."""
        return (
            span.service == self.service
            and self.start <= span.start <= self.end
            and self.operation in (None, span.operation)
            and (self.shortest is None or span.duration >= self.shortest)
            and (self.longest is None or span.duration <= self.longest)
            and all(
                any(_text(fields.get(key)) == value for fields in _fields(span)) for key, value in self.tags.items()
            )
        )


class SpanStore:
    """All spans of one world."""

    def __init__(self) -> None:
        self._traces: dict[str, list[Span]] = {}
        self._operations: dict[str, set[tuple[str, str]]] = {}

    def add(self, span: Span) -> None:
        """Take a span; those of a trace may come in any order."""
        self._traces.setdefault(span.trace_id, []).append(span)
        self._operations.setdefault(span.service, set()).add((span.operation, span.kind))

    def services(self) -> list[str]:
        """The services that have spans, sorted."""
        return sorted(self._operations)

    def operations(self, service: str) -> list[tuple[str, str]]:
        """Operation and span kind (empty if unknown) of a service's spans, sorted."""
        return sorted(self._operations.get(service, ()))

    def trace(self, trace_id: str) -> list[Span]:
        """All spans of a trace, by start; empty if there is none."""
        return sorted(self._traces.get(trace_id, ()), key=_order)

    def search(self, query: SpanQuery) -> list[list[Span]]:
        """The newest traces that have a span which ``query`` describes, at most ``query.limit``; newest first."""
        found = (spans for spans in list(self._traces.values()) if any(map(query.accepts, spans)))
        newest = heapq.nlargest(query.limit, found, key=lambda spans: (min(map(_order, spans)), spans[0].trace_id))
        return [sorted(spans, key=_order) for spans in newest]

    def spans(self, start: Micros, end: Micros) -> list[Span]:
        """The spans that start with ``start <= time < end``, by start."""
        every = (span for spans in list(self._traces.values()) for span in spans)
        return sorted((span for span in every if start <= span.start < end), key=_order)


def _order(span: Span) -> tuple[Micros, str]:
    return span.start, span.span_id


def _fields(span: Span) -> Iterator[Mapping[str, Tag]]:
    yield span.tags
    yield span.process
    for event in span.events:
        yield event.fields


def _text(value: Tag | None) -> str | None:
    """A tag as Jaeger compares it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)
