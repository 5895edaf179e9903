"""What comes into and goes out of the API, free of HTTP: the shapes faces and replay share."""

from collections.abc import Callable

import msgspec

from labkit.clock import Millis
from labkit.kube.store import Change, Object


class User(msgspec.Struct, frozen=True):
    """Who asks: a user name and groups, as an authenticator found them."""

    name: str
    groups: tuple[str, ...] = ("system:authenticated",)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One API request. ``query`` keeps order and repetition; ``body`` is the raw bytes."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    accept: str = "application/json"
    content_type: str = "application/json"
    body: bytes = b""
    impersonate: str | None = None
    impersonate_groups: tuple[str, ...] = ()

    def param(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), default)


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted watch: what to send first, and how to render each later change.

    ``initial`` holds ready-made watch events; ``timeout`` is in seconds of virtual time;
    ``event(change, now)`` gives the event for a change, or ``None`` when the change is none of
    this watch's business.
    """

    initial: tuple[Object, ...]
    timeout: int
    event: Callable[[Change, Millis], Object | None]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """One API answer: a JSON ``body``, plain ``text``, or a ``watch`` to be streamed."""

    code: int = 200
    content_type: str = "application/json"
    body: Object | None = None
    text: str | None = None
    watch: Watch | None = None
