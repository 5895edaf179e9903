"""The traces that a tracer's samples stand for, made when they are asked for."""

import heapq

from labkit.signals.spans import Micros, Span, SpanQuery, by_start
from labkit.twin.tracing.draft import Draft
from labkit.twin.tracing.job import write_job
from labkit.twin.tracing.request import write_request
from labkit.twin.tracing.sample import Sample
from labkit.twin.tracing.tracer import Tracer

Operation = tuple[str, str, str]
"""Service, operation and kind of a span."""

Way = tuple[int, str, bool, bool, int, int | None]


def write(sample: Sample, seed: int, now: Micros) -> list[Span]:
    """The spans of a sample's trace, of its job once that has ended; ``seed`` is the world's, whose rows they name."""
    draft = Draft(sample.trace)
    sent = write_request(draft, sample, seed)
    if sent and sample.job and sample.job.end <= now:
        write_job(draft, sample.job, sample.trace, sent)
    return draft.spans


class Traces:
    """Implements :class:`~labkit.signals.source.SpanSource`. A request or a job is there once it has ended."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._shapes: dict[Way, frozenset[tuple[str, str]]] = {}

    def services(self) -> list[str]:
        """The services that have spans, sorted."""
        return sorted({service for service, _, _ in self._operations()})

    def operations(self, service: str) -> list[tuple[str, str]]:
        """Operation and span kind of a service's spans, sorted."""
        return sorted({(name, kind) for of, name, kind in self._operations() if of == service})

    def trace(self, trace_id: str) -> list[Span]:
        """All spans of a trace that have ended, by start; empty if there is none."""
        found = (sample for sample in self._tracer.samples if sample.trace_id == trace_id)
        return [span for sample in found for span in self._ended(sample)]

    def search(self, query: SpanQuery) -> list[list[Span]]:
        """The newest traces that have a span which ``query`` describes, at most ``query.limit``; newest first."""
        newest: list[tuple[Micros, str, list[Span]]] = []
        for sample in reversed(self._tracer.samples if query.limit > 0 else ()):
            if len(newest) == query.limit and sample.counted * 1_000 < newest[0][0]:
                break  # every trace still to come starts before all of those found
            spans = self._ended(sample) if self._possible(sample, query) else []
            if any(map(query.accepts, spans)):
                push = heapq.heappush if len(newest) < query.limit else heapq.heappushpop
                push(newest, (spans[0].start, sample.trace_id, spans))
        return [spans for _, _, spans in sorted(newest, reverse=True)]

    def spans(self, start: Micros, end: Micros) -> list[Span]:
        """The spans that start with ``start <= time < end``, by start."""
        near = (sample for sample in self._tracer.samples if sample.earliest < end and sample.latest >= start)
        every = (span for sample in near for span in self._ended(sample))
        return sorted((span for span in every if start <= span.start < end), key=by_start)

    def _ended(self, sample: Sample) -> list[Span]:
        return sorted(write(sample, self._tracer.seed, self._tracer.now() * 1_000), key=by_start)

    def _possible(self, sample: Sample, query: SpanQuery) -> bool:
        """Whether it is worth the while to make a sample's spans."""
        if sample.earliest > query.end or sample.latest < query.start:
            return False
        if query.tags.get("error") == "true" and sample.sound:
            return False
        if query.shortest is not None and sample.longest < query.shortest:
            return False
        return any(of == query.service and query.operation in (None, name) for of, name in self._shape(sample))

    def _operations(self) -> set[Operation]:
        """The operations of all that has ended: of each way that traces went, one will do."""
        now, seen = self._tracer.now() * 1_000, dict[Way, Sample]()
        for sample in self._tracer.samples:
            if sample.latest <= now or _way(sample) not in seen:
                seen[_way(sample)] = sample
        return {(one.service, one.operation, one.kind) for sample in seen.values() for one in self._ended(sample)}

    def _shape(self, sample: Sample) -> frozenset[tuple[str, str]]:
        """Service and name of a trace's operations: the same for all that went the same way."""
        way = _way(sample)
        if way not in self._shapes:
            self._shapes[way] = frozenset(
                (one.service, one.operation) for one in write(sample, self._tracer.seed, sample.latest)
            )
        return self._shapes[way]


def _way(sample: Sample) -> Way:
    """What decides which operations a trace has."""
    provider = sample.job.provider if sample.job else None
    return sample.route, sample.status, sample.replica is None, sample.database, sample.queries, provider
