"""Get, list and watch: what is asked for, as JSON or as a server-side table."""

import base64
from typing import Any

import msgspec

from labkit.clock import Millis
from labkit.kube import selectors, status, table
from labkit.kube.kinds import Kind
from labkit.kube.paths import Target
from labkit.kube.request import Request, Response, Watch
from labkit.kube.store import HISTORY, Change, Object, Store

WATCH_SECONDS = 1800
"""How long a watch lives when it does not say (upstream: thirty minutes to an hour)."""


def get(store: Store, target: Target, request: Request, now: Millis) -> Response:
    """One object."""
    found = store.get(target.kind, target.namespace, target.name)
    if not _wants_table(request):
        return Response(body=found)
    return Response(body=_table(target.kind, [found], request, now, found["metadata"]["resourceVersion"]))


def listing(store: Store, target: Target, request: Request, now: Millis) -> Response:
    """A list, selected and, with ``limit``, in pages."""
    found = _select(store, target, request)
    found, metadata = _page(found, request)
    if _wants_table(request):
        body = _table(target.kind, found, request, now, str(store.version))
        body["metadata"] |= metadata
        return Response(body=body)
    head = {"kind": f"{target.kind.name}List", "apiVersion": target.kind.api_version}
    return Response(body={**head, "metadata": {"resourceVersion": str(store.version), **metadata}, "items": found})


def watch(store: Store, target: Target, request: Request, now: Millis) -> Response:
    """A watch: first what the client lacks, then every change."""
    since, streaming = request.param("resourceVersion"), request.param("sendInitialEvents")
    whole = streaming == "true" or (since in ("", "0") and streaming != "false")
    events = Events(target, request, store, store.version if whole or since in ("", "0") else _version(since))
    if whole:
        initial = [events.event("ADDED", obj, now) for obj in _select(store, target, request)]
        if streaming == "true":
            initial.append(events.bookmark())
    else:
        initial = [event for change in store.since(events.seen) if (event := events(change, now))]
    seconds = request.param("timeoutSeconds")
    timeout = int(seconds) if seconds.isdigit() and int(seconds) else WATCH_SECONDS
    return Response(watch=Watch(initial=tuple(initial), timeout=timeout, event=events))


class Events:
    """Turns changes into the events of one watch; tables carry their columns once.

    An object that comes to match the selectors is added to this watch, one that ceases to is
    deleted from it. ``seen`` is the version up to which changes have been told.
    """

    def __init__(self, target: Target, request: Request, store: Store, seen: int) -> None:
        self._target = target
        self._request = request
        self._store = store
        self._matches = _matcher(target, request)
        self._table = _wants_table(request)
        self._columns_sent = False
        self.seen = seen
        self._known = self._known_at(seen)

    def __call__(self, change: Change, now: Millis) -> Object | None:
        """The event of a change, or ``None`` if it is not this watch's business."""
        if change.version <= self.seen:
            return None
        self.seen = change.version
        if change.kind != self._target.kind:
            return None
        uid = change.object["metadata"]["uid"]
        known = uid in self._known
        if change.type != "DELETED" and self._matches(change.object):
            self._known.add(uid)
            return self.event("MODIFIED" if known else "ADDED", change.object, now)
        self._known.discard(uid)
        return self.event("DELETED", change.object, now) if known else None

    def event(self, type_: str, obj: Object, now: Millis) -> Object:
        """One event about an object."""
        if not self._table:
            return {"type": type_, "object": obj}
        rendered = _table(self._target.kind, [obj], self._request, now, obj["metadata"]["resourceVersion"])
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

    def _known_at(self, version: int) -> set[str]:
        """The objects that matched at ``version``, as the kept changes tell.

        Where nothing older is kept about an object, its first change since stands for it.
        """
        before: dict[str, bool] = {}
        since: dict[str, Change] = {}
        for change in self._store.since(max(0, self._store.version - HISTORY)):
            if change.kind != self._target.kind:
                continue
            uid = change.object["metadata"]["uid"]
            if change.version > version:
                since.setdefault(uid, change)
            else:
                before[uid] = change.type != "DELETED" and self._matches(change.object)
        known = {uid for uid, matched in before.items() if matched}
        for uid, change in since.items():
            if uid not in before and change.type != "ADDED" and self._matches(change.object):
                known.add(uid)
        live = {obj["metadata"]["uid"] for obj in _select(self._store, self._target, self._request)}
        return known | (live - before.keys() - since.keys())


def _select(store: Store, target: Target, request: Request) -> list[Object]:
    matches = _matcher(target, request)
    return [obj for obj in store.list(target.kind, target.namespace or None) if matches(obj)]


def _matcher(target: Target, request: Request) -> selectors.Test:
    by_label = selectors.labels(request.param("labelSelector"))
    by_field = selectors.fields(request.param("fieldSelector"), target.kind)
    namespace, name = target.namespace, target.name

    def matches(obj: Object) -> bool:
        metadata = obj["metadata"]
        if namespace and metadata.get("namespace") != namespace:
            return False
        return (not name or metadata["name"] == name) and by_label(obj) and by_field(obj)

    return matches


def _page(found: list[Object], request: Request) -> tuple[list[Object], dict[str, Any]]:
    """``limit`` and ``continue``: the token stands for the name after which to go on."""
    limit, token = request.param("limit", "0"), request.param("continue")
    if not limit.isdigit():
        raise status.bad_request(f'strconv.ParseInt: parsing "{limit}": invalid syntax')
    if token:
        after = _opened(token)
        found = [obj for obj in found if _key(obj) > after]
    if int(limit) == 0 or len(found) <= int(limit):
        return found, {}
    page = found[: int(limit)]
    token = base64.urlsafe_b64encode(msgspec.json.encode(_key(page[-1]))).decode()
    remaining = {} if _selective(request) else {"remainingItemCount": len(found) - len(page)}
    return page, {"continue": token, **remaining}


def _opened(token: str) -> list[str]:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(token), type=list[str])
    except (ValueError, msgspec.MsgspecError) as error:
        raise status.bad_request("continue key is not valid: illegal base64 data") from error


def _selective(request: Request) -> bool:
    """With selectors upstream does not count what remains."""
    return bool(request.param("labelSelector") or request.param("fieldSelector"))


def _key(obj: Object) -> list[str]:
    """The order of the store."""
    return [obj["metadata"].get("namespace", ""), obj["metadata"]["name"]]


def _version(text: str) -> int:
    if not text.isdigit():
        raise status.bad_request(f'invalid resource version: strconv.ParseUint: parsing "{text}": invalid syntax')
    return int(text)


def _wants_table(request: Request) -> bool:
    return "as=Table" in request.accept


def _table(kind: Kind, found: list[Object], request: Request, now: Millis, version: str) -> dict[str, Any]:
    rendered = table.render(kind, found, now, request.param("includeObject", "Metadata"))
    rendered["metadata"] = {"resourceVersion": version}
    return rendered
