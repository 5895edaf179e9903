"""Alertmanager's HTTP API v2 (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml)."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from labkit.alerting.alertmanager import Alertmanager
from labkit.alerting.silences import Silence, SilenceError
from labkit.clock import Millis
from labkit.kube.request import User
from labkit.sandbox.faces.alertmanager import reads, writes
from labkit.sandbox.faces.alertmanager.errors import Refusal, framed, invalid_type
from labkit.sandbox.faces.prometheus.call import Reply
from labkit.sandbox.faces.prometheus.parameters import Pairs, Parameters
from labkit.world.actions import AlertmanagerAction, AlertmanagerQuery, AlertsPost, SilenceExpire, SilencePut

CLIENT = User("alertmanager-client")
BODY_LIMIT = 1024 * 1024
"""Bytes a body may have: it is kept in the journal."""

_API = "/api/v2/"
_POSTED = ("alerts", "silences")


class Gate(Protocol):
    """What the face needs of the sandbox's gate."""

    async def perform(self, user: User, action: Any) -> Reply:
        """Perform an action and journal it."""

    def now(self) -> Millis:
        """The present."""


def look(manager: Alertmanager, now: Millis, path: str, params: Pairs, original: str, started: Millis) -> Reply:
    """The answer to a request that changes nothing."""
    call = reads.Call(manager, now, original, started, Parameters(params))
    return reads.respond(call, path.removeprefix(_API))


def change(manager: Alertmanager, now: Millis, action: AlertmanagerAction) -> tuple[Reply, dict[str, Any]]:
    """Do what changes Alertmanager: the answer, and what the journal says of it."""
    try:
        made = _changed(manager, now, action)
    except SilenceError as error:
        empty = isinstance(action, SilenceExpire) and error.code == 404
        return Refusal(error.code, None if empty else error.what).reply, {"code": error.code, "error": error.what}
    except Refusal as refusal:
        return refusal.reply, {"code": refusal.reply.code}
    if made is None:
        return Reply(200, b""), {"code": 200}
    return reads.encoded({"silenceID": made.id}), {"code": 200, "silence": made.id}


def _changed(manager: Alertmanager, now: Millis, action: AlertmanagerAction) -> Silence | None:
    match action:
        case SilencePut():
            wanted = Silence(
                id=action.id, matchers=action.matchers, starts=now if action.starts is None else action.starts,
                ends=action.ends, updated=now, created_by=action.created_by, comment=action.comment,
            )  # fmt: skip
            return manager.put_silence(wanted, now)
        case SilenceExpire():
            manager.expire_silence(action.id, now)
        case AlertsPost():
            if problems := manager.post(action.alerts, now):
                raise Refusal(400, "\n".join(problems))
    return None


def application(gate: Gate, wall: Callable[[], Millis]) -> Starlette:
    """The ASGI application behind Alertmanager's listener; ``wall`` is the clients' own clock."""

    async def api(request: Request) -> Response:
        path = request.scope["path"].removeprefix(_API)
        try:
            action = await _action(request, path)
            reply = await gate.perform(CLIENT, action)
        except Refusal as refusal:
            reply = refusal.reply
        return Response(reply.body, reply.code, media_type=reply.media_type)

    async def _action(request: Request, path: str) -> Any:
        method = "GET" if request.method == "HEAD" else request.method
        methods = _methods(path)
        if method not in methods:
            raise framed(405, f"method {method} is not allowed, but [{','.join(methods)}] are")
        if path.startswith("silence/"):
            _identity(path.removeprefix("silence/"))
        if method == "POST":
            body = await _body(request)
            return (writes.alerts if path == "alerts" else writes.silence)(body, gate.now(), wall())
        if method == "DELETE":
            return SilenceExpire(id=path.removeprefix("silence/"))
        return AlertmanagerQuery(path=_API + path, params=tuple(request.query_params.multi_items()))

    return Starlette(routes=[
        Route("/", _said("Alertmanager, of a labkit sandbox: the API is under /api/v2/\n")),
        Route("/-/ready", _said("OK")),
        Route("/-/healthy", _said("OK")),
        Route("/-/reload", _said("Method Not Allowed", 405), methods=["GET"]),
        Route(_API + "{endpoint:path}", api, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]),
        Route("/{path:path}", _said("404 page not found\n", 404)),
    ])  # fmt: skip


def _methods(path: str) -> list[str]:
    if path.startswith("silence/"):
        return ["DELETE", "GET"]
    if path not in reads.ENDPOINTS:
        raise framed(404, f"path {_API}{path} was not found")
    return ["GET", "POST"] if path in _POSTED else ["GET"]


def _identity(text: str) -> None:
    try:
        uuid.UUID(text)
    except ValueError:
        raise invalid_type("silenceID", "path", "uuid", text) from None


async def _body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise framed(415, f'unsupported media type "{kind}", only [application/json] are allowed')
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_LIMIT:
            raise framed(413, "http: request body too large")
    return bytes(body)


def _said(text: str, code: int = 200) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(_: Request) -> Response:
        return PlainTextResponse(text, code)

    return endpoint
