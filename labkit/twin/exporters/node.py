"""node_exporter: each node's CPU, memory and root file system."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from labkit.twin.exporters.family import Family, Series, series, table
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
    yield table(rows, lambda: (value for node in nodes for value in _values(system, node)))


def _rows(node: Node) -> list[Series]:
    of, cores = {"job": "node-exporter", "instance": node.name}, int(node.cores)
    rows = [series("node_cpu_seconds_total", **of, cpu=str(cpu), mode=mode) for mode in MODES for cpu in range(cores)]
    rows += [series(name, **of) for name in ("node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes")]
    root = of | {"mountpoint": "/", "device": "/dev/nvme0n1p1", "fstype": "xfs"}
    return rows + [series(f"node_filesystem_{name}_bytes", **root) for name in ("size", "avail")]


def _values(system: "System", node: Node) -> Iterable[float]:
    cores = int(node.cores)
    busy = node.busy / cores  # the scheduler spreads work evenly enough
    for seconds in (busy * (1 - SYSTEM_SHARE), busy * SYSTEM_SHARE, node.elapsed / cores - busy):
        yield from (round(seconds, 2),) * cores
    yield from (node.memory, node.memory - system.usage.memory_used(node.name))
    yield from (node.disk, node.disk - system.usage.disk_used(node.name))
