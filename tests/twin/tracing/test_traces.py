"""The laws of traces: each is of a request that was counted, and says nothing that was not so."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.clock import EPOCH, SECOND, Clock
from labkit.kube.store import Object
from labkit.signals.logs import LogStore
from labkit.signals.spans import Span, SpanQuery
from labkit.twin.api import DATABASE_TIMEOUT, PRODUCER_TIMEOUT, STATUSES, ResearchApi
from labkit.twin.causes import Causes
from labkit.twin.logbook import Logbook
from labkit.twin.routes import BUCKETS, ROUTES
from labkit.twin.topics import TOPICS
from labkit.twin.tracing.tracer import Tracer
from labkit.twin.tracing.traces import Traces
from labkit.twin.workers import JOBS, Workers

ALL = set(TOPICS)
STEP = 5 * SECOND
API = ("api-0", "api-1", "api-2")
WORKERS = ("worker-0", "worker-1")


def pod(app: str, name: str) -> Object:
    return {
        "metadata": {"name": name, "namespace": "llm-research-lab-prod", "labels": {"app": app, "version": "1.8.2"}},
        "spec": {"containers": [{"name": "main"}]},
        "status": {"containerStatuses": [{"containerID": f"containerd://{name}"}]},
    }


class Lab:
    """API, workers and tracer, stepped by hand."""

    def __init__(self, seed: int) -> None:
        self.now = EPOCH
        self.causes = Causes()
        logbook = Logbook(LogStore(), Clock())
        self.tracer = Tracer(seed, lambda: self.now, self.causes)
        self.traces = Traces(self.tracer)
        self.api = ResearchApi(seed, logbook, self.tracer)
        self.workers = Workers(seed, logbook)
        pods = [pod("llm-research-api", name) for name in API]
        for each in pods:
            logbook.begin(each, "main")
        self.staff = [pod("experiment-worker", name) for name in WORKERS]
        for each in self.staff:
            logbook.begin(each, "main")
        self.api.place(pods)

    def step(self, rate: float, ready: set[str], topics: set[str]) -> None:
        self.now += STEP
        before, consumed = self.api.produced.get(JOBS, 0), self.workers.consumed
        self.api.step(rate, STEP, ready, topics, database=self.causes.database_accepting)
        staff = [each for each in self.staff if each["metadata"]["name"] in ready]
        self.workers.step(self.now, STEP, self.api.produced.get(JOBS, 0) - before, staff, topics)
        self.tracer.consume(range(consumed, self.workers.consumed), STEP, staff, topics)

    def written(self) -> list[list[Span]]:
        """Every trace, oldest first."""
        return [self.traces.trace(sample.trace_id) for sample in self.tracer.samples]


steps = st.lists(
    st.tuples(
        st.floats(0, 600, allow_nan=False),
        st.sets(st.sampled_from((*API, *WORKERS))),
        st.sets(st.sampled_from(sorted(ALL))),
        st.booleans(),
        st.booleans(),
    ),
    max_size=8,
)
laws = settings(max_examples=60, deadline=None)


def by_service(trace: list[Span], service: str) -> list[Span]:
    return [span for span in trace if span.service == service]


@laws
@given(seed=st.integers(0, 2**32), steps=steps)
def test_every_trace_is_of_a_request_that_was_counted(seed: int, steps: list[Any]) -> None:
    """Within each step, replica, route and bucket (and outcome) no more are traced than were counted."""
    lab = Lab(seed)
    for rate, ready, topics, lab.causes.database_accepting, lab.causes.cache_password_valid in steps:
        before = {name: (r.requests.copy(), r.buckets.copy()) for name, r in lab.api.replicas.items()}
        known, rejected = len(lab.tracer.samples), lab.api.rejected
        lab.step(rate, ready, topics)
        traced: Counter[tuple[str, int, int]] = Counter()
        answered: Counter[tuple[str, int, str]] = Counter()
        refused = 0
        for sample in lab.tracer.samples[known:]:
            trace = lab.traces.trace(sample.trace_id)
            served = [span for span in by_service(trace, "llm-research-api") if span.kind == "server"]
            if not served:
                refused += 1
                assert [span.tags["http.response.status_code"] for span in trace] == [503]
                continue
            (span,) = served
            name = str(span.process["k8s.pod.name"])
            assert name in ready, "a pod that is not ready serves nothing"
            route = next(n for n, r in enumerate(ROUTES) if f"{r.method} {r.path}" == span.operation)
            traced[name, route, int(np.searchsorted(np.array(BUCKETS) * 1e6, span.duration))] += 1
            code = str(span.tags["http.response.status_code"])
            answered[name, route, "success" if code == ROUTES[route].success else code] += 1
            assert (lab.now - STEP) * 1000 <= span.start + span.duration <= lab.now * 1000, "answered in the step"
        assert refused <= lab.api.rejected - rejected
        for (name, route, bucket), count in traced.items():
            replica = lab.api.replicas[f"containerd://{name}"]
            assert count <= (replica.buckets - before[f"containerd://{name}"][1])[route, bucket]
        for (name, route, status), count in answered.items():
            replica = lab.api.replicas[f"containerd://{name}"]
            counted = replica.requests - before[f"containerd://{name}"][0]
            assert count <= counted[route, STATUSES.index(status)]


@laws
@given(seed=st.integers(0, 2**32), steps=steps)
def test_children_lie_within_their_parents_and_ids_are_unique(seed: int, steps: list[Any]) -> None:
    lab = Lab(seed)
    for rate, ready, topics, lab.causes.database_accepting, lab.causes.cache_password_valid in steps:
        lab.step(rate, ready, topics)
    lab.now += 600 * SECOND  # all jobs that were taken up are done
    traces = lab.written()
    assert len({trace[0].trace_id for trace in traces}) == len(traces)
    for trace in traces:
        spans = {span.span_id: span for span in trace}
        assert len(spans) == len(trace)
        assert [span.parent_id for span in trace].count("") == 1
        children: Counter[str] = Counter()
        for span in trace:
            assert span.duration >= 0
            if not span.parent_id:
                continue
            parent = spans[span.parent_id]
            if span.kind == "consumer":
                assert span.start >= parent.start + parent.duration, "taken up once it was sent"
                continue
            assert parent.start <= span.start
            assert span.start + span.duration <= parent.start + parent.duration
            children[span.parent_id] += span.duration
        assert all(total <= spans[parent].duration for parent, total in children.items())


@laws
@given(seed=st.integers(0, 2**32), steps=steps)
def test_no_span_says_what_was_not_so(seed: int, steps: list[Any]) -> None:
    lab = Lab(seed)
    for rate, ready, topics, lab.causes.database_accepting, lab.causes.cache_password_valid in steps:
        known = len(lab.tracer.samples)
        lab.step(rate, ready, topics)
        for sample in lab.tracer.samples[known:]:
            trace = lab.traces.trace(sample.trace_id)
            systems = {span.tags.get("db.system.name") for span in trace}
            assert lab.causes.database_accepting or "postgresql" not in systems
            for span in trace:
                if span.tags.get("db.system.name") == "redis":
                    assert ("error" in span.tags) == (not lab.causes.cache_password_valid)
                if span.operation == f"send {JOBS}":
                    assert ("error" in span.tags) == (JOBS not in topics)
                if span.operation == "acquire connection":
                    assert not lab.causes.database_accepting
                if span.service == "experiment-worker":
                    assert span.process["k8s.pod.name"] in ready, "by a worker that is ready"
                    assert JOBS in topics
                failed = span.tags.get("error", False)
                assert failed == any("exception.message" in event.fields for event in span.events)
                assert failed == (span.tags.get("otel.status_code") == "ERROR")


def test_a_job_waits_as_long_as_the_topic_lags() -> None:
    """No worker for a minute: the jobs of that minute are taken up in their order when one comes back."""
    lab = Lab(4)
    for _ in range(12):
        lab.step(180.0, set(API), ALL)
    waiting = [sample for sample in lab.tracer.samples if sample.message is not None]
    assert waiting
    assert not any(sample.job for sample in waiting)
    while lab.workers.lag:
        lab.step(0.0, set(API) | set(WORKERS), ALL)
    starts = [sample.job.start for sample in waiting if sample.job]
    assert len(starts) == len(waiting)
    assert starts == sorted(starts)
    assert starts[0] > (EPOCH + 60 * SECOND) * 1000


def test_a_span_is_there_once_it_has_ended() -> None:
    lab = Lab(6)
    seen = False
    for _ in range(40):
        lab.step(180.0, {*API, *WORKERS}, ALL)
        now = lab.now * 1000
        every = lab.traces.spans(0, now)
        assert all(span.start + span.duration <= now for span in every)
        known = {span.span_id for span in every}
        assert all(span.parent_id in known for span in every if span.parent_id), "none without its parent"
        seen = seen or any(sample.job and sample.job.end > now for sample in lab.tracer.samples)
    assert seen, "some job was still at work when its request had long been answered"


def test_without_its_topic_a_request_fails_where_its_message_is_sent() -> None:
    lab = Lab(3)
    for _ in range(6):
        lab.step(180.0, {*API, *WORKERS}, ALL - {JOBS})
    query = SpanQuery(
        service="llm-research-api", start=0, end=lab.now * 1000, operation="POST /api/v1/experiments",
        tags={"http.response.status_code": "503"},
    )  # fmt: skip
    found = lab.traces.search(query)
    assert found
    for trace in found:
        failed = {span.operation: span for span in trace if span.tags.get("error")}
        assert failed.keys() == {"POST /", "POST /api/v1/experiments", f"send {JOBS}"}
        assert failed[f"send {JOBS}"].events[0].fields["exception.message"] == "Kafka producer timeout"
        assert failed["POST /api/v1/experiments"].duration >= PRODUCER_TIMEOUT * 1e6
        assert failed[f"send {JOBS}"].duration > 0.99 * PRODUCER_TIMEOUT * 1e6, "that is where the time went"


def test_without_a_database_a_request_waits_for_a_connection() -> None:
    lab = Lab(3)
    lab.causes.database_accepting = False
    for _ in range(3):
        lab.step(180.0, {*API, *WORKERS}, ALL)
    query = SpanQuery(service="llm-research-api", start=0, end=lab.now * 1000, operation="acquire connection")
    found = lab.traces.search(query)
    assert found
    for trace in found:
        assert not any(span.tags.get("db.system.name") == "postgresql" for span in trace)
        (waiting,) = (span for span in trace if span.operation == "acquire connection")
        assert waiting.duration > 0.98 * DATABASE_TIMEOUT * 1e6
        assert waiting.events[0].fields["exception.message"] == "database connection timeout"


@settings(max_examples=40, deadline=None)
@given(
    service=st.sampled_from(["llm-research-api", "experiment-worker", "ingress-nginx", "nobody"]),
    operation=st.sampled_from([None, "POST /api/v1/experiments", "GET", "process experiments", "no such"]),
    tags=st.sampled_from([{}, {"error": "true"}, {"error": "false"}, {"k8s.pod.name": "api-1"}, {"db.operation.name": "INSERT"}]),
    since=st.integers(0, 400),
    lasting=st.integers(-10, 400),
    shortest=st.none() | st.integers(0, 60_000),
    limit=st.integers(-1, 40),
)  # fmt: skip
def test_a_search_finds_what_looking_at_every_span_finds(
    full: Lab, service: str, operation: str | None, tags: dict[str, str], since: int, lasting: int,
    shortest: int | None, limit: int,
) -> None:  # fmt: skip
    start = (EPOCH + since * SECOND) * 1000
    query = SpanQuery(
        service=service, operation=operation, tags=tags, start=start, end=start + lasting * SECOND * 1000,
        shortest=shortest, limit=limit,
    )  # fmt: skip
    found = [trace for trace in full.written() if any(query.accepts(span) for span in trace)]
    newest = sorted(found, key=lambda trace: (trace[0].start, trace[0].trace_id), reverse=True)
    assert full.traces.search(query) == newest[: max(0, limit)]


@pytest.fixture(scope="module")
def full() -> Lab:
    """Six minutes with troubles in the midst."""
    lab = Lab(9)
    for step in range(72):
        lab.causes.cache_password_valid = not 20 <= step < 30
        lab.step(180.0, {*API, *WORKERS} if step != 40 else set(), ALL - {JOBS} if 50 <= step < 60 else ALL)
    return lab


def test_services_and_operations_are_those_of_all_spans(full: Lab) -> None:
    every = [span for trace in full.written() for span in trace]
    assert full.traces.services() == sorted({span.service for span in every})
    for service in full.traces.services():
        expected = sorted({(span.operation, span.kind) for span in every if span.service == service})
        assert full.traces.operations(service) == expected


def test_spans_of_a_time_are_those_that_start_in_it(full: Lab) -> None:
    start, end = (EPOCH + 100 * SECOND) * 1000, (EPOCH + 200 * SECOND) * 1000
    every = [span for trace in full.written() for span in trace if start <= span.start < end]
    assert full.traces.spans(start, end) == sorted(every, key=lambda span: (span.start, span.span_id))


def test_same_seed_same_traces_and_another_seed_others() -> None:
    def lived(seed: int) -> Lab:
        lab = Lab(seed)
        for _ in range(10):
            lab.step(180.0, {*API, *WORKERS}, ALL)
        return lab

    first, again, other = lived(1), lived(1), lived(2)
    assert first.written() == again.written()
    assert first.tracer.digest() == again.tracer.digest() != other.tracer.digest()
    assert first.written() != other.written()
