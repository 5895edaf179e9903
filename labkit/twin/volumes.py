"""Persistent volumes of the stateful services, and what lies on them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labkit.twin.system import System

GIB = 1024.0**3
BROKER_BYTES = 0.4 * GIB
"""What a broker has before any message: its metadata log, offsets and indexes."""


@dataclass(frozen=True)
class Volume:
    """One claim: whose it is, its size in bytes, and how to read what is used."""

    namespace: str
    claim: str
    pod: str
    size: float
    used: Callable[["System"], float]


def _postgres(system: "System") -> float:
    return system.database.disk_bytes


def _clickhouse(system: "System") -> float:
    return system.columns.disk_bytes


def _redis(system: "System") -> float:
    return system.cache.used_bytes  # the last RDB snapshot is about as large as the memory it was taken of


def _kafka(system: "System") -> float:
    """Replicas on all three brokers: each holds every partition."""
    return BROKER_BYTES + system.workers.stored_bytes


VOLUMES = (
    Volume("llm-research-lab-data", "data-postgres-0", "postgres-0", 100 * GIB, _postgres),
    Volume("llm-research-lab-data", "data-clickhouse-0", "clickhouse-0", 200 * GIB, _clickhouse),
    Volume("llm-research-lab-data", "data-redis-0", "redis-0", 8 * GIB, _redis),
    *(Volume("llm-research-lab-prod", f"data-kafka-{n}", f"kafka-{n}", 250 * GIB, _kafka) for n in range(3)),
)
