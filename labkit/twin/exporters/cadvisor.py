"""The kubelet's own metrics and cAdvisor's in it: what containers use, and how full volumes are."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from labkit.kube.store import Object
from labkit.twin.exporters.family import Family, Series, process, series, started, table
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
    """The running containers, and the volumes of pods that run."""
    nodes = {pod["metadata"]["name"]: pod["spec"]["nodeName"] for pod in system.running()}
    volumes = [volume for volume in VOLUMES if volume.pod in nodes]
    processes = [(process(pod), pod["metadata"]["uid"], started(pod)) for pod in system.running()]
    known = system.usage
    yield table(
        [row for pod in system.running() for row in _container(pod)],
        lambda: (
            value
            for id_, pod, since in processes
            for value in _used(known.containers.get(id_), known.pods.get(pod), since)
        ),
    )
    yield table(
        [row for volume in volumes for row in _volume(volume, nodes[volume.pod])],
        lambda: (value for volume in volumes for value in _taken(system, volume)),
    )


def _kubelet(node: str, path: str) -> dict[str, str]:
    return {"job": "kubelet", "instance": node, "node": node, "metrics_path": path}


def _container(pod: Object) -> list[Series]:
    metadata = pod["metadata"]
    of = _kubelet(pod["spec"]["nodeName"], "/metrics/cadvisor")
    of |= {"namespace": metadata["namespace"], "pod": metadata["name"]}
    rows = [series(name, **of, container=pod["spec"]["containers"][0]["name"]) for name in _CONTAINER]
    return rows + [series(name, **of, interface="eth0") for name in _NETWORK]


def _used(container: Container | None, last: Container | None, since: float) -> Iterable[float]:
    if container is None:  # it has started since the last step; the pod's network was there before
        received, sent = (round(last.received), round(last.sent)) if last else (0.0, 0.0)
        return 0.0, 0.0, 0.0, 0.0, 0.0, since, received, sent
    return (
        round(container.cpu, 3), round(container.periods), round(container.throttled), container.memory,
        container.memory_limit, since, round(container.received), round(container.sent),
    )  # fmt: skip


def _volume(volume: Volume, node: str) -> list[Series]:
    of = {"namespace": volume.namespace, "persistentvolumeclaim": volume.claim}
    return [series(name, **_kubelet(node, "/metrics"), **of) for name in _VOLUME]


def _taken(system: "System", volume: Volume) -> Iterable[float]:
    taken = min(volume.size, volume.used(system))
    return volume.size, round(taken), round(volume.size - taken)
