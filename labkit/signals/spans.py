"""Spans, as a tracer reports them and Jaeger shows them: what one service did for one request, and for how long."""

import bisect
import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from threading import Lock

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
    """Spans of traces, held by trace and, in the order of their start, by service.

    One thread may add while others read: a reader works on what there was when it began.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._traces: dict[str, list[Span]] = {}
        self._by_service: dict[str, list[Span]] = {}
        self._operations: dict[str, set[tuple[str, str]]] = {}

    def add(self, span: Span) -> None:
        """Take a span; those of a trace, and traces, may come in any order."""
        with self._lock:
            _insert(self._traces.setdefault(span.trace_id, []), span)
            _insert(self._by_service.setdefault(span.service, []), span)
            self._operations.setdefault(span.service, set()).add((span.operation, span.kind))

    def services(self) -> list[str]:
        """The services that have spans, sorted."""
        with self._lock:
            return sorted(self._operations)

    def operations(self, service: str) -> list[tuple[str, str]]:
        """Operation and span kind (empty if unknown) of a service's spans, sorted."""
        with self._lock:
            return sorted(self._operations.get(service, ()))

    def trace(self, trace_id: str) -> list[Span]:
        """All spans of a trace, by start; empty if there is none."""
        with self._lock:
            return self._traces.get(trace_id, [])[:]

    def search(self, query: SpanQuery) -> list[list[Span]]:
        """The newest traces that have a span which ``query`` describes, at most ``query.limit``; newest first."""
        if query.limit <= 0:
            return []
        newest: list[tuple[Micros, str]] = []
        seen: set[str] = set()
        for span in reversed(self._window(query.service, query.start, query.end + 1)):
            if len(newest) == query.limit and span.start < newest[0][0]:
                break  # the traces still to come start no later than this span, so before all those found
            if span.trace_id not in seen and query.accepts(span):
                seen.add(span.trace_id)
                push = heapq.heappush if len(newest) < query.limit else heapq.heappushpop
                push(newest, (self.trace(span.trace_id)[0].start, span.trace_id))
        return [self.trace(trace_id) for _, trace_id in sorted(newest, reverse=True)]

    def spans(self, start: Micros, end: Micros) -> list[Span]:
        """The spans that start with ``start <= time < end``, by start."""
        windows = (self._window(service, start, end) for service in self.services())
        return sorted(chain.from_iterable(windows), key=by_start)

    def _window(self, service: str, start: Micros, end: Micros) -> list[Span]:
        """A service's spans with ``start <= span.start < end``."""
        with self._lock:
            spans = self._by_service.get(service, [])
            first, last = (bisect.bisect_left(spans, time, key=lambda span: span.start) for time in (start, end))
            return spans[first:last]


class Dependency(msgspec.Struct, frozen=True, kw_only=True, order=True, rename="camel"):
    """How often spans of ``parent`` have children that are spans of ``child`` (both services)."""

    parent: str
    child: str
    call_count: int


def dependencies(spans: Iterable[Span]) -> list[Dependency]:
    """Who calls whom, by the spans whose parents are among ``spans`` too; calls within a service count as well."""
    known = {(span.trace_id, span.span_id): span for span in spans}
    parents = ((known.get((span.trace_id, span.parent_id)), span) for span in known.values())
    calls = Counter((parent.service, span.service) for parent, span in parents if parent)
    return sorted(Dependency(parent=pair[0], child=pair[1], call_count=count) for pair, count in calls.items())


def _insert(spans: list[Span], span: Span) -> None:
    """Keep ``spans`` in order; most come at the end."""
    if not spans or by_start(spans[-1]) <= by_start(span):
        spans.append(span)
    else:
        bisect.insort(spans, span, key=by_start)


def by_start(span: Span) -> tuple[Micros, str]:
    """The order of spans."""
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
