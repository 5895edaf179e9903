"""A sandbox without its sockets: a world, the engines behind it, and a gate in front of it.

The server puts faces before it; the grader replays a journal into it.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from labkit.clock import EPOCH, Millis
from labkit.control import CheckReport
from labkit.errors import JournalError, SandboxError
from labkit.journal import Entry, Header, Journal
from labkit.kube.api import Api
from labkit.kube.request import Response, User
from labkit.promql import Engine
from labkit.sandbox.commands import table
from labkit.sandbox.commands.streams import Invocation, Streams
from labkit.sandbox.drive import Drive
from labkit.sandbox.engines.postgres import Postgres
from labkit.sandbox.faces import alertmanager, jaeger, loki, prometheus, research_api
from labkit.sandbox.faces.prometheus.call import Reply
from labkit.sandbox.faces.prometheus.pool import Arrival, QueryPool
from labkit.sandbox.faces.prometheus.rules import endpoints
from labkit.sandbox.faces.research_api import HttpAnswer
from labkit.sandbox.gate import Gate
from labkit.sandbox.statement import execute
from labkit.scenarios.exercise import progress, scenario_of
from labkit.scenarios.scenario import load
from labkit.scenarios.staging import Staging
from labkit.twin import observability
from labkit.world.actions import (
    AlertmanagerAction,
    AlertmanagerQuery,
    AlertsPost,
    Answer,
    AnyAction,
    Exec,
    HttpRequest,
    JaegerQuery,
    KubeRequest,
    LokiQuery,
    Query,
    SilenceExpire,
    SilencePut,
    Statement,
)
from labkit.world.world import World

TRAINEE = User("trainee", ("llm-research-lab:training", "system:authenticated"))
"""The declared training identity: what every action of a trainee is done as, live and in replay."""


class Sandbox:
    """World, engines and gate of one sandbox; ``drive`` is made for its world by ``driver``."""

    def __init__(
        self,
        *,
        home: Path,
        driver: Callable[[World], Drive],
        seed: int = 0,
        exercise: str | None = None,
        trainee: str | None = None,
        start: Millis = EPOCH,
        journal: Path | None = None,
    ) -> None:
        header = Header(seed=seed, start=start, exercise=exercise, trainee=trainee)
        self.journal = _journal(journal, header) if journal else Journal(header)
        start = self.journal.header.start
        self.exercise, self.trainee = exercise, trainee
        self.seed = seed
        scenario = scenario_of(exercise, self.seed) if exercise else load("healthy")
        self.staging = Staging(scenario)
        self.world = World(self.seed, start, self.staging)
        if self.journal.entries:
            try:
                _go_on(self.world, self.journal.entries)
            except JournalError:
                self.journal.close()
                raise
        self.drive = driver(self.world)
        self.api = Api(self.world.store, lambda: self.world.now, self.world.logs)
        self.promql = Engine(self.world.metrics)
        self.rules = endpoints(self.world.ruler)
        self.queries = QueryPool()
        self.postgres = Postgres(home, self.seed, start)
        self.gate = Gate(self.drive, self._handlers(), self.journal)
        self.world.system.causes.on_change(self._follow)
        self._follow()

    def progress(self, exercise: str) -> CheckReport:
        """How far ``exercise`` is, by this sandbox's journal."""
        if exercise != self.exercise:
            raise SandboxError(
                f"this sandbox is not one of {exercise}" + (f" but of {self.exercise}" if self.exercise else ""),
                remedy=f'connect with labkit.connect("{exercise}"), or labkit up --exercise {exercise}',
            )
        return progress(exercise, self.journal.entries)

    async def close(self) -> None:
        """Stop the engines and close the journal."""
        self.queries.close()
        await self.postgres.stop()
        self.journal.close()

    def _follow(self) -> None:
        """Let the real engines share the fate of what they stand for."""
        if self.world.system.causes.database_accepting:
            self.postgres.accept()
        else:
            self.postgres.refuse()

    def _handlers(self) -> dict[Any, Any]:
        return {
            KubeRequest: self._kube,
            Exec: self._exec,
            HttpRequest: self._http,
            Query: self._query,
            JaegerQuery: self._traces,
            LokiQuery: self._loki,
            AlertmanagerQuery: self._look,
            SilencePut: self._change,
            SilenceExpire: self._change,
            AlertsPost: self._change,
            Statement: self._statement,
            Answer: self._answer,
        }

    async def _kube(self, user: User, action: KubeRequest, _: Streams) -> tuple[Response, dict[str, Any]]:
        response = self.api.handle(user, action.request)
        return response, {"code": response.code}

    async def _exec(self, user: User, action: Exec, streams: Streams) -> tuple[int, dict[str, Any]]:
        as_ = (action.impersonate, action.impersonate_groups)
        pod, container = self.api.authorize_exec(user, action.namespace, action.pod, action.container, as_)
        invocation = Invocation(user, pod, container, action.command, action.tty, streams)
        context = table.Context(self.postgres, self.world.system.brokers, lambda: self.world.now)
        code = await table.run(invocation, context)
        return code, {"exit": code}

    async def _http(self, _: User, action: HttpRequest, __: Streams) -> tuple[HttpAnswer, dict[str, Any]]:
        answer = research_api.respond(self.world.store, action)
        return answer, {"code": answer.code, "body": answer.body[:2000]}

    async def _query(self, _: User, action: Query, __: Streams) -> tuple[Reply, dict[str, Any]]:
        now = self.world.now

        def answer(arrival: Arrival) -> Reply:
            return prometheus.respond(
                self.promql, self.world.metrics, lambda: now, action.path, action.params, self.rules, arrival
            )

        # In a thread, over snapshots: a heavy query must not stop the world.
        reply = await self.queries.run(answer)
        return reply, {"code": reply.code}

    async def _traces(self, _: User, action: JaegerQuery, __: Streams) -> tuple[jaeger.Answer, dict[str, Any]]:
        world = self.world
        code, body = await asyncio.to_thread(jaeger.respond, world.spans, world.now, action.path, action.params)
        return (code, body), {"code": code}

    async def _loki(self, _: User, action: LokiQuery, __: Streams) -> tuple[loki.Answer, dict[str, Any]]:
        now = self.world.now * 1_000_000
        answer = await asyncio.to_thread(loki.respond, self.world.streams, now, action.path, action.params)
        return answer, {"code": answer.code}

    async def _look(self, _: User, action: AlertmanagerQuery, __: Streams) -> tuple[Reply, dict[str, Any]]:
        world, now = self.world, self.world.now
        text = observability.alertmanager()
        reply = await asyncio.to_thread(
            alertmanager.look, world.alertmanager, now, action.path, action.params, text, world.start
        )
        return reply, {"code": reply.code}

    async def _change(self, _: User, action: AlertmanagerAction, __: Streams) -> tuple[Reply, dict[str, Any]]:
        return alertmanager.change(self.world.alertmanager, self.world.now, action)

    async def _statement(self, _: User, action: Statement, __: Streams) -> tuple[None, dict[str, Any]]:
        return None, await execute(self.postgres, TRAINEE.name, action.sql)

    async def _answer(self, _: User, action: Answer, __: Streams) -> tuple[None, dict[str, Any]]:
        return None, {"sha256": hashlib.sha256(repr(action.value).encode()).hexdigest()}


def _go_on(world: World, entries: Sequence[Entry]) -> None:
    """Go where time stood, and on the way do again what changed the world."""
    for entry in sorted(entries, key=lambda entry: entry.time):
        world.clock.advance(max(world.now, entry.time))
        if str(entry.action.get("type")).startswith("alertmanager."):
            action = _action(entry)
            if isinstance(action, AlertmanagerAction):
                alertmanager.change(world.alertmanager, world.now, action)


def _action(entry: Entry) -> Any:
    """What was done; a line may be whole and yet hold none, if somebody else wrote it."""
    try:
        return msgspec.convert(entry.action, AnyAction)
    except msgspec.ValidationError as error:
        raise JournalError(
            f"not an action of this labkit ({error})", where=f"entry {entry.seq} of the journal",
            remedy="use the labkit it came from, or move the journal away if its work is not needed",
        ) from error  # fmt: skip


def _journal(path: Path, header: Header) -> Journal:
    """The journal at ``path``: a new one, or the one of a sandbox of the same world that ended."""
    if not path.exists():
        return Journal.create(path, header)
    if not path.stat().st_size:  # killed before it wrote a word
        path.unlink()
        return Journal.create(path, header)
    journal = Journal.resume(path)
    if msgspec.structs.replace(journal.header, start=header.start) != header:
        whose = f"{journal.header.exercise or 'a sandbox'}, trainee {journal.header.trainee}"
        raise JournalError(
            f"this is the journal of another world ({whose})",
            where=str(path),
            remedy="work in another folder, or move the journal away if its work is not needed",
        )
    return journal
