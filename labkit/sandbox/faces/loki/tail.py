"""Loki's ``tail``: lines as they come, over a websocket (what ``logcli query --tail`` and Grafana's live view use)."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from labkit.clock import HOUR, SECOND, Millis
from labkit.errors import QueryError
from labkit.kube.request import User
from labkit.logql import Engine, Streams, is_log_query
from labkit.sandbox.faces.loki.parameters import ParameterError, Parameters
from labkit.sandbox.faces.loki.results import streams
from labkit.signals.source import StreamSource
from labkit.signals.streams import Nanos
from labkit.world.actions import LokiQuery

LONGEST: Millis = HOUR
"""How long a tail lasts at most (Loki's ``tail_max_duration``)."""
_NANOS = 1_000_000
_BATCH = 5_000


class _Gate(Protocol):
    async def perform(self, user: User, action: LokiQuery) -> object: ...
    async def wait(self, until: Millis) -> None: ...


class Tail:
    """Answers one websocket after the other; ``now`` is in milliseconds."""

    def __init__(self, source: StreamSource, now: Callable[[], Millis], gate: _Gate, user: User) -> None:
        self._source = source
        self._now = now
        self._gate = gate
        self._user = user

    async def serve(self, socket: WebSocket) -> None:
        """Send what there is since ``start``, then what is added, until the client goes."""
        await socket.accept()
        pairs = socket.query_params.multi_items()
        await self._gate.perform(self._user, LokiQuery(path=socket.url.path, params=tuple(pairs)))
        gone = asyncio.create_task(_gone(socket))
        try:
            await self._follow(socket, pairs, gone)
        except (ParameterError, QueryError) as error:
            reason = error.what if isinstance(error, QueryError) else str(error)
            await socket.close(1011, reason[:120])
        except (WebSocketDisconnect, RuntimeError):
            return  # the client went while a batch was on its way to it
        finally:
            gone.cancel()

    async def _follow(self, socket: WebSocket, pairs: Sequence[tuple[str, str]], gone: "asyncio.Task[None]") -> None:
        parameters = Parameters(pairs, self._now() * _NANOS)
        query, limit = parameters.get("query"), parameters.limit()
        if not is_log_query(query):
            raise ParameterError("only log queries can be tailed")
        since, _ = parameters.bounds()
        end = parameters.now // _NANOS + LONGEST
        batch = await asyncio.to_thread(self._read, query, since, parameters.now, limit, forward=False)
        since = parameters.now
        while not gone.done() and since // _NANOS < end:
            if batch.count:
                message = {"streams": streams(_ordered(batch)), "dropped_entries": None}
                await socket.send_text(orjson.dumps(message).decode())
            await self._gate.wait(since // _NANOS + SECOND)
            present = self._now() * _NANOS
            batch = await asyncio.to_thread(self._read, query, since, present, _BATCH, forward=True)
            since = present
        if not gone.done():
            await socket.close(1000)

    def _read(self, query: str, start: Nanos, end: Nanos, limit: int, *, forward: bool) -> Streams:
        return Engine(self._source).lines(query, start, end, limit=limit, forward=forward)


async def _gone(socket: WebSocket) -> None:
    """Return when the client has closed."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


def _ordered(batch: Streams) -> Streams:
    """The same lines, oldest first within each stream."""
    return Streams(batch.labels, [sorted(entries, key=lambda entry: entry[0]) for entries in batch.entries])
