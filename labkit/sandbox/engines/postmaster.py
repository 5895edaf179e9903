"""One PostgreSQL server process on a data folder: start it, wait until it is ready, stop it."""

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path

from labkit.errors import EngineError
from labkit.sandbox.engines import binaries, guard
from labkit.sandbox.engines.privilege import Privilege

_BOOT_SECONDS = 30.0
_MEMORY_KIB = 1_500_000
"""Address space of each server process: a query that builds a gigabyte fails, the machine does not."""


@dataclass(frozen=True)
class Postmaster:
    """A running server. Make one by :func:`start`."""

    process: guard.Guarded
    data: Path

    @property
    def running(self) -> bool:
        """Whether the server process has not ended."""
        return self.process.running

    def ask_to_stop(self) -> None:
        """Begin a fast shutdown: sessions are ended, work in progress is rolled back."""
        self.process.send(signal.SIGINT)

    async def stop(self) -> None:
        """Shut down and wait for it: fast, then immediate, then by force."""
        await self.process.stop(signal.SIGINT, signal.SIGQUIT)


async def start(data: Path, sockets: Path, port: int, privilege: Privilege, *, tcp: bool = True) -> Postmaster:
    """Start a server on ``data``, ready for sessions when this returns; else :class:`EngineError`.

    It listens on ``port`` of 127.0.0.1 (unless ``tcp`` is off) and on a socket in ``sockets``.
    """
    path = data.parent / "postgres.log"
    with path.open("ab") as log:
        begin = log.tell()
        process = await guard.spawn(
            [
                *(str(binaries.program("postgres")), "-D", str(data), "-p", str(port), "-k", str(sockets)),
                *("-c", f"listen_addresses={'127.0.0.1' if tcp else ''}"),
            ],
            log=log,
            env=binaries.environment(),
            stop=signal.SIGINT,
            privilege=privilege,
            memory_kib=_MEMORY_KIB,
        )
    server = Postmaster(process, data)
    try:
        await asyncio.wait_for(_ready(server), _BOOT_SECONDS)
    except TimeoutError:
        await server.stop()
        raise _not_started(path, begin, f"the server was not ready after {_BOOT_SECONDS:.0f} s") from None
    except asyncio.CancelledError:
        await server.stop()
        raise
    if not server.running:
        raise _not_started(path, begin, "the server ended while it started")
    return server


async def _ready(server: Postmaster) -> None:
    """Wait for the word ``ready`` in the last line of postmaster.pid (``src/include/utils/pidfile.h``)."""
    file = server.data / "postmaster.pid"
    while server.running:
        lines = file.read_text("utf-8").split("\n") if file.exists() else []
        if len(lines) > 7 and lines[0] == str(server.process.pid) and lines[7].strip() == "ready":
            return
        await asyncio.sleep(0.004)


def _not_started(log: Path, begin: int, what: str) -> EngineError:
    return binaries.failure(what, log.read_bytes()[begin:].decode(errors="replace"), where=log)
