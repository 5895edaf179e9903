"""What readers of signals ask of whoever holds them: a live world, a recording, or the results of rules."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from labkit.clock import Millis
from labkit.signals.labels import Labels
from labkit.signals.matcher import Matcher
from labkit.signals.series import Metadata, Selected
from labkit.signals.spans import Span, SpanQuery
from labkit.signals.streams import Nanos, Stream


class SeriesSource(Protocol):
    """Time series, as Prometheus' queries and its HTTP API ask for them."""

    @property
    def metadata(self) -> Mapping[str, Metadata]:
        """Type and help of the metrics, by name."""

    def select(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Selected]:
        """The series that match and their samples from ``start`` to ``end``, both included, if there are any."""

    def series(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Labels]:
        """The series that match and have a sample from ``start`` to ``end``, sorted."""

    def label_names(self, labels: Iterable[Labels] | None = None) -> list[str]:
        """The names of all labels of ``labels`` (of all series), sorted."""

    def label_values(self, name: str, labels: Iterable[Labels] | None = None) -> list[str]:
        """The values a label has in ``labels`` (in all series), sorted."""


class StreamSource(Protocol):
    """Log streams, as LogQL and Loki's HTTP API ask for them."""

    def select(self, matchers: Sequence[Matcher], start: Nanos, end: Nanos) -> list[Stream]:
        """The streams that match and their lines with ``start <= time < end``, if there are any; sorted by labels."""

    def streams(self, matchers: Sequence[Matcher], start: Nanos, end: Nanos) -> list[Labels]:
        """The labels of the streams that match and have a line with ``start <= time < end``, sorted."""


class SpanSource(Protocol):
    """Spans, as Jaeger's query API asks for them."""

    def services(self) -> list[str]:
        """The services that have spans, sorted."""

    def operations(self, service: str) -> list[tuple[str, str]]:
        """Operation and span kind (empty if unknown) of a service's spans, sorted."""

    def trace(self, trace_id: str) -> list[Span]:
        """All spans of a trace, by start; empty if there is none."""

    def search(self, query: SpanQuery) -> list[list[Span]]:
        """The newest traces that have a span which ``query`` describes, at most ``query.limit``; newest first."""

    def spans(self, start: int, end: int) -> list[Span]:
        """The spans that start with ``start <= time < end`` (microseconds), by start."""
