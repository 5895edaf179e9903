"""What containers take of their nodes: demand within limits, step by step.

A container gets no more CPU than its limit, and where it wants more, periods of the scheduler end
throttled; a node's CPU is the sum of its containers' and the system's own, and the rest is idle.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.clock import SECOND, Millis
from labkit.kube import quantity
from labkit.kube.kinds import NODE
from labkit.kube.store import Object
from labkit.twin import demand
from labkit.twin.demand import MIB, Demand

if TYPE_CHECKING:
    from labkit.twin.system import System

PERIOD: Millis = 100
"""CFS bandwidth period."""

LOG_LIMIT = 50 * MIB
"""The kubelet keeps five files of 10 MiB of a container's log (containerLogMaxFiles, containerLogMaxSize)."""

SYSTEM_CORES = 0.14
SYSTEM_MEMORY = 1_150 * MIB
IMAGE_BYTES = 21 * 1024.0**3
"""What a node itself uses: kubelet, container runtime, kernel; its system and images on the disk."""


@dataclass
class Container:
    """The counters of one container's process; they start at zero with it."""

    pod: Object
    node: str
    cpu_limit: float
    memory_limit: float
    last: Demand
    cpu: float = 0.0
    periods: float = 0.0
    throttled: float = 0.0
    memory: float = 0.0
    received: float = 0.0
    sent: float = 0.0

    @property
    def logged(self) -> float:
        """Bytes of its log on the node's disk."""
        return min(LOG_LIMIT, self.last.logged)

    def step(self, now: Demand, dt: Millis) -> float:
        """Live through ``dt`` to the present demand; the CPU seconds it got."""
        seconds = dt / SECOND
        wanted = now.cpu - self.last.cpu + now.idle * seconds
        got = min(wanted, self.cpu_limit * seconds)
        self.cpu += got
        self.periods += dt / PERIOD
        if wanted > got:
            self.throttled += dt / PERIOD * (1 - got / wanted)
        self.memory = min(now.memory, self.memory_limit)
        self.received += now.received - self.last.received
        self.sent += now.sent - self.last.sent
        self.last = now
        return got


@dataclass
class Node:
    """One node's counters since it booted."""

    name: str
    cores: float
    memory: float
    disk: float
    busy: float = 0.0
    """CPU seconds used."""
    elapsed: float = 0.0
    """CPU seconds there were: cores · time."""


class Usage:
    """All containers and nodes."""

    def __init__(self) -> None:
        self.containers: dict[str, Container] = {}
        self.nodes: dict[str, Node] = {}
        self.pods: dict[str, Container] = {}
        """The newest container of each pod, by the pod's uid: the network is the pod's, and survives its processes."""

    def step(self, system: "System", pods: list[Object], dt: Millis) -> None:
        """Live through ``dt`` with the containers of ``pods`` that run."""
        if not self.nodes:
            self.nodes = {node["metadata"]["name"]: _node(node) for node in system.store.list(NODE)}
        old, self.containers = self.containers, {}
        for pod in pods:
            process = pod["status"]["containerStatuses"][0]["containerID"]
            now = demand.of(system, pod)
            container = old.get(process) or self._begin(pod, now)
            self.containers[process] = container
            self.nodes[container.node].busy += container.step(now, dt)
        for node in self.nodes.values():
            node.busy += SYSTEM_CORES * dt / SECOND
            node.elapsed += node.cores * dt / SECOND

    def _begin(self, pod: Object, now: Demand) -> Container:
        uid, container = pod["metadata"]["uid"], _container(pod, now)
        if before := self.pods.get(uid):
            container.received, container.sent = before.received, before.sent
        self.pods[uid] = container
        return container

    def taken(self) -> dict[str, tuple[float, float]]:
        """Bytes of memory in use and bytes on its own disk, by node."""
        found = dict.fromkeys(self.nodes, (SYSTEM_MEMORY, IMAGE_BYTES))
        for container in self.containers.values():
            memory, disk = found[container.node]
            found[container.node] = memory + container.memory, disk + container.logged
        return found


def _container(pod: Object, now: Demand) -> Container:
    limits = pod["spec"]["containers"][0]["resources"]["limits"]
    # An engine's counters outlive its process; a new process begins with what it does from here on.
    return Container(pod, pod["spec"]["nodeName"], quantity.parse(limits["cpu"]), quantity.parse(limits["memory"]), now)


def _node(node: Object) -> Node:
    capacity = node["status"]["capacity"]
    cores, memory, disk = (quantity.parse(capacity[name]) for name in ("cpu", "memory", "ephemeral-storage"))
    return Node(node["metadata"]["name"], cores, memory, disk)
