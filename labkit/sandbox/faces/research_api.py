"""The research API as its users reach it: over TLS, through the ingress, to a replica that is ready."""

import json
import re
from typing import Protocol

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from labkit.kube.kinds import ENDPOINTS
from labkit.kube.request import User
from labkit.kube.store import Store
from labkit.twin.routes import ROUTES
from labkit.world.actions import HttpRequest

HOST = "api.llm-research-lab.company.com"
VISITOR = User("anonymous", ("system:unauthenticated",))

HEALTH = {"/health/live": {"status": "alive"}, "/health/ready": {"status": "healthy"}}


class HttpAnswer(msgspec.Struct, frozen=True):
    """Status code, content type and body of an answer."""

    code: int
    content_type: str
    body: str


class _Gate(Protocol):
    async def perform(self, user: User, action: HttpRequest) -> HttpAnswer: ...


def respond(store: Store, action: HttpRequest) -> HttpAnswer:
    """What ingress and API answer: the ingress itself if it has no ready replica to hand over to."""
    if action.host != HOST:
        return _nginx(404, "Not Found")
    endpoints = store.get(ENDPOINTS, "llm-research-lab-prod", "llm-research-api")
    if not any(subset.get("addresses") for subset in endpoints.get("subsets", ())):
        return _nginx(503, "Service Temporarily Unavailable")
    if action.path in HEALTH:
        return _health(action)
    if any(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route.path), action.path) for route in ROUTES):
        return _json(401, {"error": "unauthorized", "message": "missing bearer token"})
    return _json(404, {"error": "not_found", "message": f"no route for {action.path}"})


def application(gate: _Gate) -> Starlette:
    """The ASGI application behind the ingress's listener."""

    async def endpoint(request: Request) -> Response:
        host = request.headers.get("host", "").partition(":")[0]
        action = HttpRequest(method=request.method, path=request.url.path, host=host)
        answer = await gate.perform(VISITOR, action)
        body = "" if request.method == "HEAD" else answer.body
        return Response(body, answer.code, media_type=answer.content_type)

    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(routes=[Route("/{path:path}", endpoint, methods=methods)])


def _health(action: HttpRequest) -> HttpAnswer:
    if action.method not in ("GET", "HEAD"):
        return _json(405, {"error": "method_not_allowed", "message": f"{action.method} is not allowed here"})
    return _json(200, HEALTH[action.path])


def _json(code: int, body: dict[str, str]) -> HttpAnswer:
    return HttpAnswer(code, "application/json", json.dumps(body))


def _nginx(code: int, reason: str) -> HttpAnswer:
    """The page ingress-nginx makes itself."""
    title = f"{code} {reason}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return HttpAnswer(code, "text/html", page)
