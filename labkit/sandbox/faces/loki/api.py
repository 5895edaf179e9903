"""Loki's HTTP API over the log streams of the world.

Paths, answers and codes: https://grafana.com/docs/loki/latest/reference/loki-http-api/ and upstream
``pkg/loghttp``. Errors are plain text, as Loki gives them.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from labkit.errors import QueryError
from labkit.kube.request import User
from labkit.logql import Engine, Work, is_log_query, parse
from labkit.logql.failures import DeadlineError
from labkit.promql.failures import CanceledError
from labkit.sandbox.faces.loki import index
from labkit.sandbox.faces.loki.parameters import ParameterError, Parameters
from labkit.sandbox.faces.loki.results import rendered, statistics
from labkit.sandbox.faces.loki.tail import Tail
from labkit.sandbox.faces.prometheus.request import BodyTooLargeError, awaited, parameters
from labkit.signals.source import StreamSource
from labkit.signals.streams import Nanos
from labkit.world.actions import LokiQuery

CLIENT = User("loki-client")
TIMEOUT = 60.0
"""Seconds a query may take (Loki's ``query_timeout``)."""
_API = "/loki/api/v1/"
TAIL = _API + "tail"
_JOURNALLED = ("query", "query_range", "series", "index/stats", "index/volume")


class _Gate(Protocol):
    async def perform(self, user: User, action: LokiQuery) -> "Answer": ...
    async def wait(self, until: int) -> None: ...


@dataclass(frozen=True)
class Answer:
    """Status code, body and media type."""

    code: int
    body: bytes
    media_type: str = "application/json"


@dataclass(frozen=True)
class _Call:
    """One request, and what it is answered from."""

    source: StreamSource
    parameters: Parameters
    work: Work
    started: float

    @property
    def seconds(self) -> float:
        """How long the request has taken so far."""
        return round(time.monotonic() - self.started, 6)


class _NotFoundError(Exception):
    """A path that is not there."""


_CODES: dict[type[Exception], int] = {_NotFoundError: 404, CanceledError: 499, DeadlineError: 504}
"""Codes of errors; of all others, 400."""


def respond(source: StreamSource, now: Nanos, path: str, params: Sequence[tuple[str, str]]) -> Answer:
    """The answer to one request at the time ``now``."""
    if path == TAIL:  # is answered over its websocket, and only journalled here
        return Answer(101, b"")
    started = time.monotonic()
    work = Work(expired=lambda: time.monotonic() > started + TIMEOUT)
    try:
        body = _answer(path.removeprefix(_API), _Call(source, Parameters(params, now), work, started))
    except (_NotFoundError, ParameterError, QueryError) as error:
        code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), 400)
        return _error(code, error.what if isinstance(error, QueryError) else str(error))
    return Answer(200, orjson.dumps(body))


def application(source: StreamSource, now: Callable[[], int], gate: _Gate) -> Starlette:
    """The ASGI application behind Loki's listener; ``now`` is in milliseconds. Queries pass the gate."""

    async def api(request: Request) -> Response:
        path: str = request.scope["path"]
        try:
            params = await parameters(request)
        except BodyTooLargeError as error:
            return PlainTextResponse(f"{error}\n", 413)
        if path.removeprefix(_API) in _JOURNALLED:
            action = LokiQuery(path=path, params=tuple(params))
            answer = await awaited(request, lambda: gate.perform(CLIENT, action))
        else:
            moment = now() * 1_000_000
            answer = await awaited(request, lambda: asyncio.to_thread(respond, source, moment, path, params))
        return Response(answer.body, answer.code, media_type=answer.media_type)

    def said(text: str) -> Callable[[Request], Response]:
        return lambda _: PlainTextResponse(text)

    return Starlette(routes=[
        Route("/", said("Loki, of a labkit sandbox: the API is under /loki/api/v1/\n")),
        Route("/ready", said("ready\n")),
        WebSocketRoute(TAIL, Tail(source, now, gate, CLIENT).serve),
        Route(_API + "{endpoint:path}", api, methods=["GET", "POST"]),
    ])  # fmt: skip


def _error(code: int, message: str) -> Answer:
    return Answer(code, f"{message}\n".encode(errors="replace"), "text/plain")


def _answer(endpoint: str, call: _Call) -> dict[str, Any]:
    """The JSON body of an endpoint."""
    if endpoint in _ENDPOINTS:
        return _ENDPOINTS[endpoint](call)
    first, _, rest = endpoint.partition("/")
    if first == "label" and rest.endswith("/values"):
        return _success(index.values(call.source, call.parameters, rest.removesuffix("/values")))
    raise _NotFoundError("404 page not found")


def _success(data: Any) -> dict[str, Any]:
    return {"status": "success", "data": data}


def _query(call: _Call) -> dict[str, Any]:
    parameters = call.parameters
    at = parameters.time("time", parameters.now)
    parameters.limit()
    parameters.forward()
    result = Engine(call.source).instant(parameters.get("query"), at, call.work)
    return _success(rendered(result, call.work, call.seconds))


def _query_range(call: _Call) -> dict[str, Any]:
    parameters, engine, limits = call.parameters, Engine(call.source), call.work.limits
    query, (start, end) = parameters.get("query"), parameters.ordered_bounds()
    limit, forward, interval = parameters.limit(), parameters.forward(), parameters.interval()
    step = parameters.step(start, end)
    if (end - start) // step > limits.points:
        raise ParameterError(
            "exceeded maximum resolution of 11,000 points per time series. "
            "Try increasing the value of the step parameter"
        )
    if not is_log_query(query):
        return _success(rendered(engine.range(query, start, end, step, call.work), call.work, call.seconds))
    if limit > limits.entries:
        raise ParameterError(
            f"max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {limits.entries})"
        )
    lines = engine.lines(query, start, end, limit=limit, forward=forward, interval=interval, work=call.work)
    return _success(rendered(lines, call.work, call.seconds))


def _volume(call: _Call) -> dict[str, Any]:
    _, end = call.parameters.ordered_bounds()
    result = [
        {"metric": dict(labels), "value": [end / 1e9, str(size)]}
        for labels, size in index.volume(call.source, call.parameters, call.work)
    ]
    return _success({"resultType": "vector", "result": result, "stats": statistics(call.work, call.seconds, 0)})


def _build(_: _Call) -> dict[str, Any]:
    return {
        "version": "3.5.0", "revision": "labkit", "branch": "labkit", "buildUser": "labkit", "buildDate": "",
        "goVersion": "",
    }  # fmt: skip


_ENDPOINTS: dict[str, Callable[[_Call], dict[str, Any]]] = {
    "query": _query,
    "query_range": _query_range,
    "labels": lambda call: _success(index.labels(call.source, call.parameters)),
    "label": lambda call: _success(index.labels(call.source, call.parameters)),
    "series": lambda call: _success(index.series(call.source, call.parameters)),
    "index/stats": lambda call: dict(index.stats(call.source, call.parameters, call.work)),
    "index/volume": _volume,
    "detected_labels": lambda call: {"detectedLabels": index.detected_labels(call.source, call.parameters)},
    "detected_fields": lambda call: index.detected_fields(call.source, call.parameters, call.work),
    "format_query": lambda call: _success(str(parse(call.parameters.get("query")))),
    "status/buildinfo": _build,
}
