"""A trace while it is written: ids, times and attributes of its spans, all from the trace's own id."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from labkit.signals.spans import Event, Micros, Span, Tag
from labkit.twin.tracing.sample import Resource

SERVER = 1
"""Which of a trace's spans is the replica's own; the one before it is the ingress's."""

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def span_id(trace: int, number: int) -> str:
    """The id of a trace's span ``number``: SplitMix64, a bijection, so no two of a trace are the same."""
    x = (trace + (number + 1) * _GOLDEN) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return f"{x ^ (x >> 31):016x}"


@dataclass(frozen=True)
class Failure:
    """Why a span failed: OpenTelemetry's ``exception.type`` and ``exception.message``."""

    type: str
    message: str


class Draft:
    """The spans of one trace, in the order in which they are added."""

    def __init__(self, trace: int) -> None:
        self._trace = trace
        self._trace_id = f"{trace:032x}"
        self.random = random.Random(trace)
        self.spans: list[Span] = []

    def add(
        self,
        resource: Resource,
        operation: str,
        kind: str,
        between: tuple[Micros, Micros],
        tags: Mapping[str, Tag],
        parent: str = "",
        failure: Failure | None = None,
    ) -> str:
        """Add a span that lasts ``between`` two times, and return its id."""
        start, end = between
        own = span_id(self._trace, len(self.spans))
        marks: dict[str, Tag] = {"span.kind": kind}
        events: tuple[Event, ...] = ()
        if failure:
            marks |= {
                "error": True, "error.type": failure.type,
                "otel.status_code": "ERROR", "otel.status_description": failure.message,
            }  # fmt: skip
            told: dict[str, Tag] = {
                "event": "exception", "exception.type": failure.type, "exception.message": failure.message,
            }  # fmt: skip
            events = (Event(time=end, fields=told),)
        self.spans.append(
            Span(
                trace_id=self._trace_id, span_id=own, parent_id=parent, service=resource.service, operation=operation,
                start=start, duration=end - start, tags={**tags, **marks}, process=dict(resource.attributes),
                events=events,
            )
        )  # fmt: skip
        return own

    def noise(self, sigma: float = 0.3) -> float:
        """A factor around one."""
        return self.random.lognormvariate(0.0, sigma)
