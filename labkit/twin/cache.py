"""Redis: how many keys there are, how likely a look-up finds one, and what that costs.

A missed key is fetched and kept for its time to live, so with a working set of W keys asked for
evenly the number of keys k follows dk/dt = misses − k/TTL, and a look-up hits with k/W. An empty
cache (a new process) therefore starts cold and warms with traffic.
"""

from dataclasses import dataclass

from labkit.clock import MINUTE, SECOND, Millis

WORKING_SET = 900
"""Dataset versions that are asked for."""

TTL: Millis = 5 * MINUTE
COMMANDS = 2
"""Commands for each request, whatever its route: the session, and the tenant's rate limit."""

WARM_KEYS = 0.9 * WORKING_SET
"""Keys of a cache that has long been in use."""

KEY_BYTES = 24 * 1024
"""A cached dataset version with Redis' own overhead."""

SESSION_BYTES = 700
SESSIONS = 4_000
BASE_BYTES = 38 * 1024 * 1024
MAX_BYTES = 1536 * 1024 * 1024
"""``maxmemory`` of the server, below its container's limit of 2 GiB."""

CONNECTIONS = 8
"""Connections of each replica of the API."""

RECONNECT: Millis = SECOND
"""How often a refused client tries again."""


@dataclass
class Cache:
    """The counters of one Redis process."""

    process: str = ""
    started: Millis = 0
    keys: float = 0.0
    hits: int = 0
    misses: int = 0
    commands: int = 0
    expired: float = 0.0
    denied: int = 0
    """Authentications refused."""
    clients: int = 0

    @property
    def hit_probability(self) -> float:
        """The chance that a look-up finds its key."""
        return min(1.0, self.keys / WORKING_SET)

    @property
    def used_bytes(self) -> float:
        """``used_memory``."""
        return BASE_BYTES + SESSIONS * SESSION_BYTES + self.keys * KEY_BYTES

    def step(self, dt: Millis, requests: int, lookups: int, misses: int) -> None:
        """Answer what the last step's requests asked."""
        gone = self.keys * min(1.0, dt / TTL)
        self.expired += gone
        self.keys = min(float(WORKING_SET), self.keys - gone + misses)
        self.hits += lookups - misses
        self.misses += misses
        self.commands += requests * COMMANDS + lookups + misses  # a miss is followed by a SET

    def refuse(self, dt: Millis, replicas: int) -> None:
        """Refuse clients that hold another password: each tries again every :data:`RECONNECT`."""
        self.denied += replicas * dt // RECONNECT
        self.commands += replicas * dt // RECONNECT
