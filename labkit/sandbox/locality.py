"""Who may ask the faces that speak plain HTTP: the programs of this machine, and web pages that come from it.

Every web page that a trainee has open may send requests to loopback. Its browser says where the page
comes from (``Origin``), and by which name it found us (``Host``): a page whose name was made to point to
loopback after it was loaded (DNS rebinding) is known by that name. Both are looked at before any face.
"""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

_REFUSAL = "403: a sandbox answers the programs and pages of its own machine; ask for it as 127.0.0.1 or localhost\n"


class Local:
    """An ASGI application that hands on what comes from here, and refuses the rest with 403."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or websocket."""
        if scope["type"] == "lifespan" or _from_here(Headers(scope=scope)):
            await self._application(scope, receive, send)
        elif scope["type"] == "websocket":  # closed before it is accepted: 403
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse(_REFUSAL, 403)(scope, receive, send)


def _from_here(headers: Headers) -> bool:
    """Only browsers send an origin; what sends no host either is none."""
    host, origins = headers.get("host"), headers.getlist("origin")
    named = host is None or _is_local(f"//{host}", any_address=True)
    return named and all(_is_local(origin) for origin in origins)


def _is_local(url: str, *, any_address: bool = False) -> bool:
    """Whether the host of ``url`` is this machine; no one can rebind an address, so as a host any will do."""
    try:
        name = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return any_address or address.is_loopback
