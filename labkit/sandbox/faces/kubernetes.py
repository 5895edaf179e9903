"""The Kubernetes API over HTTPS and websockets: what kubectl and the client libraries speak.

Discovery is answered at once; every request for a resource is an action and goes through the gate.
"""

import contextlib
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any, Protocol

import orjson
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from labkit.clock import HOUR, SECOND, Millis
from labkit.kube import podlogs
from labkit.kube.api import HEALTH, Api
from labkit.kube.podlogs import Follower
from labkit.kube.request import Request as KubeCall
from labkit.kube.request import Response as KubeAnswer
from labkit.kube.request import User, Watch
from labkit.kube.status import StatusError
from labkit.sandbox.commands.streams import Streams
from labkit.sandbox.faces.exec_channel import ExecChannel, choose_protocol
from labkit.world.actions import AnyAction, Exec, KubeRequest

BODY_LIMIT = 3 * 1024 * 1024
"""Bytes a request may have: the limit of upstream's API server."""

LONGEST_FOLLOW: Millis = 4 * HOUR
"""How long ``logs -f`` goes on: a kubelet's ``streamingConnectionIdleTimeout``."""

_OPEN = ("/version", "/openapi", *HEALTH)
_DISCOVERY = 3
"""Segments a discovery path has at most: ``/apis/GROUP/VERSION``."""


class _Gate(Protocol):
    async def perform(self, user: User, action: AnyAction, streams: Streams | None = None) -> Any: ...
    async def wait(self, until: Millis) -> None: ...


def application(api: Api, gate: _Gate, credentials: Mapping[str, User]) -> Starlette:
    """The ASGI application; ``credentials`` maps bearer tokens to users."""
    face = _Face(api, gate, credentials)
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    exec_path = "/api/v1/namespaces/{namespace}/pods/{pod}/exec"
    return Starlette(
        routes=[
            WebSocketRoute(exec_path, face.exec),
            Route("/{path:path}", face.request, methods=methods),
        ]
    )


class _Face:
    def __init__(self, api: Api, gate: _Gate, credentials: Mapping[str, User]) -> None:
        self._api = api
        self._gate = gate
        self._credentials = credentials

    async def request(self, request: Request) -> Response:
        """One HTTP request."""
        try:
            user = self._user(request)
            call = await _call(request)
            if _is_discovery(call.path) and not call.impersonate:
                return _plain(self._api.handle(user, call))
            before = self._api.store.version
            answer: KubeAnswer = await self._gate.perform(user, _action(call))
        except StatusError as error:
            return _json(error.code, error.body())
        if answer.watch is not None:
            return StreamingResponse(self._watch(answer.watch, before), media_type="application/json")
        if answer.text is not None and call.param("follow") == "true":
            return StreamingResponse(self._follow(call, answer.text, self._api.follow(call)), media_type="text/plain")
        return _plain(answer)

    async def exec(self, socket: WebSocket) -> None:
        """A command in a container, over the channel protocol.

        What upstream's API server refuses is an HTTP answer in the handshake, since after it there
        is no status code; what only the node finds out is told over the error channel. A refused
        command passes the gate like any other: that it was tried is evidence.
        """
        try:
            user, action = self._user(socket), _exec(socket)
            protocol = choose_protocol(socket)
        except StatusError as error:
            await socket.send_denial_response(_json(error.code, error.body()))
            return
        refusal = self._refusal(user, action)
        if refusal is None:
            await ExecChannel(socket, protocol).run(lambda streams: self._gate.perform(user, action, streams))
            return
        with contextlib.suppress(StatusError):
            await self._gate.perform(user, action)
        await socket.send_denial_response(_json(refusal.code, refusal.body()))

    def _refusal(self, user: User, action: Exec) -> StatusError | None:
        """Why the API server itself would not let a command begin."""
        as_ = (action.impersonate, action.impersonate_groups)
        try:
            self._api.authorize_exec(user, action.namespace, action.pod, action.container, as_)
        except StatusError as error:
            return error if error.code < HTTPStatus.INTERNAL_SERVER_ERROR else None
        return None

    def _user(self, connection: HTTPConnection) -> User:
        token = connection.headers.get("authorization", "").removeprefix("Bearer ").strip()
        user = self._credentials.get(token)
        if user is None:
            raise StatusError(401, "Unauthorized", "Unauthorized")
        return user

    async def _watch(self, watch: Watch, before: int) -> AsyncIterator[bytes]:
        """Newline-delimited events until the watch's time is over.

        Changes are taken from the store's own history, so a reader who is slow or gone costs no
        memory; one who falls behind that history is told so (410), and the watch ends.
        """
        store, end = self._api.store, self._api.now() + watch.timeout * SECOND
        for event in watch.initial:
            yield _line(event)
        while True:
            try:
                changes = store.since(before) if store.version > before else []
            except StatusError as error:
                yield _line({"type": "ERROR", "object": error.body()})
                return
            before = store.version
            for change in changes:
                rendered = watch.event(change, self._api.now())
                if rendered is not None:
                    yield _line(rendered)
            if self._api.now() >= end:
                return
            await self._gate.wait(end)

    async def _follow(self, call: KubeCall, text: str, follower: Follower) -> AsyncIterator[bytes]:
        """``logs -f``: what is there, then what is added, until the container's run ends."""
        yield text.encode()
        end = self._api.now() + LONGEST_FOLLOW
        ended = False
        while not ended and self._api.now() < end:
            added, ended = follower.added()
            if added:
                yield podlogs.format_lines(added, call).encode()
            if not ended:
                await self._gate.wait(min(end, self._api.now() + 30 * SECOND))


async def _call(request: Request) -> KubeCall:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise StatusError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {BODY_LIMIT}")
    head = _call_head(request)
    return KubeCall(
        method=request.method, path=head.path, query=head.query, body=bytes(body),
        accept=request.headers.get("accept", "application/json"),
        content_type=request.headers.get("content-type", "application/json"),
        impersonate=head.impersonate, impersonate_groups=head.impersonate_groups,
    )  # fmt: skip


def _call_head(connection: HTTPConnection) -> KubeCall:
    """What can be said of a request before its body is read."""
    return KubeCall(
        method="GET",
        path=connection.url.path.rstrip("/") or "/",
        query=tuple(connection.query_params.multi_items()),
        impersonate=connection.headers.get("impersonate-user"),
        impersonate_groups=tuple(connection.headers.getlist("impersonate-group")),
    )


def _is_discovery(path: str) -> bool:
    parts = path.strip("/").split("/")
    if path.startswith(_OPEN) or path in ("/", "/api", "/apis"):
        return True
    return (parts[0] == "api" and len(parts) < _DISCOVERY) or (parts[0] == "apis" and len(parts) <= _DISCOVERY)


def _action(call: KubeCall) -> KubeRequest:
    return KubeRequest(
        method=call.method, path=call.path, query=call.query, accept=call.accept, content_type=call.content_type,
        body=call.body, impersonate=call.impersonate, impersonate_groups=call.impersonate_groups,
    )  # fmt: skip


def _exec(connection: HTTPConnection) -> Exec:
    query, head = connection.query_params, _call_head(connection)
    command = tuple(query.getlist("command"))
    if not command:
        raise StatusError(400, "BadRequest", "you must specify at least 1 command for the container")
    return Exec(
        namespace=connection.path_params["namespace"], pod=connection.path_params["pod"], command=command,
        container=query.get("container"), tty=query.get("tty") == "true",
        impersonate=head.impersonate, impersonate_groups=head.impersonate_groups,
    )  # fmt: skip


def _plain(answer: KubeAnswer) -> Response:
    if answer.text is not None:
        return Response(answer.text, answer.code, media_type="text/plain")
    return Response(orjson.dumps(answer.body), answer.code, media_type=answer.content_type)


def _json(code: int, body: object) -> Response:
    return Response(orjson.dumps(body), code, media_type="application/json")


def _line(event: object) -> bytes:
    return orjson.dumps(event) + b"\n"
