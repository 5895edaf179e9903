"""Jaeger's query API over the spans of the world.

Paths, parameters, answers and codes: upstream's ``cmd/query/app/http_handler.go`` of 2.10 (the API of
Jaeger's UI and of Grafana's data source; upstream calls it internal, and drops parts of it after 2.20
for ``/api/v3``).
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol
from urllib.parse import unquote_plus

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from labkit.clock import Millis
from labkit.kube.request import User
from labkit.sandbox.faces.jaeger.parameters import DEPTH, Pairs, ParameterError, first, one_trace, period, search
from labkit.sandbox.faces.jaeger.results import envelope, short, trace
from labkit.signals.source import SpanSource
from labkit.signals.spans import dependencies
from labkit.world.actions import JaegerQuery

CLIENT = User("jaeger-client")
_API = "/api/"
_NO_METRICS = "metrics querying is currently disabled"

Answer = tuple[int, bytes]
"""Status code and body."""


class _Gate(Protocol):
    async def perform(self, user: User, action: JaegerQuery) -> Answer: ...


class _FailedError(Exception):
    """What is answered with an error's status code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def respond(source: SpanSource, now: Millis, path: str, params: Sequence[tuple[str, str]]) -> Answer:
    """The answer to a GET of ``path``; ``now`` is the end of what is searched where none is given."""
    try:
        body = _answer(source, now, path.removeprefix(_API), params)
    except ParameterError as error:
        return 400, _error(400, str(error))
    except _FailedError as error:
        return error.code, _error(error.code, str(error))
    pretty = first(params, "prettyPrint") not in ("", "false")
    return 200, orjson.dumps(body, option=orjson.OPT_INDENT_2 if pretty else 0)


def application(gate: _Gate) -> Starlette:
    """The ASGI application behind Jaeger's listener; what is asked goes through the gate and so into the journal."""

    async def api(request: Request) -> Response:
        params = tuple(request.query_params.multi_items())
        code, body = await gate.perform(CLIENT, JaegerQuery(path=request.scope["path"], params=params))
        # Upstream writes its errors by net/http's Error, which calls them plain text.
        kind = "application/json" if code == 200 else "text/plain; charset=utf-8"
        return Response(body, code, media_type=kind)

    def said(text: str) -> Callable[[Request], Response]:
        return lambda _: PlainTextResponse(text)

    return Starlette(routes=[
        Route("/", said("Jaeger, of a labkit sandbox: the query API is under /api/\n")),
        Route("/status", lambda _: JSONResponse({"status": "StatusOK", "healthy": True})),
        Route(_API + "{endpoint:path}", api, methods=["GET"]),
    ])  # fmt: skip


def _error(code: int, message: str) -> bytes:
    return orjson.dumps(envelope(None, errors=[{"code": code, "msg": message}])) + b"\n"


def _answer(source: SpanSource, now: Millis, endpoint: str, params: Pairs) -> dict[str, Any]:
    if endpoint == "services":
        return _counted(source.services())
    if endpoint == "operations":
        return _operations(source, params)
    if endpoint == "traces":
        return _search(source, now, params)
    if endpoint == "dependencies":
        return _dependencies(source, now, params)
    group, _, rest = endpoint.partition("/")
    if group == "services" and rest.endswith("/operations"):
        names = source.operations(unquote_plus(rest.removesuffix("/operations")))
        return _counted(sorted({name for name, _ in names}))
    if group == "traces" and rest:
        return _trace(source, params, rest)
    if group == "metrics" and rest in ("latencies", "calls", "errors", "minstep"):
        raise _FailedError(501, _NO_METRICS)
    raise _FailedError(404, "404 page not found")


def _counted(found: list[Any]) -> dict[str, Any]:
    return envelope(found, total=len(found))


def _operations(source: SpanSource, params: Pairs) -> dict[str, Any]:
    service, wanted = first(params, "service"), first(params, "spanKind")
    if not service:
        raise ParameterError("parameter 'service' is required")
    return _counted([
        {"name": name, "spanKind": kind} for name, kind in source.operations(service) if wanted in ("", kind)
    ])  # fmt: skip


def _search(source: SpanSource, now: Millis, params: Pairs) -> dict[str, Any]:
    asked = search(params, now)
    if asked.trace_ids:
        found = {trace_id: source.trace(trace_id) for trace_id in asked.trace_ids}
        missing = [{"msg": "trace not found", "traceID": short(each)} for each, spans in found.items() if not spans]
        return envelope([trace(spans) for spans in found.values() if spans], errors=missing or None)
    if not 0 < asked.query.limit <= DEPTH:
        raise _FailedError(500, "search depth must be greater than 0 and less than max traces")
    return envelope([trace(spans) for spans in source.search(asked.query)])


def _trace(source: SpanSource, params: Pairs, text: str) -> dict[str, Any]:
    spans = source.trace(one_trace(params, text))
    if not spans:
        raise _FailedError(404, "trace not found")
    return envelope([trace(spans)])


def _dependencies(source: SpanSource, now: Millis, params: Pairs) -> dict[str, Any]:
    start, end = period(params, now)
    if end < start:
        raise _FailedError(500, "end time must be greater than start time")
    service = first(params, "service")
    links = dependencies(source.spans(start, end))
    return envelope([
        {"parent": link.parent, "child": link.child, "callCount": link.call_count}
        for link in links if service in ("", link.parent, link.child)
    ])  # fmt: skip
