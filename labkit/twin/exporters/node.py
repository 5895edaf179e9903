"""node_exporter: each node's CPU, memory and root file system."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from labkit.twin.exporters.family import Family, Floats, series
from labkit.twin.usage import Node

if TYPE_CHECKING:
    from labkit.twin.system import System

METRICS = {
    "node_cpu_seconds_total": ("counter", "CPU time by mode, in seconds."),
    "node_memory_MemTotal_bytes": ("gauge", "Memory of the node, in bytes."),
    "node_memory_MemAvailable_bytes": ("gauge", "Memory that may still be used, in bytes."),
    "node_filesystem_size_bytes": ("gauge", "Size of the file system, in bytes."),
    "node_filesystem_avail_bytes": ("gauge", "Bytes free for processes on the file system."),
}

SYSTEM_SHARE = 0.18
"""Share of busy time that the kernel takes."""


def families(system: "System") -> Iterable[Family]:
    """One family a node."""
    for node in system.usage.nodes.values():
        yield _node(system, node)


def _node(system: "System", node: Node) -> Family:
    of, cores = {"job": "node-exporter", "instance": node.name}, int(node.cores)
    modes = ("user", "system", "idle")
    rows = [series("node_cpu_seconds_total", **of, cpu=str(cpu), mode=mode) for mode in modes for cpu in range(cores)]
    rows += [series(name, **of) for name in ("node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes")]
    root = of | {"mountpoint": "/", "device": "/dev/nvme0n1p1", "fstype": "xfs"}
    rows += [series(f"node_filesystem_{name}_bytes", **root) for name in ("size", "avail")]

    def read() -> Floats:
        # The scheduler spreads work evenly enough over cores.
        busy = node.busy / cores
        each = np.array([busy * (1 - SYSTEM_SHARE), busy * SYSTEM_SHARE, node.elapsed / cores - busy])
        free = node.memory - system.usage.memory_used(node.name)
        disk = node.disk - system.usage.disk_used(node.name)
        return np.concatenate([np.repeat(each, cores).round(2), [node.memory, free, node.disk, disk]])

    return Family(rows, read)
