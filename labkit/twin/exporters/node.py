"""node_exporter: each node's CPU, memory and root file system."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from labkit.twin.exporters.family import Family, Floats, Series, series
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

MODES = ("user", "system", "idle")
SYSTEM_SHARE = 0.18
"""Share of busy time that the kernel takes."""


def families(system: "System") -> Iterable[Family]:
    """All nodes, as one family."""
    nodes = list(system.usage.nodes.values())
    rows = [row for node in nodes for row in _rows(node)]
    often = np.array([count for node in nodes for count in (*(int(node.cores),) * len(MODES), 1, 1, 1, 1)], np.intp)

    def read() -> Floats:
        taken = system.usage.taken()
        return np.repeat([value for node in nodes for value in _values(node, *taken[node.name])], often)

    yield Family(rows, read)


def _rows(node: Node) -> list[Series]:
    of, cores = {"job": "node-exporter", "instance": node.name}, int(node.cores)
    rows = [series("node_cpu_seconds_total", **of, cpu=str(cpu), mode=mode) for mode in MODES for cpu in range(cores)]
    rows += [series(name, **of) for name in ("node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes")]
    root = of | {"mountpoint": "/", "device": "/dev/nvme0n1p1", "fstype": "xfs"}
    return rows + [series(f"node_filesystem_{name}_bytes", **root) for name in ("size", "avail")]


def _values(node: Node, memory: float, disk: float) -> list[float]:
    """A core's seconds by mode, which all cores share; then memory and file system, as :func:`_rows` has them."""
    cores = int(node.cores)
    busy = node.busy / cores  # the scheduler spreads work evenly enough
    return [
        round(busy * (1 - SYSTEM_SHARE), 2), round(busy * SYSTEM_SHARE, 2), round(node.elapsed / cores - busy, 2),
        node.memory, node.memory - memory, node.disk, node.disk - disk,
    ]  # fmt: skip
