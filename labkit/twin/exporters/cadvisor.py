"""The kubelet's own metrics and cAdvisor's in it: what containers use, and how full volumes are."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from labkit.kube.store import Object
from labkit.twin.exporters.family import Family, process, series, started, table
from labkit.twin.usage import Container
from labkit.twin.volumes import VOLUMES, Volume

if TYPE_CHECKING:
    from labkit.twin.system import System

_CONTAINER = {
    "container_cpu_usage_seconds_total": ("counter", "CPU time used, in seconds."),
    "container_cpu_cfs_periods_total": ("counter", "Scheduler periods that have passed."),
    "container_cpu_cfs_throttled_periods_total": ("counter", "Scheduler periods in which the limit was reached."),
    "container_memory_working_set_bytes": ("gauge", "Bytes of memory in use, as the limit counts it."),
    "container_spec_memory_limit_bytes": ("gauge", "The memory limit, in bytes."),
    "container_start_time_seconds": ("gauge", "When the container started, Unix seconds."),
}
_NETWORK = {
    "container_network_receive_bytes_total": ("counter", "Bytes received."),
    "container_network_transmit_bytes_total": ("counter", "Bytes sent."),
}
_VOLUME = {
    "kubelet_volume_stats_capacity_bytes": ("gauge", "Size of the volume, in bytes."),
    "kubelet_volume_stats_used_bytes": ("gauge", "Bytes used on the volume."),
    "kubelet_volume_stats_available_bytes": ("gauge", "Bytes free on the volume."),
}
METRICS = {**_CONTAINER, **_NETWORK, **_VOLUME}


def families(system: "System") -> Iterable[Family]:
    """One family a running container, and one a volume of a pod that has a node."""
    nodes = {pod["metadata"]["name"]: pod["spec"]["nodeName"] for pod in system.running()}
    for pod in system.running():
        yield _container(system, pod)
    for volume in VOLUMES:
        if volume.pod in nodes:
            yield _volume(system, volume, _kubelet(nodes[volume.pod]))


def _kubelet(node: str) -> dict[str, str]:
    return {"job": "kubelet", "instance": node, "node": node}


def _container(system: "System", pod: Object) -> Family:
    metadata, id_, since = pod["metadata"], process(pod), started(pod)
    kubelet = _kubelet(pod["spec"]["nodeName"]) | {"metrics_path": "/metrics/cadvisor"}
    of = kubelet | {"namespace": metadata["namespace"], "pod": metadata["name"]}
    rows = [series(name, **of, container=pod["spec"]["containers"][0]["name"]) for name in _CONTAINER]
    rows += [series(name, **of, interface="eth0") for name in _NETWORK]

    def read() -> Iterable[float]:
        container = system.usage.containers.get(id_)
        return _values(container, since) if container else (0.0,) * len(rows)

    return table(rows, read)


def _values(container: Container, since: float) -> Iterable[float]:
    return (
        round(container.cpu, 3), round(container.periods), round(container.throttled), container.memory,
        container.memory_limit, since, round(container.received), round(container.sent),
    )  # fmt: skip


def _volume(system: "System", volume: Volume, kubelet: dict[str, str]) -> Family:
    of = kubelet | {"namespace": volume.namespace, "persistentvolumeclaim": volume.claim, "metrics_path": "/metrics"}
    size, used, free = (series(name, **of) for name in _VOLUME)

    def read() -> Iterable[float]:
        taken = min(volume.size, volume.used(system))
        return volume.size, round(taken), round(volume.size - taken)

    return table([size, used, free], read)
