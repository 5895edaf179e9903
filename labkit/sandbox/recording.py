"""A recording as something to ask: its signals and objects at the time of its end, where time stands still.

Nothing can be changed in it, so there is no journal; the gate only performs what reads.
"""

import asyncio
from typing import Any

from labkit.clock import Millis
from labkit.errors import DatasetError
from labkit.kube.api import Api
from labkit.kube.kinds import NAMESPACE, by_kind
from labkit.kube.podlogs import LogSource
from labkit.kube.rbac import MASTERS
from labkit.kube.request import Request, Response, User
from labkit.kube.status import StatusError
from labkit.kube.store import Store
from labkit.promql import Engine
from labkit.sandbox.commands.streams import Streams
from labkit.sandbox.faces import jaeger, loki, prometheus
from labkit.sandbox.faces.prometheus_call import Reply
from labkit.sandbox.faces.prometheus_pool import Arrival, QueryPool
from labkit.sandbox.recorded_logs import RecordedLogs
from labkit.signals.dataset import Dataset
from labkit.world.actions import AnyAction, Exec, KubeRequest, LokiQuery, Query, TraceQuery

READER = User("reader", (MASTERS, "system:authenticated"))
"""Who asks: whoever holds a recording may read all of it."""

_POLL = 0.25
"""Seconds between looks of a watch, to which nothing ever comes."""

_READS = ("GET", "HEAD")
_QUESTIONS = ("authorization.k8s.io", "authentication.k8s.io")
"""Kubernetes' APIs that are asked by POST: who am I, what may I."""


class Recording:
    """The contents of ``dataset`` in memory."""

    def __init__(self, dataset: Dataset) -> None:
        self.manifest = dataset.manifest
        self.now: Millis = dataset.manifest.finish
        self.series = dataset.series()
        self.streams = dataset.streams()
        self.spans = dataset.spans()
        self.promql = Engine(self.series)
        self.store = _stored(dataset)
        logs: LogSource = RecordedLogs(self.streams, self.store)
        self.api = Api(self.store, lambda: self.now, logs)

    @property
    def namespace(self) -> str:
        """The namespace that kubectl asks first: the busiest that is not Kubernetes' own."""
        names = [str(one["metadata"]["name"]) for one in self.store.list(NAMESPACE)]
        own = [name for name in names if not name.startswith("kube-") and name != "default"]
        prod = [name for name in own if name.endswith("-prod")]
        return next(iter(prod or own), "default")


class ReadingGate:
    """The gate of a recording: reads are performed at its time, and all else is refused in the protocol's own form."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._queries = QueryPool()
        self._handlers = {
            KubeRequest: self._kube, Exec: self._exec, Query: self._query, TraceQuery: self._traces,
            LokiQuery: self._loki,
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
        return self._recording.api.handle(
            user,
            Request(
                method=action.method, path=action.path, query=action.query, accept=action.accept,
                content_type=action.content_type, body=action.body, impersonate=action.impersonate,
                impersonate_groups=action.impersonate_groups,
            ),
        )  # fmt: skip

    async def _exec(self, user: User, action: Exec) -> int:
        raise StatusError(405, "MethodNotAllowed", "this is a recording: no command runs in its containers")

    async def _query(self, _: User, action: Query) -> Reply:
        recording = self._recording

        def answer(arrival: Arrival) -> Reply:
            return prometheus.respond(
                recording.promql, recording.series, self.now, action.path, action.params, arrival=arrival
            )

        return await self._queries.run(answer)

    async def _traces(self, _: User, action: TraceQuery) -> jaeger.Answer:
        return await asyncio.to_thread(jaeger.respond, self._recording.spans, self.now(), action.path, action.params)

    async def _loki(self, _: User, action: LokiQuery) -> loki.Answer:
        now = self.now() * 1_000_000
        return await asyncio.to_thread(loki.respond, self._recording.streams, now, action.path, action.params)


def _unchangeable() -> StatusError:
    return StatusError(405, "MethodNotAllowed", "this is a recording: nothing in it can be changed")


def _stored(dataset: Dataset) -> Store:
    """The objects of the kinds that this API server serves; others were recorded, and are not shown."""
    store = Store(lambda: dataset.manifest.finish, seed=0)
    for one in dataset.objects():
        try:
            kind = by_kind(str(one["apiVersion"]), str(one["kind"]))
            if kind is not None:
                store.restore(kind, one)
        except (KeyError, TypeError) as error:
            raise DatasetError(
                f"one of its Kubernetes objects has no {error}", where=str(dataset.path), remedy="record it again"
            ) from error
    return store
