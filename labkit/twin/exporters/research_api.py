"""The research API's own metrics, on ``:9090/metrics`` of each replica."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from labkit.twin import queries
from labkit.twin.api import ATTEMPTS, POOL_SIZE, STATUSES, Replica
from labkit.twin.exporters.family import Family, Floats, Series, of, series
from labkit.twin.queries import Queries
from labkit.twin.routes import BUCKETS, ROUTES
from labkit.twin.system import is_running

if TYPE_CHECKING:
    from labkit.twin.system import System

METRICS = {
    "api_request_total": ("counter", "Requests served by the research API."),
    "api_request_duration_seconds": ("histogram", "Latency of requests to the research API, in seconds."),
    "api_request_in_flight": ("gauge", "Requests being served now."),
    "api_cache_requests_total": ("counter", "Look-ups in the cache by result."),
    "api_kafka_producer_messages_total": ("counter", "Messages handed to the topic."),
    "api_kafka_producer_errors_total": ("counter", "Messages given up after all tries."),
    "api_dependency_retries_total": ("counter", "Tries after the first of calls to a dependency."),
    "api_build_info": ("gauge", "The release that runs; always 1."),
    "db_connection_pool_size": ("gauge", "Connections the replica's pool may hold."),
    "db_connection_pool_idle": ("gauge", "Connections of the pool that are free."),
    "db_connection_pool_utilization": ("gauge", "Share of the pool in use, 0 to 1."),
    "db_connection_pool_timeouts_total": ("counter", "Requests that gave up waiting for a connection."),
    "db_query_duration_seconds": ("histogram", "Time of statements on PostgreSQL as their caller sees it, in seconds."),
}

TOPICS = tuple(dict.fromkeys(route.produces for route in ROUTES if route.produces))


def families(system: "System") -> Iterable[Family]:
    """One family a replica whose process runs."""
    for replica in system.api.replicas.values():
        if is_running(replica.pod):
            yield _replica(replica)


def statements(labels: dict[str, str]) -> list[Series]:
    """The series of ``db_query_duration_seconds`` in the order of :func:`read_statements`."""
    bounds = (*map(str, queries.BUCKETS), "+Inf")
    name = "db_query_duration_seconds"
    rows = [series(f"{name}_bucket", **labels, query_type=type_, le=le) for type_ in queries.TYPES for le in bounds]
    for part in ("count", "sum"):
        rows += [series(f"{name}_{part}", **labels, query_type=type_) for type_ in queries.TYPES]
    return rows


def read_statements(known: Queries) -> Floats:
    """A process' statements as a histogram."""
    cumulative = known.buckets.cumsum(axis=1)
    return np.concatenate([cumulative.ravel(), cumulative[:, -1], known.seconds.round(6)])


def _replica(replica: Replica) -> Family:
    labels = of(replica.pod)
    rows = [*_requests(labels), *statements(labels), *_parts(labels, replica)]

    def read() -> Floats:
        cumulative = replica.buckets.cumsum(axis=1)
        return np.concatenate([
            replica.requests.ravel(), cumulative.ravel(), cumulative[:, -1],
            replica.seconds.round(6), replica.in_flight, read_statements(replica.queries), _read_parts(replica),
        ])  # fmt: skip

    return Family(rows, read)


def _requests(labels: dict[str, str]) -> list[Series]:
    routes = [labels | {"method": route.method, "path": route.path} for route in ROUTES]
    rows = [
        series("api_request_total", **of_route, status=route.success if outcome == "success" else outcome)
        for of_route, route in zip(routes, ROUTES, strict=True)
        for outcome in STATUSES
    ]
    bounds = (*map(str, BUCKETS), "+Inf")
    rows += [series("api_request_duration_seconds_bucket", **of_route, le=le) for of_route in routes for le in bounds]
    for name in ("duration_seconds_count", "duration_seconds_sum", "in_flight"):
        rows += [series(f"api_request_{name}", **of_route) for of_route in routes]
    return rows


def _parts(labels: dict[str, str], replica: Replica) -> list[Series]:
    version = replica.pod["metadata"]["labels"].get("version", "unknown")
    return [
        *(series(f"db_connection_pool_{name}", **labels) for name in ("size", "idle", "utilization", "timeouts_total")),
        *(series("api_cache_requests_total", **labels, result=result) for result in ("hit", "miss")),
        *(series("api_dependency_retries_total", **labels, dependency=name) for name in ("kafka", "postgresql")),
        *(series("api_kafka_producer_messages_total", **labels, topic=topic) for topic in TOPICS),
        *(series("api_kafka_producer_errors_total", **labels, topic=topic) for topic in TOPICS),
        series("api_build_info", **labels, version=version),
    ]


def _read_parts(replica: Replica) -> list[float]:
    used = replica.pool_in_use
    lost = [replica.undelivered.get(topic, 0) for topic in TOPICS]
    retries = ((ATTEMPTS - 1) * sum(lost), (ATTEMPTS - 1) * replica.pool_timeouts)
    return [
        POOL_SIZE, POOL_SIZE - used, used / POOL_SIZE, replica.pool_timeouts, replica.hits, replica.misses, *retries,
        *(replica.produced.get(topic, 0) for topic in TOPICS), *lost, 1.0,
    ]  # fmt: skip
