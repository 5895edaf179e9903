"""What a command sees of the world, and how a command is typed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from labkit.clock import Millis
from labkit.kafka.cluster import Cluster
from labkit.sandbox.commands.streams import Invocation
from labkit.sandbox.engines.postgres import Postgres


@dataclass(frozen=True)
class Limits:
    """How much one command may cost, in wall-clock seconds and in bytes of output."""

    seconds: float = 60.0
    idle_seconds: float = 1800.0
    """How long a session may wait for the next line of an open standard input."""
    output: int = 1_000_000


@dataclass(frozen=True)
class Context:
    """The engines and the cluster behind the pods, and the present in virtual time."""

    postgres: Postgres
    kafka: Cluster
    now: Callable[[], Millis]
    limits: Limits = field(default_factory=Limits)


Command = Callable[[Invocation, Context], Awaitable[int]]
"""A program in a container: writes to the invocation's streams and gives an exit code."""
