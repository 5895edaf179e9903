"""The three standard streams of a command run in a container, and how a command is called."""

from dataclasses import dataclass, field
from typing import Protocol

from labkit.kube.request import User
from labkit.kube.store import Object


class Streams(Protocol):
    """What a command reads and writes while it runs."""

    async def read(self) -> bytes:
        """The next bytes of standard input; ``b""`` at its end."""

    async def out(self, data: bytes) -> None:
        """Write to standard output."""

    async def err(self, data: bytes) -> None:
        """Write to standard error."""


@dataclass
class Recorded:
    """Streams over bytes in memory: used by replay and by tests."""

    stdin: bytes = b""
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)

    async def read(self) -> bytes:
        """All of standard input at once, then its end."""
        data, self.stdin = self.stdin, b""
        return data

    async def out(self, data: bytes) -> None:
        """Keep standard output."""
        self.stdout += data

    async def err(self, data: bytes) -> None:
        """Keep standard error."""
        self.stderr += data


@dataclass(frozen=True)
class Invocation:
    """A command as ``exec`` asked for it: who, in which pod, and its argument vector."""

    user: User
    pod: Object
    container: str
    argv: tuple[str, ...]
    tty: bool
    streams: Streams
