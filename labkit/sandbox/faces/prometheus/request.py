"""Requests and headers of Prometheus' HTTP API, as Go's ``net/http`` and upstream's ``httputil`` treat them."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from labkit.promql.limits import interruptible

Answered = TypeVar("Answered")

BODY_LIMIT = 10 * 1024 * 1024
"""Bytes a form may have: Go's limit."""

PIECE = 256 * 1024
"""Bytes of an answer that are handed on at a time."""

_FORM = "application/x-www-form-urlencoded"
_CROSSING = {
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, Origin",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Date",
}


class BodyTooLargeError(Exception):
    """A form of more than :data:`BODY_LIMIT` bytes."""


async def parameters(request: Request) -> list[tuple[str, str]]:
    """Those of the form and of the query string; of one in both, the form's comes first (Go's ``FormValue``)."""
    form: list[tuple[str, str]] = []
    if request.method == "POST" and request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
        form = parse_qsl((await _body(request)).decode(errors="replace"), keep_blank_values=True)
    return [*form, *request.query_params.multi_items()]


async def _body(request: Request) -> bytes:
    """The body, of which no more is taken than a form may have."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_LIMIT:
            raise BodyTooLargeError("http: POST too large")
    return bytes(body)


async def awaited(request: Request, work: Callable[[], Awaitable[Answered]]) -> Answered:
    """What ``work`` gives; its queries are interrupted if the client goes away before."""
    gone = threading.Event()
    with interruptible(gone.is_set):
        working = asyncio.ensure_future(work())
    watching = asyncio.create_task(_departure(request))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        gone.set()
        return await working
    finally:
        watching.cancel()


async def _departure(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


class Bulk(Response):
    """A response whose body is handed on piece by piece, so that a slow client's waits in one place only."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = memoryview(self.body)
        for start in range(0, len(body), PIECE):
            await send({"type": "http.response.body", "body": body[start : start + PIECE], "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def crossing(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that let scripts of other origins read an answer (upstream ``SetCORS``, any origin allowed)."""
    return {"Vary": "Origin"} | (_CROSSING if headers.get("origin") else {})
