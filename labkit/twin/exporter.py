"""What Prometheus scrapes: the present state of the twin as samples, under the usual exporters' names.

Sources and names: the research API's own (``api_*``, ``db_connection_pool_*``), kube-state-metrics
(``kube_*``), postgres_exporter (``pg_up``), redis_exporter (``redis_up``), kafka_exporter
(``kafka_*``), ingress-nginx (``nginx_ingress_controller_requests``). The labels change only when
pods or topics do; values are read at every scrape.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from labkit.kube.controllers.workloads import is_ready
from labkit.kube.kinds import DEPLOYMENT, POD
from labkit.kube.store import Change, Object
from labkit.twin.api import POOL_SIZE, STATUSES, Replica
from labkit.twin.routes import BUCKETS, ROUTES
from labkit.twin.workers import JOBS, OUTPUTS

if TYPE_CHECKING:
    from labkit.twin.system import System

Series = tuple[tuple[str, str], ...]
"""One series' labels, ``__name__`` among them, in no particular order."""

METRICS = {
    "up": ("gauge", "Whether the last scrape of the target succeeded."),
    "api_request_total": ("counter", "Requests served by the research API."),
    "api_request_duration_seconds": ("histogram", "Latency of requests to the research API, in seconds."),
    "api_request_in_flight": ("gauge", "Requests being served now."),
    "db_connection_pool_size": ("gauge", "Connections the replica's pool may hold."),
    "db_connection_pool_idle": ("gauge", "Connections of the pool that are free."),
    "db_connection_pool_utilization": ("gauge", "Share of the pool in use, 0 to 1."),
    "nginx_ingress_controller_requests": ("counter", "Requests answered by the ingress itself."),
    "kube_pod_status_phase": ("gauge", "The pod's phase."),
    "kube_pod_status_ready": ("gauge", "The pod's Ready condition."),
    "kube_pod_container_status_restarts_total": ("counter", "Restarts of the container."),
    "kube_pod_container_status_waiting_reason": ("gauge", "Why the container waits."),
    "kube_deployment_spec_replicas": ("gauge", "Replicas wanted."),
    "kube_deployment_status_replicas_available": ("gauge", "Replicas available."),
    "pg_up": ("gauge", "Whether PostgreSQL answered the exporter."),
    "redis_up": ("gauge", "Whether Redis answered the exporter."),
    "kafka_brokers": ("gauge", "Brokers in the cluster."),
    "kafka_topic_partitions": ("gauge", "Partitions of the topic."),
    "kafka_topic_partition_current_offset_total": ("counter", "End offset of the topic, summed over partitions."),
    "kafka_consumergroup_lag": ("gauge", "Messages the group has not consumed, summed over partitions."),
}
"""Type and help of every metric the twin exports."""


Sample = tuple[Series, float]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Family:
    """Series that live and are read together: ``read()`` gives one value for each of ``series``."""

    series: list[Series]
    read: Callable[[], Floats]


class Exporter:
    """All families of a system, made anew only when a pod, a Deployment, a topic or a cause changes."""

    def __init__(self, system: "System") -> None:
        self._system = system
        self._families: list[Family] | None = None
        self._topics: set[str] = set()
        system.store.subscribe(self._observe)
        system.causes.on_change(self._forget)

    def scrape(self) -> tuple[list[Series] | None, Floats]:
        """The present values, and their series if these changed since the last scrape, else ``None``."""
        fresh = self._families is None or self._topics != self._system.topics()
        if fresh:
            self._topics = self._system.topics()
            self._families = _families(self._system)
        families = self._families or []
        values = np.concatenate([family.read() for family in families])
        return ([series for family in families for series in family.series] if fresh else None), values

    def _observe(self, change: Change) -> None:
        if change.kind in (POD, DEPLOYMENT):
            self._forget()

    def _forget(self) -> None:
        self._families = None


def _families(system: "System") -> list[Family]:
    still = [*_targets(system), *_kube(system), *_engines(system)]
    return [
        _constant(still),
        _messaging(system),
        *(_replica(replica) for replica in system.api.replicas.values()),
    ]


def _constant(samples: list[Sample]) -> Family:
    """Series whose values stay until something changes that makes the families anew."""
    values = np.array([value for _, value in samples], np.float64)
    return Family([series for series, _ in samples], lambda: values)


def _series(name: str, **labels: str) -> Series:
    return (("__name__", name), *labels.items())


def _targets(system: "System") -> Iterable[Sample]:
    for pod in system.pods("llm-research-api") + system.pods("experiment-worker"):
        running = pod["status"]["phase"] == "Running" and "running" in pod["status"]["containerStatuses"][0]["state"]
        yield _series("up", **_of(pod)), float(running)
    for job in ("kube-state-metrics", "postgres-exporter", "redis-exporter", "kafka-exporter", "ingress-nginx"):
        yield _series("up", job=job, instance=f"{job}.monitoring:9100"), 1.0


def _of(pod: Object) -> dict[str, str]:
    metadata = pod["metadata"]
    return {
        "job": metadata["labels"]["app"], "instance": f"{pod['status'].get('podIP', pod['metadata']['name'])}:9090",
        "namespace": metadata["namespace"], "pod": metadata["name"],
    }  # fmt: skip


def _kube(system: "System") -> Iterable[Sample]:
    for pod in system.store.list(POD):
        where = {"namespace": pod["metadata"]["namespace"], "pod": pod["metadata"]["name"]}
        yield _series("kube_pod_status_phase", **where, phase=pod["status"]["phase"]), 1.0
        yield _series("kube_pod_status_ready", **where, condition="true"), float(is_ready(pod))
        for status in pod["status"].get("containerStatuses", ()):
            of = {**where, "container": status["name"]}
            yield _series("kube_pod_container_status_restarts_total", **of), status["restartCount"]
            if waiting := status["state"].get("waiting"):
                yield _series("kube_pod_container_status_waiting_reason", **of, reason=waiting["reason"]), 1.0
    for deployment in system.store.list(DEPLOYMENT):
        of = {"namespace": deployment["metadata"]["namespace"], "deployment": deployment["metadata"]["name"]}
        yield _series("kube_deployment_spec_replicas", **of), deployment["spec"]["replicas"]
        available = deployment.get("status", {}).get("availableReplicas", 0)
        yield _series("kube_deployment_status_replicas_available", **of), available


def _engines(system: "System") -> Iterable[Sample]:
    yield _series("pg_up", job="postgres-exporter", server="postgres:5432"), float(system.causes.database_accepting)
    yield _series("redis_up", job="redis-exporter", addr="redis:6379"), 1.0


def _messaging(system: "System") -> Family:
    job, topics = {"job": "kafka-exporter"}, sorted(system.topics())
    still: list[Sample] = [(_series("kafka_brokers", **job), len(system.brokers.live))]
    for name in topics:
        partitions = len(system.brokers.topic(name).partitions)
        still.append((_series("kafka_topic_partitions", **job, topic=name), partitions))
    live: list[tuple[Series, Callable[[], float]]] = [
        (
            _series("nginx_ingress_controller_requests", ingress="llm-research-api", status="503"),
            lambda: system.api.rejected,
        )
    ]
    if JOBS in topics:
        lag = _series("kafka_consumergroup_lag", **job, topic=JOBS, group="experiment-processor-v1")
        offset = _series("kafka_topic_partition_current_offset_total", **job, topic=JOBS)
        live += [(lag, lambda: system.workers.lag), (offset, lambda: system.api.produced.get(JOBS, 0))]
    for name in OUTPUTS:
        if name in topics:
            offset = _series("kafka_topic_partition_current_offset_total", **job, topic=name)
            live.append((offset, partial(system.workers.written.__getitem__, name)))
    constant = [value for _, value in still]
    return Family(
        [series for series, _ in (*still, *live)],
        lambda: np.array([*constant, *(value() for _, value in live)], np.float64),
    )


def _replica(replica: Replica) -> Family:
    of = _of(replica.pod)
    routes = [of | {"method": route.method, "path": route.path} for route in ROUTES]
    series = [
        _series("api_request_total", **labels, status=route.success if outcome == "success" else outcome)
        for labels, route in zip(routes, ROUTES, strict=True)
        for outcome in STATUSES
    ]
    bounds = (*map(str, BUCKETS), "+Inf")
    series += [_series("api_request_duration_seconds_bucket", **labels, le=le) for labels in routes for le in bounds]
    for name in ("duration_seconds_count", "duration_seconds_sum", "in_flight"):
        series += [_series(f"api_request_{name}", **labels) for labels in routes]
    series += [_series(f"db_connection_pool_{name}", **of) for name in ("size", "idle", "utilization")]

    def read() -> Floats:
        cumulative = replica.buckets.cumsum(axis=1)
        used = replica.pool_in_use
        pool = (POOL_SIZE, POOL_SIZE - used, used / POOL_SIZE)
        return np.concatenate([
            replica.requests.ravel(), cumulative.ravel(), cumulative[:, -1],
            replica.seconds.round(6), replica.in_flight, pool,
        ])  # fmt: skip

    return Family(series, read)
