"""What Prometheus scrapes: the present state of the twin as samples, under the usual exporters' names and labels.

One file an exporter. Labels change only when pods, Deployments, nodes, topics or causes do; values
are read at every scrape, from counters that the twin's step has written.
"""

from typing import TYPE_CHECKING

import numpy as np

from labkit.kube.kinds import DEPLOYMENT, NODE, POD, STATEFUL_SET
from labkit.kube.store import Change
from labkit.twin.exporters import (
    blackbox,
    cadvisor,
    clickhouse,
    experiment_worker,
    ingress,
    kafka,
    kube_state,
    node,
    postgres,
    processes,
    redis,
    research_api,
    targets,
)
from labkit.twin.exporters.family import Family, Floats, Series

if TYPE_CHECKING:
    from labkit.twin.system import System

__all__ = ["METRICS", "Exporter", "Family"]

_EXPORTERS = (
    targets, research_api, experiment_worker, processes, ingress, blackbox, postgres, redis, clickhouse, kafka,
    kube_state, cadvisor, node,
)  # fmt: skip

METRICS = {name: known for exporter in _EXPORTERS for name, known in exporter.METRICS.items()}
"""Type and help of every metric the twin exports."""


class Exporter:
    """All families of a system, made anew only when a pod, a workload, a node, a topic or a cause changes."""

    def __init__(self, system: "System") -> None:
        self._system = system
        self._families: list[Family] | None = None
        self._topology: object = None
        system.store.subscribe(self._observe)
        system.causes.on_change(self._forget)

    def scrape(self) -> tuple[list[Series] | None, Floats]:
        """The present values, and their series if these changed since the last scrape, else ``None``."""
        topology = (self._system.topics(), [broker.up for broker in self._system.brokers.brokers])
        fresh = self._families is None or self._topology != topology
        if fresh:
            self._topology = topology
            self._families = [family for exporter in _EXPORTERS for family in exporter.families(self._system)]
        families = self._families or []
        values = np.concatenate([family.read() for family in families])
        return ([series for family in families for series in family.series] if fresh else None), values

    def _observe(self, change: Change) -> None:
        if change.kind in (POD, DEPLOYMENT, STATEFUL_SET, NODE):
            self._forget()

    def _forget(self) -> None:
        self._families = None
