"""What is kept of a request that is traced: all that its spans follow from."""

from collections.abc import Mapping
from dataclasses import dataclass

from labkit.clock import Millis
from labkit.signals.spans import Micros, Tag
from labkit.twin.workers import INSERT_SECONDS

OVERHEAD: Micros = 600
"""The most that the ingress adds to the replica's own time, before and after together."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A process that reports spans: its service, and its attributes by OpenTelemetry's names."""

    service: str
    name: str
    """The pod's name; empty for what runs in no pod of ours."""
    attributes: Mapping[str, Tag]


@dataclass(frozen=True, slots=True)
class Job:
    """The work that a traced request left on the topic: who took it up, when, and for how long."""

    worker: Resource
    start: Micros
    answer: Micros
    """How long the LLM provider took."""
    provider: int
    """Index into ``PROVIDERS``."""
    missing: tuple[str, ...]
    """Topics the worker could not write its results to."""

    @property
    def duration(self) -> Micros:
        """How long the run took: the provider's answer, and what there is to write before and after."""
        return self.answer + round(INSERT_SECONDS * 1e6)

    @property
    def end(self) -> Micros:
        """When the worker was done."""
        return self.start + self.duration


@dataclass(slots=True)
class Sample:
    """One traced request. ``job`` comes when a worker takes up its message; all else stays as it was counted."""

    trace: int
    """The trace id, a number of 128 bits."""
    counted: Millis
    """The end of the step in whose counts the request is."""
    ended: Micros
    """When the replica (the ingress, if it had none) had answered."""
    duration: Micros
    route: int
    """Index into ``ROUTES``."""
    status: str
    """One of ``STATUSES``."""
    bucket: int
    """The histogram's bucket in which it is counted; −1 if no replica served it."""
    replica: Resource | None
    queries: int
    """Statements sent to PostgreSQL."""
    cache: bool
    """Redis took our password."""
    database: bool
    """PostgreSQL took connections."""
    message: int | None = None
    """The message it produced: the how many-eth of the topic."""
    job: Job | None = None

    @property
    def trace_id(self) -> str:
        """The trace id as log lines and Jaeger write it: 32 hexadecimal digits."""
        return f"{self.trace:032x}"

    @property
    def earliest(self) -> Micros:
        """No span of the trace starts before this."""
        return self.ended - self.duration - OVERHEAD

    @property
    def latest(self) -> Micros:
        """No span of the trace ends after this."""
        answered = self.ended + OVERHEAD
        return max(answered, self.job.end) if self.job else answered

    @property
    def longest(self) -> Micros:
        """No span of the trace lasts longer than this."""
        answered = self.duration + OVERHEAD
        return max(answered, self.job.duration) if self.job else answered

    @property
    def sound(self) -> bool:
        """Whether nothing in the trace failed."""
        return self.status == "success" and self.cache and not (self.job and self.job.missing)

    def identity(self) -> str:
        """All of it as a text, for hashing."""
        job, replica = self.job, self.replica
        return repr((
            self.trace, self.counted, self.ended, self.duration, self.route, self.status, self.bucket,
            replica and replica.name, self.queries, self.cache, self.database, self.message,
            job and (job.worker.name, job.start, job.answer, job.provider, job.missing),
        ))  # fmt: skip
