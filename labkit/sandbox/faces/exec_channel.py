"""The channel protocol of ``kubectl exec``: standard streams over one websocket.

Each binary frame begins with its channel: 0 stdin, 1 stdout, 2 stderr, 3 the final Status, 4 the
terminal's size, and from v5 on 255, which closes the channel that it names
(k8s.io/apimachinery ``pkg/util/remotecommand``).
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from labkit.kube.status import StatusError
from labkit.sandbox.commands.streams import Streams

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
FRAME = 32 * 1024


class ExecChannel:
    """The streams of one command; :meth:`run` serves the socket until the command ends."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._stdin: asyncio.Queue[bytes] = asyncio.Queue()
        if socket.query_params.get("stdin") != "true":
            self._stdin.put_nowait(b"")
        self._ended = False

    async def read(self) -> bytes:
        """The next bytes of standard input; ``b""`` at its end, and ever after."""
        if self._ended:
            return b""
        data = await self._stdin.get()
        self._ended = not data
        return data

    async def out(self, data: bytes) -> None:
        """Send standard output."""
        await self._send(STDOUT, data)

    async def err(self, data: bytes) -> None:
        """Send standard error; a terminal has only one stream."""
        await self._send(STDOUT if self._socket.query_params.get("tty") == "true" else STDERR, data)

    async def run(self, command: Callable[[Streams], Awaitable[int]]) -> None:
        """Accept the socket, run the command, and report how it ended."""
        offered = self._socket.scope.get("subprotocols", [])
        await self._socket.accept(subprotocol=next((p for p in PROTOCOLS if p in offered), None))
        running = asyncio.ensure_future(command(self))
        reading = asyncio.create_task(self._receive())
        await asyncio.wait((running, reading), return_when=asyncio.FIRST_COMPLETED)
        if not running.done() and reading.done() and reading.result() == "gone":
            running.cancel()
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, asyncio.CancelledError):
            await self._report(running)
        reading.cancel()

    async def _report(self, running: "asyncio.Future[int]") -> None:
        try:
            status = _status(await running)
        except StatusError as error:
            status = error.body()
        await self._send(ERROR, orjson.dumps(status))
        await self._socket.close()

    async def _receive(self) -> str:
        """Take frames until the client closes standard input for good, or goes away."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                self._stdin.put_nowait(b"")
                return "gone"
            frame = message.get("bytes") or b""
            if frame[:1] == bytes([STDIN]) and len(frame) > 1:
                self._stdin.put_nowait(frame[1:])
            elif frame == bytes([CLOSE, STDIN]):
                self._stdin.put_nowait(b"")

    async def _send(self, channel: int, data: bytes) -> None:
        for start in range(0, len(data), FRAME):
            await self._socket.send_bytes(bytes([channel]) + data[start : start + FRAME])


def _status(code: int) -> dict[str, Any]:
    """The Status that tells kubectl how the command ended."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: command terminated with exit code {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }
