"""Prometheus' HTTP API over the series of the world.

Paths, envelope, error types and codes: https://prometheus.io/docs/prometheus/latest/querying/api/
and upstream ``web/api/v1/api.go`` of 3.5.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from labkit.clock import Millis
from labkit.errors import QueryError
from labkit.kube.request import User
from labkit.promql import Engine
from labkit.promql.failures import MalformedQueryError
from labkit.promql.parsing import selector_of
from labkit.sandbox.faces import prometheus_targets as targets
from labkit.sandbox.faces.prometheus_parameters import Pairs, ParameterError, Parameters
from labkit.sandbox.faces.prometheus_results import rendered
from labkit.signals.labels import Labels
from labkit.signals.source import SeriesSource
from labkit.world.actions import Query

CLIENT = User("prometheus-client")
POINTS = 11_000
"""Steps a range query may have."""
_API = "/api/v1/"
_JOURNALLED = ("query", "query_range", "series")
_BEGIN: Millis = 0
_FORM = "application/x-www-form-urlencoded"


class _Gate(Protocol):
    async def perform(self, user: User, action: Query) -> tuple[int, dict[str, Any]]: ...


@dataclass(frozen=True)
class _Call:
    """One request, and what it is answered from."""

    engine: Engine
    store: SeriesSource
    now: Callable[[], Millis]
    parameters: Parameters

    def matching(self, *, wanted: bool) -> list[Labels] | None:
        """The series of ``match[]`` between ``start`` and ``end``; ``None`` if none is given and none ``wanted``."""
        selectors = self.parameters.all("match[]")
        if not selectors:
            if wanted:
                raise ParameterError("no match[] parameter provided")
            return None
        start, end = self.parameters.time("start", _BEGIN), self.parameters.time("end", self.now())
        try:
            found = [self.store.series(selector_of(text), start, end) for text in selectors]
        except QueryError as error:
            raise ParameterError(f'invalid parameter "match[]": {error.what}') from error
        return sorted({labels for series in found for labels in series})


class _NotFoundError(Exception):
    """A path that is not there."""


def respond(
    engine: Engine,
    store: SeriesSource,
    now: Callable[[], Millis],
    path: str,
    params: Sequence[tuple[str, str]],
    method: str,
) -> tuple[int, dict[str, Any]]:
    """Status code and JSON body of the answer to one request."""
    if method not in ("GET", "POST"):
        return _error(405, "bad_data", f"method {method} is not allowed")
    call = _Call(engine, store, now, Parameters(params))
    try:
        data, warnings = _answer(path.removeprefix(_API), call)
    except _NotFoundError:
        return _error(404, "not_found", "404 page not found")
    except ParameterError as error:
        return _error(400, "bad_data", str(error))
    except MalformedQueryError as error:
        return _error(400, "bad_data", f'invalid parameter "query": {error.what}')
    except QueryError as error:
        return _error(422, "execution", error.what)
    return 200, {"status": "success", "data": data} | ({"warnings": warnings} if warnings else {})


def application(engine: Engine, store: SeriesSource, now: Callable[[], Millis], gate: _Gate) -> Starlette:
    """The ASGI application behind Prometheus' listener; queries go through the gate and so into the journal."""

    async def api(request: Request) -> Response:
        path, params = request.scope["path"], await _parameters(request)
        if path.removeprefix(_API) in _JOURNALLED:
            code, body = await gate.perform(CLIENT, Query(path=path, params=tuple(params)))
        else:
            code, body = respond(engine, store, now, path, params, request.method)
        return Response(msgspec.json.encode(body), code, media_type="application/json")

    def said(text: str) -> Callable[[Request], Response]:
        return lambda _: PlainTextResponse(text)

    return Starlette(routes=[
        Route("/", said("Prometheus, of a labkit sandbox: the API is under /api/v1/\n")),
        Route("/-/ready", said("Prometheus Server is Ready.\n")),
        Route("/-/healthy", said("Prometheus Server is Healthy.\n")),
        Route(_API + "{endpoint:path}", api, methods=["GET", "POST"]),
    ])  # fmt: skip


async def _parameters(request: Request) -> list[tuple[str, str]]:
    """Those of the form and of the query string; of one in both, the form's comes first (Go's ``FormValue``)."""
    form: Pairs = ()
    if request.method == "POST" and request.headers.get("content-type", "").partition(";")[0] == _FORM:
        form = parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True)
    return [*form, *request.query_params.multi_items()]


def _error(code: int, kind: str, message: str) -> tuple[int, dict[str, Any]]:
    return code, {"status": "error", "errorType": kind, "error": message}


def _answer(endpoint: str, call: _Call) -> tuple[Any, list[str]]:
    """The ``data`` and ``warnings`` of an endpoint."""
    if endpoint in _ENDPOINTS:
        return _ENDPOINTS[endpoint](call)
    first, _, rest = endpoint.partition("/")
    if first == "label" and rest.endswith("/values"):
        name = rest.removesuffix("/values")
        if not name:
            raise ParameterError(f'invalid label name: "{name}"')
        return _limited(call.store.label_values(name, call.matching(wanted=False)), call)
    raise _NotFoundError


def _query(call: _Call) -> tuple[Any, list[str]]:
    _refuse(call, "lookback_delta")
    time = call.parameters.time("time", call.now())
    data, cut = rendered(call.engine.instant(call.parameters.get("query"), time), call.parameters.limit())
    return data, _warnings(cut)


def _query_range(call: _Call) -> tuple[Any, list[str]]:
    _refuse(call, "lookback_delta")
    parameters = call.parameters
    start, end, step = parameters.time("start"), parameters.time("end"), parameters.duration("step")
    if end < start:
        raise ParameterError('invalid parameter "end": end timestamp must not be before start time')
    if step <= 0:
        raise ParameterError(
            'invalid parameter "step": zero or negative query resolution step widths are not accepted. '
            "Try a positive integer"
        )
    if (end - start) // step > POINTS:
        raise ParameterError(
            "exceeded maximum resolution of 11,000 points per timeseries. "
            "Try decreasing the query resolution (?step=XX)"
        )
    data, cut = rendered(call.engine.range(parameters.get("query"), start, end, step), parameters.limit())
    return data, _warnings(cut)


def _refuse(call: _Call, name: str) -> None:
    if call.parameters.get(name):
        raise ParameterError(f'invalid parameter "{name}": not supported here')


def _limited(found: list[Any], call: _Call) -> tuple[Any, list[str]]:
    limit = call.parameters.limit()
    return found[:limit], _warnings(limit is not None and len(found) > limit)


def _warnings(cut: bool) -> list[str]:
    return ["results truncated due to limit"] if cut else []


def _metadata(call: _Call) -> tuple[Any, list[str]]:
    wanted = call.parameters.get("metric")
    found = {
        name: [{"type": known.type, "help": known.help, "unit": ""}]
        for name, known in sorted(call.store.metadata.items())
        if wanted in ("", name)
    }
    return dict(list(found.items())[: call.parameters.limit()]), []


def _targets(call: _Call) -> tuple[Any, list[str]]:
    state = call.parameters.get("state")
    active = targets.active(call.engine, call.now()) if state in ("", "any", "active") else []
    pools = sorted({target["scrapePool"] for target in active})
    return {"activeTargets": active, "droppedTargets": [], "droppedTargetCounts": dict.fromkeys(pools, 0)}, []


def _targets_metadata(call: _Call) -> tuple[Any, list[str]]:
    rows = targets.metadata(call.engine, call.store, call.now())
    wanted = call.parameters.get("metric")
    if text := call.parameters.get("match_target"):
        try:
            matchers = selector_of(text)
        except QueryError as error:
            raise ParameterError(f'invalid parameter "match_target": {error.what}') from error
        rows = [row for row in rows if all(one.matches(Labels(row["target"].items())) for one in matchers)]
    rows = [row for row in rows if wanted in ("", row["metric"])]
    return rows[: call.parameters.limit()], []


def _build(_: _Call) -> tuple[Any, list[str]]:
    return {
        "version": "3.5.3", "revision": "labkit", "branch": "labkit", "buildUser": "labkit", "buildDate": "",
        "goVersion": "",
    }, []  # fmt: skip


_ENDPOINTS: dict[str, Callable[[_Call], tuple[Any, list[str]]]] = {
    "query": _query,
    "query_range": _query_range,
    "series": lambda call: _limited([dict(labels) for labels in call.matching(wanted=True) or ()], call),
    "labels": lambda call: _limited(call.store.label_names(call.matching(wanted=False)), call),
    "metadata": _metadata,
    "targets": _targets,
    "targets/metadata": _targets_metadata,
    "rules": lambda _: ({"groups": []}, []),
    "alerts": lambda _: ({"alerts": []}, []),
    "status/buildinfo": _build,
}
