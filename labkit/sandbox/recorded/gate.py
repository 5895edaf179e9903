"""The gate of a recording: what reads is performed, all else refused. Nothing is journalled, since nothing changes."""

import asyncio
from typing import Any

from labkit.clock import Millis
from labkit.kube.rbac import MASTERS
from labkit.kube.request import Response, User
from labkit.kube.status import StatusError
from labkit.sandbox.commands.streams import Streams
from labkit.sandbox.faces import alertmanager, jaeger, loki, prometheus
from labkit.sandbox.faces.alertmanager.errors import framed
from labkit.sandbox.faces.prometheus.call import Reply
from labkit.sandbox.faces.prometheus.pool import Arrival, QueryPool
from labkit.sandbox.recorded.recording import Recording
from labkit.world.actions import (
    AlertmanagerAction,
    AlertmanagerQuery,
    AlertsPost,
    AnyAction,
    Exec,
    JaegerQuery,
    KubeRequest,
    LokiQuery,
    Query,
    SilenceExpire,
    SilencePut,
)

READER = User("reader", (MASTERS, "system:authenticated"))
"""Who asks: whoever holds a recording may read all of it."""

_POLL = 0.25
"""Seconds between looks of a watch, to which nothing ever comes."""

_READS = ("GET", "HEAD")
_QUESTIONS = ("authorization.k8s.io", "authentication.k8s.io")
"""Kubernetes' APIs that are asked by POST: who am I, what may I."""
_UNCHANGEABLE = "this is a recording: nothing in it can be changed"


class ReadingGate:
    """The gate of a recording: reads are performed at its time, and all else is refused in the protocol's own form."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._queries = QueryPool()
        self._handlers = {
            KubeRequest: self._kube, Exec: self._exec, Query: self._query, JaegerQuery: self._traces,
            LokiQuery: self._loki, AlertmanagerQuery: self._look, SilencePut: self._silence,
            SilenceExpire: self._silence, AlertsPost: self._silence,
        }  # fmt: skip

    async def perform(self, user: User, action: AnyAction, streams: Streams | None = None) -> Any:
        """Answer what ``action`` reads."""
        handler: Any = self._handlers[type(action)]
        return await handler(user, action)

    async def wait(self, until: Millis) -> None:
        """Nothing happens, so a watch waits until its client goes."""
        await asyncio.sleep(_POLL)

    def close(self) -> None:
        """End what is still being answered."""
        self._queries.close()

    def now(self) -> Millis:
        """The end of the recording."""
        return self._recording.now

    async def _kube(self, user: User, action: KubeRequest) -> Response:
        parts = action.path.split("/")
        if action.method not in _READS and not any(group in parts for group in _QUESTIONS):
            raise _unchangeable()
        if not self._recording.manifest.contents.objects:
            raise StatusError(404, "NotFound", "no Kubernetes objects are part of this recording")
        return self._recording.api.handle(user, action.request)

    async def _exec(self, user: User, action: Exec) -> int:
        raise StatusError(405, "MethodNotAllowed", "this is a recording: no command runs in its containers")

    async def _query(self, _: User, action: Query) -> Reply:
        recording = self._recording

        def answer(arrival: Arrival) -> Reply:
            more = recording.rules.endpoints
            return prometheus.respond(
                recording.promql, recording.metrics, self.now, action.path, action.params, more, arrival
            )

        return await self._queries.run(answer)

    async def _traces(self, _: User, action: JaegerQuery) -> jaeger.Answer:
        return await asyncio.to_thread(jaeger.respond, self._recording.spans, self.now(), action.path, action.params)

    async def _look(self, _: User, action: AlertmanagerQuery) -> Reply:
        rules = self._recording.rules
        assert rules.alertmanager is not None  # else it has no listener
        return await asyncio.to_thread(
            alertmanager.look, rules.alertmanager, self.now(), action.path, action.params, rules.configuration or "",
            rules.began,
        )  # fmt: skip

    async def _silence(self, _: User, __: AlertmanagerAction) -> Reply:
        return framed(405, _UNCHANGEABLE).reply

    async def _loki(self, _: User, action: LokiQuery) -> loki.Answer:
        now = self.now() * 1_000_000
        return await asyncio.to_thread(loki.respond, self._recording.streams, now, action.path, action.params)


def _unchangeable() -> StatusError:
    return StatusError(405, "MethodNotAllowed", _UNCHANGEABLE)
