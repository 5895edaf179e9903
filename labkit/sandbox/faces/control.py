"""The control face: what the notebook's handle and the command line ask of the sandbox itself.

Plain HTTP on loopback behind a bearer token of its own. It serves no truth: what a scenario did is
for the grader, who replays the journal in a process of their own.
"""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from labkit.clock import DAY, Millis
from labkit.control import CheckReport, Now, Refusal, Status, Value
from labkit.errors import LabkitError

LONGEST_WAIT: Millis = DAY

TEXT_LIMIT = 20_000
"""Characters an answer may have."""


class Controlled(Protocol):
    """What the control face needs of a sandbox."""

    def status(self) -> Status:
        """Who it is and where its time stands."""

    async def answer(self, question: str, value: Value) -> Now:
        """Record an answer."""

    def check(self, exercise: str) -> CheckReport:
        """How far an exercise is."""

    async def wait(self, milliseconds: Millis) -> Now:
        """Let time pass."""

    def journal(self) -> bytes:
        """The journal so far, as JSON lines."""

    def stop(self) -> None:
        """Begin to end."""


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    question: str
    value: Value


class _Check(msgspec.Struct, forbid_unknown_fields=True):
    exercise: str


class _Wait(msgspec.Struct, forbid_unknown_fields=True):
    milliseconds: int


def application(sandbox: Controlled, token: str) -> Starlette:
    """The ASGI application; every request needs ``Authorization: Bearer <token>``."""

    async def status(_: Request) -> Status:
        return sandbox.status()

    async def journal(_: Request) -> bytes:
        return sandbox.journal()

    async def answer(request: Request) -> Now:
        asked = msgspec.json.decode(await request.body(), type=_Answer)
        if not asked.question or len(str(asked.value)) > TEXT_LIMIT:
            raise LabkitError(f"an answer needs a question, and at most {TEXT_LIMIT:,} characters", remedy="shorten it")
        return await sandbox.answer(asked.question, asked.value)

    async def check(request: Request) -> CheckReport:
        return sandbox.check(msgspec.json.decode(await request.body(), type=_Check).exercise)

    async def wait(request: Request) -> Now:
        duration = msgspec.json.decode(await request.body(), type=_Wait).milliseconds
        if not 0 <= duration <= LONGEST_WAIT:
            raise LabkitError("a wait is between nothing and one day", remedy='write "5m" or "2h"')
        return await sandbox.wait(duration)

    async def stop(_: Request) -> dict[str, bool]:
        sandbox.stop()
        return {"stopping": True}

    def route(path: str, method: str, work: Callable[[Request], Awaitable[Any]]) -> Route:
        return Route(path, _guarded(work, token), methods=[method])

    return Starlette(
        routes=[
            route("/status", "GET", status), route("/journal", "GET", journal),
            route("/answer", "POST", answer), route("/check", "POST", check),
            route("/wait", "POST", wait), route("/stop", "POST", stop),
        ]
    )  # fmt: skip


def _guarded(work: Callable[[Request], Awaitable[Any]], token: str) -> Callable[[Request], Awaitable[Response]]:
    """Check the token, do the work, and translate what can go wrong."""

    async def endpoint(request: Request) -> Response:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), token.encode()):
            return _reply(401, Refusal(what="the control token is missing or wrong"))
        try:
            return _reply(200, await work(request))
        except msgspec.MsgspecError as error:
            return _reply(400, Refusal(what=f"malformed request: {error}"))
        except LabkitError as error:
            return _reply(422, Refusal(what=error.what, where=error.where, remedy=error.remedy))

    return endpoint


def _reply(code: int, body: Any) -> Response:
    if isinstance(body, bytes):
        return Response(body, code, media_type="application/jsonl")
    return Response(msgspec.json.encode(body), code, media_type="application/json")
