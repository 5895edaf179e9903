"""Prometheus' HTTP API over the series of the world.

Paths, envelope, error types and codes: https://prometheus.io/docs/prometheus/latest/querying/api/
and upstream ``web/api/v1/api.go`` of 3.5.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from labkit.clock import Millis
from labkit.errors import QueryError
from labkit.kube.request import User
from labkit.promql import Engine
from labkit.promql.failures import CanceledError, MalformedQueryError, TimedOutError
from labkit.sandbox.faces import prometheus_labels as labels
from labkit.sandbox.faces import prometheus_queries as queries
from labkit.sandbox.faces import prometheus_status as status
from labkit.sandbox.faces import prometheus_targets as targets
from labkit.sandbox.faces.prometheus_call import Answer, Call, Endpoint, Refused, Reply, failure, success
from labkit.sandbox.faces.prometheus_parameters import Pairs, ParameterError, Parameters
from labkit.sandbox.faces.prometheus_pool import Arrival
from labkit.sandbox.faces.prometheus_request import BodyTooLargeError, Bulk, awaited, crossing, parameters
from labkit.signals.source import SeriesSource
from labkit.world.actions import Query

CLIENT = User("prometheus-client")
_API = "/api/v1/"
_JOURNALLED = ("query", "query_range", "series", "rules", "alerts")
_POSTED = ("query", "query_range", "query_exemplars", "format_query", "labels", "series")
TOO_LARGE = "query processing would load too many samples into memory in query execution"
_ADMIN = ("admin/tsdb/delete_series", "admin/tsdb/clean_tombstones", "admin/tsdb/snapshot")

ENDPOINTS: Mapping[str, Endpoint] = {
    "query": queries.query,
    "query_range": queries.query_range,
    "query_exemplars": queries.query_exemplars,
    "format_query": queries.format_query,
    "series": labels.series,
    "labels": labels.label_names,
    "metadata": targets.metadata,
    "targets": targets.targets,
    "targets/metadata": targets.targets_metadata,
    "scrape_pools": targets.scrape_pools,
    "rules": lambda _: Answer({"groups": []}),
    "alerts": lambda _: Answer({"alerts": []}),
    "alertmanagers": lambda _: Answer({"activeAlertmanagers": [], "droppedAlertmanagers": []}),
    "notifications": lambda _: Answer([]),
    "status/buildinfo": status.buildinfo,
    "status/runtimeinfo": status.runtimeinfo,
    "status/flags": status.flags,
    "status/config": status.config,
    "status/tsdb": status.tsdb,
    "status/walreplay": status.walreplay,
}
"""What is answered under ``/api/v1/``. Of rules and alerts this room knows none; who does gives ``more``."""


class Gate(Protocol):
    """What the face needs of the sandbox's gate."""

    async def perform(self, user: User, action: Query) -> Reply:
        """Perform a query and journal it."""


def respond(
    engine: Engine,
    source: SeriesSource,
    now: Callable[[], Millis],
    path: str,
    params: Pairs,
    more: Mapping[str, Endpoint] | None = None,
    arrival: Arrival | None = None,
) -> Reply:
    """The answer to one request; ``more`` are endpoints beside or instead of :data:`ENDPOINTS`."""
    endpoint = _endpoint(path.removeprefix(_API), more or {})
    if endpoint is None:
        return _NOT_FOUND
    try:
        came = time.monotonic() if arrival is None else arrival
        return success(endpoint(Call(engine, source, now(), Parameters(params), came)))
    except (Refused, ParameterError, QueryError, MemoryError) as error:
        return failure(*_told(error))


def _told(error: Refused | ParameterError | QueryError | MemoryError) -> tuple[str, str]:
    """Type and text of an error answer."""
    match error:
        case Refused():
            told = error.kind, str(error)
        case ParameterError():
            told = "bad_data", str(error)
        case MalformedQueryError():
            told = "bad_data", f'invalid parameter "query": {error.what}'
        case QueryError():
            told = _KINDS.get(type(error), "execution"), error.what
        case MemoryError():  # an answer may be larger than what it was made from
            told = "execution", TOO_LARGE
    return told


def application(
    engine: Engine,
    source: SeriesSource,
    now: Callable[[], Millis],
    gate: Gate,
    more: Mapping[str, Endpoint] | None = None,
) -> Starlette:
    """The ASGI application behind Prometheus' listener; queries go through the gate and so into the journal."""

    async def api(request: Request) -> Response:
        endpoint = request.scope["path"].removeprefix(_API)
        reply = _without_work(endpoint, request.method, more or {}) or await _ask(request, endpoint)
        return Bulk(
            None if reply.code == 204 else reply.body, reply.code, media_type=reply.media_type,
            headers=crossing(request.headers) | _allowed(endpoint, reply.code),
        )  # fmt: skip

    async def _ask(request: Request, endpoint: str) -> Reply:
        try:
            params = await parameters(request)
        except BodyTooLargeError as error:
            return failure("bad_data", f"error parsing form values: {error}")
        path: str = request.scope["path"]
        if endpoint in _JOURNALLED:
            action = Query(path=path, params=tuple(params))
            return await awaited(request, lambda: gate.perform(CLIENT, action))
        moment = now()
        # In a thread: a label of many values must not stop the world.
        return await asyncio.to_thread(respond, engine, source, lambda: moment, path, params, more)

    async def metrics(_: Request) -> Response:
        call = Call(engine, source, now(), Parameters(()))
        return PlainTextResponse(await asyncio.to_thread(status.metrics, call), media_type="text/plain; version=0.0.4")

    return Starlette(routes=[
        Route("/", _said("Prometheus, of a labkit sandbox: the API is under /api/v1/\n")),
        Route("/-/ready", _said("Prometheus Server is Ready.\n")),
        Route("/-/healthy", _said("Prometheus Server is Healthy.\n")),
        Route("/-/reload", _said("Lifecycle API is not enabled.", 403), methods=["POST", "PUT"]),
        Route("/-/quit", _said("Lifecycle API is not enabled.", 403), methods=["POST", "PUT"]),
        Route("/metrics", metrics),
        Route(_API + "{endpoint:path}", api, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
        Route("/{path:path}", _said("404 page not found\n", 404), methods=["GET", "HEAD", "POST", "OPTIONS"]),
    ])  # fmt: skip


_KINDS = {TimedOutError: "timeout", CanceledError: "canceled"}
_NOT_FOUND = Reply(404, b"404 page not found\n", "text/plain")
_NOT_ALLOWED = Reply(405, b"Method Not Allowed\n", "text/plain")


def _said(text: str, code: int = 200) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(_: Request) -> Response:
        return PlainTextResponse(text, code)

    return endpoint


def _endpoint(path: str, more: Mapping[str, Endpoint]) -> Endpoint | None:
    """What answers under a path."""
    first, _, rest = path.partition("/")
    if first == "label" and rest.endswith("/values"):
        return lambda call: labels.label_values(call, rest.removesuffix("/values"))
    return more.get(path) or ENDPOINTS.get(path)


def _without_work(endpoint: str, method: str, more: Mapping[str, Endpoint]) -> Reply | None:
    """The answer to what needs no looking: preflights, unknown paths, and methods that a path has not."""
    if method == "OPTIONS":
        return Reply(204, b"")
    if endpoint in _ADMIN:
        return failure("unavailable", "admin APIs disabled") if method in ("POST", "PUT") else _NOT_ALLOWED
    if _endpoint(endpoint, more) is None:
        return _NOT_FOUND
    return None if method in _methods(endpoint) else _NOT_ALLOWED


def _methods(endpoint: str) -> list[str]:
    if endpoint in _ADMIN:
        return ["OPTIONS", "POST", "PUT"]
    return ["GET", "OPTIONS", "POST"] if endpoint in _POSTED else ["GET", "OPTIONS"]


def _allowed(endpoint: str, code: int) -> dict[str, str]:
    return {"Allow": ", ".join(_methods(endpoint))} if code == _NOT_ALLOWED.code else {}
