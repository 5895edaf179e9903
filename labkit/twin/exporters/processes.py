"""``process_*``, which every Prometheus client library adds: of the product's own processes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from labkit.kube.store import Object
from labkit.twin import api, workers
from labkit.twin.exporters.family import Family, of, process, series, started, table

if TYPE_CHECKING:
    from labkit.twin.system import System

METRICS = {
    "process_start_time_seconds": ("gauge", "Start time of the process since the Unix epoch, in seconds."),
    "process_cpu_seconds_total": ("counter", "User and system CPU time spent, in seconds."),
    "process_resident_memory_bytes": ("gauge", "Resident memory size, in bytes."),
    "process_open_fds": ("gauge", "Open file descriptors."),
    "process_max_fds": ("gauge", "File descriptors the process may open."),
}

MAX_FDS = 65_536
OWN_FDS = 34
"""Descriptors of a process with no work: binary, logs, epoll, Kafka's connections."""


def families(system: "System") -> Iterable[Family]:
    """One family a running pod of API and workers."""
    for pod in system.running():
        if pod["metadata"]["labels"]["app"] in {"llm-research-api", "experiment-worker"}:
            yield _process(system, pod)


def _process(system: "System", pod: Object) -> Family:
    labels, id_, since = of(pod), process(pod), started(pod)

    def read() -> Iterable[float]:
        container = system.usage.containers.get(id_)
        cpu, memory = (container.cpu, container.memory) if container else (0.0, 0.0)
        return since, round(cpu, 3), memory, _descriptors(system, id_), MAX_FDS

    return table([series(name, **labels) for name in METRICS], read)


def _descriptors(system: "System", id_: str) -> float:
    """A socket for each connection of the pool, and for each request or job in hand."""
    replica, worker = system.api.replicas.get(id_), system.workers.processes.get(id_)
    if replica:
        return float(OWN_FDS + api.POOL_SIZE + sum(replica.in_flight.tolist()))
    return OWN_FDS + workers.POOL_SIZE + (worker.in_use if worker else 0)
