"""Get, list and watch: what is asked for, as JSON or as a server-side table."""

from typing import Any

from labkit.clock import Millis
from labkit.kube import selectors, status, table
from labkit.kube.kinds import Kind
from labkit.kube.paths import Target
from labkit.kube.request import Request, Response, Watch
from labkit.kube.store import Change, Object, Store

WATCH_SECONDS = 1800
"""How long a watch lives when it does not say (upstream: thirty minutes to an hour)."""


def get(store: Store, target: Target, request: Request, now: Millis) -> Response:
    """One object."""
    found = store.get(target.kind, target.namespace, target.name)
    return Response(body=_table(target.kind, [found], request, now, store) if _wants_table(request) else found)


def listing(store: Store, target: Target, request: Request, now: Millis) -> Response:
    """A list, selected and, with ``limit``, in pages."""
    found = _select(store, target, request)
    found, metadata = _page(found, request, store)
    if _wants_table(request):
        body = _table(target.kind, found, request, now, store)
        body["metadata"] |= metadata
        return Response(body=body)
    head = {"kind": f"{target.kind.name}List", "apiVersion": target.kind.api_version}
    return Response(body={**head, "metadata": {"resourceVersion": str(store.version), **metadata}, "items": found})


def watch(store: Store, target: Target, request: Request, now: Millis) -> Response:
    """A watch: first what the client lacks, then every change."""
    render = _Renderer(target, request, store)
    since = request.param("resourceVersion")
    if request.param("sendInitialEvents") == "true" or since in ("", "0"):
        initial = [render.event("ADDED", obj, now) for obj in _select(store, target, request)]
        if request.param("sendInitialEvents") == "true":
            initial.append(render.bookmark())
    else:
        initial = [event for change in store.since(_version(since)) if (event := render(change, now))]
    seconds = request.param("timeoutSeconds")
    timeout = int(seconds) if seconds.isdigit() else WATCH_SECONDS
    return Response(watch=Watch(initial=tuple(initial), timeout=timeout, event=render))


class _Renderer:
    """Turns changes into watch events for one watch; tables carry their columns once."""

    def __init__(self, target: Target, request: Request, store: Store) -> None:
        self._target = target
        self._request = request
        self._store = store
        self._matches = _matcher(target, request)
        self._table = _wants_table(request)
        self._columns_sent = False

    def __call__(self, change: Change, now: Millis) -> Object | None:
        """The event of a change, or ``None`` if it is not this watch's business."""
        if change.kind != self._target.kind or not self._matches(change.object):
            return None
        return self.event(change.type, change.object, now)

    def event(self, type_: str, obj: Object, now: Millis) -> Object:
        """One event about an object."""
        if not self._table:
            return {"type": type_, "object": obj}
        rendered = _table(self._target.kind, [obj], self._request, now, self._store)
        if self._columns_sent:
            rendered["columnDefinitions"] = None
        self._columns_sent = True
        return {"type": type_, "object": rendered}

    def bookmark(self) -> Object:
        """The bookmark that ends the initial events (KEP-3157)."""
        metadata = {
            "resourceVersion": str(self._store.version),
            "creationTimestamp": None,
            "annotations": {"k8s.io/initial-events-end": "true"},
        }
        kind = self._target.kind
        return {"type": "BOOKMARK", "object": {"kind": kind.name, "apiVersion": kind.api_version, "metadata": metadata}}


def _select(store: Store, target: Target, request: Request) -> list[Object]:
    matches = _matcher(target, request)
    return [obj for obj in store.list(target.kind, target.namespace or None) if matches(obj)]


def _matcher(target: Target, request: Request) -> selectors.Test:
    by_label = selectors.labels(request.param("labelSelector"))
    by_field = selectors.fields(request.param("fieldSelector"))
    namespace, name = target.namespace, target.name

    def matches(obj: Object) -> bool:
        metadata = obj["metadata"]
        if namespace and metadata.get("namespace") != namespace:
            return False
        return (not name or metadata["name"] == name) and by_label(obj) and by_field(obj)

    return matches


def _page(found: list[Object], request: Request, store: Store) -> tuple[list[Object], dict[str, Any]]:
    """``limit`` and ``continue``: the token is the name after which to go on."""
    limit, token = request.param("limit"), request.param("continue")
    if limit and not limit.isdigit():
        raise status.bad_request(f"invalid limit: {limit!r} is not a number")
    start = 0
    if token:
        start = next((i for i, obj in enumerate(found) if _key(obj) > token), len(found))
    rest = found[start:]
    if not limit or int(limit) == 0 or len(rest) <= int(limit):
        return rest, {}
    page = rest[: int(limit)]
    return page, {"continue": _key(page[-1]), "remainingItemCount": len(rest) - len(page)}


def _key(obj: Object) -> str:
    return f"{obj['metadata'].get('namespace', '')}/{obj['metadata']['name']}"


def _version(text: str) -> int:
    if not text.isdigit():
        raise status.bad_request(f'invalid resource version: strconv.ParseUint: parsing "{text}": invalid syntax')
    return int(text)


def _wants_table(request: Request) -> bool:
    return "as=Table" in request.accept


def _table(kind: Kind, found: list[Object], request: Request, now: Millis, store: Store) -> dict[str, Any]:
    rendered = table.render(kind, found, now, request.param("includeObject", "Metadata"))
    version = found[0]["metadata"]["resourceVersion"] if len(found) == 1 else str(store.version)
    rendered["metadata"] = {"resourceVersion": version}
    return rendered
