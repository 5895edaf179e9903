"""What a process of each app has asked of its node so far, from what it has done: CPU, memory, network, log.

Work is cumulative and only rises; memory is what is held now. The factors are those of services of
this kind: a replica of the API serves its 1,000 requests a second (7.2.1) with about one core.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from labkit.kube.store import Object
from labkit.twin import api, workers

if TYPE_CHECKING:
    from labkit.twin.system import System

MIB = 1024.0**2
SYSTEM_SESSIONS = 4
"""Sessions of PostgreSQL that are nobody's pool: exporter, WAL receiver, autovacuum, an operator."""

STATEMENT_SECONDS = (0.0004, 0.0006, 0.0007)
"""CPU time of PostgreSQL for a SELECT, an INSERT and an UPDATE."""


class Demand(NamedTuple):
    """Cumulative CPU seconds and bytes, but for ``idle`` (cores used for nothing) and ``memory`` (bytes held now)."""

    cpu: float
    idle: float
    memory: float
    received: float = 0.0
    sent: float = 0.0
    logged: float = 0.0


def of(system: "System", pod: Object) -> Demand:
    """The demand of the pod's process."""
    process = pod["status"]["containerStatuses"][0]["containerID"]
    return _APPS[pod["metadata"]["labels"]["app"]](system, process)


def sessions(system: "System") -> int:
    """Open sessions on PostgreSQL: the pools of all processes, and the system's own."""
    pools = len(system.api.replicas) * api.POOL_SIZE + len(system.workers.processes) * workers.POOL_SIZE
    return pools + SYSTEM_SESSIONS


def _api(system: "System", process: str) -> Demand:
    replica = system.api.replicas.get(process)
    if replica is None:
        return Demand(0.0, 0.004, 120 * MIB)
    requests = float(replica.served)
    cpu = requests * 0.0009 + replica.queries.total * 0.00012
    memory = (170 + 0.4 * sum(replica.in_flight.tolist()) + 1.2 * api.POOL_SIZE) * MIB
    return Demand(cpu, 0.004, memory, requests * 1_150, requests * 3_400, requests * 240)


def _worker(system: "System", process: str) -> Demand:
    worker = system.workers.processes.get(process)
    if worker is None:
        return Demand(0.0, 0.006, 200 * MIB)
    runs = float(worker.ended)
    return Demand(runs * 0.012, 0.006, (260 + 42 * worker.in_use) * MIB, runs * 28_000, runs * 19_000, runs * 700)


def _postgres(system: "System", process: str) -> Demand:
    statements = system.database.statements.tolist()
    count = float(sum(statements))
    memory = (2048 + 9 * sessions(system)) * MIB
    cpu = sum(number * seconds for number, seconds in zip(statements, STATEMENT_SECONDS, strict=True))
    return Demand(cpu, 0.02, memory, count * 420, count * 1_900, count * 2)


def _clickhouse(system: "System", process: str) -> Demand:
    columns = system.columns
    cpu = columns.inserts * 0.015 + columns.merged_rows * 2e-6 + columns.selects * 0.02
    received = columns.rows * 180.0
    return Demand(cpu, 0.12, (2250 + columns.parts) * MIB, received, columns.selects * 6_000.0, columns.inserts * 300.0)


def _redis(system: "System", process: str) -> Demand:
    cache = system.cache
    memory = cache.used_bytes * 1.08 + 8 * MIB
    return Demand(cache.commands * 12e-6, 0.004, memory, cache.commands * 90.0, cache.commands * 210.0)


def _kafka(system: "System", process: str) -> Demand:
    """Every topic has as many replicas as there are brokers, so each broker writes every message."""
    written = float(system.workers.message_bytes)
    memory = 1536 * MIB + min(written, 1024 * MIB)  # heap, and the page cache of what is read again
    return Demand(system.workers.messages * 30e-6, 0.06, memory, written, written)


_APPS: dict[str, Callable[["System", str], Demand]] = {
    "llm-research-api": _api, "experiment-worker": _worker, "postgres": _postgres,
    "clickhouse": _clickhouse, "redis": _redis, "kafka": _kafka,
}  # fmt: skip
