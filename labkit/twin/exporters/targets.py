"""``up``: which targets answered their last scrape."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from labkit.kube.kinds import NODE
from labkit.twin.exporters.blackbox import ADDRESSES
from labkit.twin.exporters.family import Family, Sample, constant, of, series
from labkit.twin.system import is_running

if TYPE_CHECKING:
    from labkit.twin.system import System

METRICS = {"up": ("gauge", "Whether the last scrape of the target succeeded.")}

SCRAPED = ("llm-research-api", "experiment-worker", "clickhouse")
"""Apps whose pods have a /metrics of their own."""

MONITORING = {
    "kube-state-metrics": 8080, "postgres-exporter": 9187, "redis-exporter": 9121, "kafka-exporter": 9308,
    "barman-exporter": 9780, "ingress-nginx": 10254,
}  # fmt: skip
"""Exporters in the namespace ``monitoring``, by job, with their ports."""


def exporter(job: str) -> dict[str, str]:
    """The labels of an exporter that is scraped for another."""
    return {"job": job, "instance": f"{job}.monitoring:{MONITORING[job]}"}


def families(system: "System") -> Iterable[Family]:
    """One series a target."""
    yield constant(_targets(system))


def _targets(system: "System") -> Iterable[Sample]:
    for app in SCRAPED:
        for pod in system.pods(app):
            yield series("up", **of(pod)), float(is_running(pod))
    for job in MONITORING:
        yield series("up", **exporter(job)), 1.0
    for address in ADDRESSES:  # blackbox_exporter answers also where the probe fails
        yield series("up", job="blackbox-http", instance=address), 1.0
    for node in system.store.list(NODE):
        name = node["metadata"]["name"]
        yield series("up", job="node-exporter", instance=name), 1.0
        yield series("up", job="kubelet", instance=name, node=name, metrics_path="/metrics/cadvisor"), 1.0
