"""The channel protocol of ``kubectl exec``: standard streams over one websocket.

Each binary frame begins with its channel: 0 stdin, 1 stdout, 2 stderr, 3 the final Status, 4 the
terminal's size, and from v5 on 255, which closes the channel that it names
(k8s.io/apimachinery ``pkg/util/remotecommand``).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from labkit.kube.status import StatusError, bad_request
from labkit.sandbox.commands.streams import Streams

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
FRAME = 32 * 1024
QUEUE = 64
"""Frames of standard input that may wait; more wait in the client's socket."""


def choose_protocol(socket: WebSocket) -> str:
    """The newest offered protocol that is spoken here, or 400."""
    offered = socket.scope.get("subprotocols", [])
    chosen = next((protocol for protocol in PROTOCOLS if protocol in offered), None)
    if chosen is None:
        raise bad_request(f"unable to upgrade: none of {', '.join(PROTOCOLS)} was offered as a websocket subprotocol")
    return chosen


class ExecChannel:
    """The streams of one command; :meth:`run` serves the socket until the command ends."""

    def __init__(self, socket: WebSocket, protocol: str) -> None:
        self._socket = socket
        self._protocol = protocol
        self._stdin: asyncio.Queue[bytes] = asyncio.Queue(QUEUE)
        self._ended = socket.query_params.get("stdin") != "true"
        self._gone = False

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
        """Accept the socket, run the command to its end, and report how it ended.

        As on a node, a client that goes away ends standard input and does not kill the command.
        """
        await self._socket.accept(subprotocol=self._protocol)
        reading = asyncio.create_task(self._receive())
        try:
            status = _status(await command(self))
        except StatusError as error:
            status = error.body()
        finally:
            reading.cancel()
        await self._send(ERROR, orjson.dumps(status))
        if not self._gone:
            await self._socket.close()

    async def _receive(self) -> None:
        """Take frames until the client goes away."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                self._gone = True
                await self._stdin.put(b"")
                return
            frame = message.get("bytes") or b""
            if frame[:1] == bytes([STDIN]) and len(frame) > 1:
                await self._stdin.put(frame[1:])
            elif frame == bytes([CLOSE, STDIN]):
                await self._stdin.put(b"")

    async def _send(self, channel: int, data: bytes) -> None:
        for start in range(0, len(data), FRAME):
            if self._gone:
                return
            try:
                await self._socket.send_bytes(bytes([channel]) + data[start : start + FRAME])
            except WebSocketDisconnect:
                self._gone = True


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
