"""Log lines, traces and metrics of one world tell of the same requests."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from labkit.signals.spans import SpanQuery
from labkit.world.world import HISTORY, World

NAMESPACE = "llm-research-lab-prod"


@pytest.fixture(scope="module")
def world() -> World:
    return World(4)


def lines(world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    """The replicas' lines about requests, with the pod that wrote them."""
    for pod in world.system.pods("llm-research-api"):
        name = pod["metadata"]["name"]
        for _, line in world.logs.lines(NAMESPACE, name, "api"):
            record = json.loads(line)
            if "trace_id" in record:
                yield name, record


def test_every_line_about_a_request_leads_to_its_trace(world: World) -> None:
    found = {trace[0].trace_id: trace for trace in (world.spans.search(everything(world)))}
    told = list(lines(world))
    assert len(told) > 3_000
    for pod, record in told:
        (span,) = (span for span in found[record["trace_id"]] if span.span_id == record["span_id"])
        assert span.operation == f"{record['method']} {record['path']}"
        assert span.tags["http.response.status_code"] == record["status"]
        assert span.duration == round(record["duration_ms"] * 1_000)
        assert span.process["k8s.pod.name"] == pod
        if record["level"] == "ERROR":
            assert record["message"] == span.events[0].fields["exception.message"]


def everything(world: World) -> SpanQuery:
    return SpanQuery(service="llm-research-api", start=0, end=world.now * 1_000, limit=100_000)


def test_the_traces_are_a_sample_of_what_the_metrics_count(world: World) -> None:
    """Over the whole history, by pod, route and status."""
    traced = Counter(
        (record["method"], record["path"], record["status"]) for _, record in lines(world)
    )  # fmt: skip
    counted: Counter[tuple[str, str, int]] = Counter()
    for selected in world.series.select((), world.now, world.now):
        labels = dict(selected.labels)
        if labels["__name__"] == "api_request_total":
            counted[labels["method"], labels["path"], int(labels["status"])] += int(selected.values[-1])
    assert traced
    for key, count in traced.items():
        assert 0 < count <= counted[key]
    assert all(count < counted[key] / 10 for key, count in traced.items() if key[2] < 500), "good ones are few of many"


def test_a_trace_goes_from_the_ingress_to_the_workers(world: World) -> None:
    query = SpanQuery(service="experiment-worker", start=(world.now - HISTORY) * 1_000, end=world.now * 1_000)
    traces = world.spans.search(query)
    assert len(traces) == query.limit
    assert {span.service for span in traces[0]} == {"ingress-nginx", "llm-research-api", "experiment-worker"}
    assert [span.service for span in traces[0] if not span.parent_id] == ["ingress-nginx"]


def test_the_digest_holds_the_traces(world: World) -> None:
    before = world.digest()
    world.system.tracer.samples[-1].duration += 1
    assert world.digest() != before
    world.system.tracer.samples[-1].duration -= 1
    assert world.digest() == before
