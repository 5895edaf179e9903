"""The research API's own metrics, on ``:9090/metrics`` of each replica."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from labkit.twin import queries
from labkit.twin.api import ATTEMPTS, POOL_SIZE, STATUSES, Replica
from labkit.twin.exporters.family import Family, Floats, Series, of, series
from labkit.twin.queries import Queries
from labkit.twin.routes import BUCKETS, ROUTES
from labkit.twin.system import is_running
from labkit.twin.together import Together

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
    """One family: the replicas whose process runs, read together."""
    known = system.api
    running = [replica for replica in known.replicas.values() if is_running(replica.pod)]
    if not running:
        return
    labels = [of(replica.pod) for replica in running]
    asked = [replica.queries for replica in running]

    def read() -> Floats:
        held, rows = known.counters, known.counters.rows(running)
        cumulative = held["buckets"][rows].cumsum(axis=2)
        return flat(
            held["requests"][rows], cumulative, cumulative[:, :, -1], held["seconds"][rows].round(6),
            held["in_flight"][rows], *read_statements(known.queries, asked), np.array(list(map(_read_parts, running))),
        )  # fmt: skip

    parts = [_parts(one, replica) for one, replica in zip(labels, running, strict=True)]
    yield Family(
        [*by_part(map(_requests, labels)), *by_part(map(statements, labels)), *by_part([[one] for one in parts])], read
    )


def by_part(processes: Iterable[list[list[Series]]]) -> list[Series]:
    """The series of several processes, each of the same parts: the first part of all comes first."""
    return [row for part in zip(*processes, strict=True) for rows in part for row in rows]


def flat(*parts: NDArray[Any]) -> Floats:
    """What is read of such parts, each of shape (processes, …)."""
    return np.concatenate([part.ravel() for part in parts], dtype=np.float64)


def statements(labels: dict[str, str]) -> list[list[Series]]:
    """The series of ``db_query_duration_seconds`` of a process, in the parts of :func:`read_statements`."""
    bounds = (*map(str, queries.BUCKETS), "+Inf")
    name = "db_query_duration_seconds"
    return [
        [series(f"{name}_bucket", **labels, query_type=type_, le=le) for type_ in queries.TYPES for le in bounds],
        *(
            [series(f"{name}_{part}", **labels, query_type=type_) for type_ in queries.TYPES]
            for part in ("count", "sum")
        ),
    ]


def read_statements(held: Together, of: list[Queries]) -> tuple[NDArray[Any], ...]:
    """The statements of some processes of those ``held`` as histograms: buckets, counts and sums."""
    rows = held.rows(of)
    cumulative = held["buckets"][rows].cumsum(axis=2)
    return cumulative, cumulative[:, :, -1], held["seconds"][rows].round(6)


def _requests(labels: dict[str, str]) -> list[list[Series]]:
    routes = [labels | {"method": route.method, "path": route.path} for route in ROUTES]
    bounds = (*map(str, BUCKETS), "+Inf")
    return [
        [
            series("api_request_total", **of_route, status=route.success if outcome == "success" else outcome)
            for of_route, route in zip(routes, ROUTES, strict=True)
            for outcome in STATUSES
        ],
        [series("api_request_duration_seconds_bucket", **of_route, le=le) for of_route in routes for le in bounds],
        *(
            [series(f"api_request_{name}", **of_route) for of_route in routes]
            for name in ("duration_seconds_count", "duration_seconds_sum", "in_flight")
        ),
    ]


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
