"""redis_exporter."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from labkit.twin.cache import CONNECTIONS, MAX_BYTES, SESSIONS
from labkit.twin.exporters.family import Family, constant, live, seconds, series, started
from labkit.twin.exporters.targets import exporter

if TYPE_CHECKING:
    from labkit.twin.system import System

METRICS = {
    "redis_up": ("gauge", "Whether Redis answered the exporter."),
    "redis_instance_info": ("gauge", "Version and role; always 1."),
    "redis_uptime_in_seconds": ("gauge", "Seconds since the server started."),
    "redis_connected_clients": ("gauge", "Clients connected."),
    "redis_memory_used_bytes": ("gauge", "Bytes of memory used."),
    "redis_memory_max_bytes": ("gauge", "Bytes of memory allowed (maxmemory)."),
    "redis_db_keys": ("gauge", "Keys in the database."),
    "redis_keyspace_hits_total": ("counter", "Look-ups that found their key."),
    "redis_keyspace_misses_total": ("counter", "Look-ups that did not."),
    "redis_commands_processed_total": ("counter", "Commands executed."),
    "redis_expired_keys_total": ("counter", "Keys whose time to live has passed."),
    "redis_evicted_keys_total": ("counter", "Keys evicted for memory."),
    "redis_rejected_connections_total": ("counter", "Connections refused for maxclients."),
    "redis_acl_access_denied_auth_total": ("counter", "Authentications refused."),
}


def families(system: "System") -> Iterable[Family]:
    """What the exporter, which has a password of its own, reads from a server that runs."""
    labels = exporter("redis-exporter") | {"addr": "redis:6379"}
    pod = next((pod for pod in system.running() if pod["metadata"]["labels"]["app"] == "redis"), None)
    yield constant([(series("redis_up", **labels), float(pod is not None))])
    if pod is None:
        return
    version = pod["spec"]["containers"][0]["image"].rpartition(":")[2]
    yield constant([
        (series("redis_instance_info", **labels, role="master", redis_version=version), 1.0),
        (series("redis_memory_max_bytes", **labels), MAX_BYTES),
    ])  # fmt: skip
    since = started(pod)
    readers: dict[str, Callable[[], float]] = {
        "uptime_in_seconds": lambda: seconds(system.clock.now) - since,
        "connected_clients": lambda: _clients(system),
        "memory_used_bytes": lambda: system.cache.used_bytes,
        "keyspace_hits_total": lambda: system.cache.hits,
        "keyspace_misses_total": lambda: system.cache.misses,
        "commands_processed_total": lambda: system.cache.commands,
        "expired_keys_total": lambda: int(system.cache.expired),
        "evicted_keys_total": float,
        "rejected_connections_total": float,
        "acl_access_denied_auth_total": lambda: system.cache.denied,
    }
    yield live((series(f"redis_{name}", **labels), read) for name, read in readers.items())
    yield live([(series("redis_db_keys", **labels, db="db0"), lambda: SESSIONS + int(system.cache.keys))])


def _clients(system: "System") -> float:
    """The exporter, and the API's connections, if it may log in."""
    return 1 + CONNECTIONS * len(system.api.replicas) * system.causes.cache_password_valid
