"""The listeners of a running process: every face on a free port of loopback, in one event loop, until it is stopped.

What stands behind the faces is the business of who derives from it: a living sandbox, or a recording.
"""

import asyncio
import contextlib
import secrets
import signal
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import uvicorn

from labkit import processes
from labkit.clock import Millis
from labkit.sandbox import memory
from labkit.sandbox.certificates import Authority
from labkit.sandbox.locality import Local
from labkit.sandbox.options import Options

Faces = dict[str, tuple[Any, tuple[Path, Path] | None]]
"""ASGI applications by the face's name, each with the files of its certificate if it speaks TLS."""


class Listeners(ABC):
    """Opens the faces, says where they are, serves, and leaves nothing behind."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._stopping = asyncio.Event()
        self._token = secrets.token_urlsafe(24)
        self._bearer = secrets.token_urlsafe(24)
        self._authority = Authority(options.home / "tls")

    async def run(self) -> None:
        """Serve until :meth:`stop`."""
        listening = {name: (_server(face, tls), _listener()) for name, (face, tls) in self._faces().items()}
        servers = list(listening.values())
        tasks = [asyncio.create_task(server.serve(sockets=[sock])) for server, sock in servers]
        await self._open()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)
        while not all(server.started for server, _ in servers):
            await asyncio.sleep(0.005)
        self._announce({name: sock.getsockname()[1] for name, (_, sock) in listening.items()})
        background = [
            asyncio.create_task(work) for work in (self._watch_parent(), memory.keep_low(), *self._background())
        ]
        try:
            await self._stopping.wait()
        finally:
            for server, _ in servers:
                server.should_exit = True
            for task in background:
                task.cancel()
            await asyncio.gather(*tasks, *background, return_exceptions=True)
            await self._close()

    def stop(self) -> None:
        """Begin to stop."""
        self._stopping.set()

    @abstractmethod
    def _faces(self) -> Faces:
        """The faces to serve."""

    @abstractmethod
    def _announce(self, ports: dict[str, int]) -> None:
        """Write what clients need and, last, the endpoints, which say that all is ready."""

    async def _open(self) -> None:  # noqa: B027  (not every one has such)
        """Begin what listens beside the faces."""

    async def _close(self) -> None:  # noqa: B027
        """End what stands behind the faces."""

    def _background(self) -> list[Coroutine[Any, Any, None]]:
        """What goes on while it serves."""
        return []

    async def _watch_parent(self) -> None:
        """End when the process that asked for this one is gone."""
        parent = self.options.parent
        while parent is not None and processes.alive(parent):
            await asyncio.sleep(1.0)
        if parent is not None:
            self.stop()


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to the process, which has several."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(application: Any, tls: tuple[Path, Path] | None) -> _Server:
    return _Server(
        uvicorn.Config(
            # A page of another origin cannot speak TLS with us: our authority is in no browser.
            application if tls else Local(application),
            # The default's websockets library rejects the subprotocol header of port-forward.
            ws="wsproto",
            lifespan="off",
            log_level="warning",
            access_log=False,
            timeout_keep_alive=300,
            h11_max_incomplete_event_size=1024 * 1024,  # a long query in an address: Go's limit
            server_header=False,
            timeout_graceful_shutdown=1,
            ssl_certfile=tls and tls[0],
            ssl_keyfile=tls and str(tls[1]),
        )
    )


def _listener() -> socket.socket:
    """A listening socket on a free port of loopback."""
    sock = bound()
    sock.listen(128)
    return sock


def bound() -> socket.socket:
    """A socket on a free port of loopback that does not listen yet."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind(("127.0.0.1", 0))
    return sock


def wall() -> Millis:
    """The wall clock, in whole seconds: where a live sandbox's time begins."""
    return int(time.time()) * 1000
