"""The API server without HTTP: a user and a request in, a response or a ``Status`` error out."""

from collections.abc import Callable

from labkit.clock import Millis
from labkit.kube import discovery, podlogs, reads, reviews
from labkit.kube.kinds import POD
from labkit.kube.paths import Target, parse
from labkit.kube.podlogs import LogSource
from labkit.kube.rbac import Attributes, Authorizer
from labkit.kube.request import Request, Response, User
from labkit.kube.status import StatusError
from labkit.kube.store import Object, Store

HEALTH = ("/healthz", "/livez", "/readyz")
Impersonation = tuple[str | None, tuple[str, ...]]
"""Whom to act as (``--as``), and in which groups."""

NOBODY_ELSE: Impersonation = (None, ())
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "GET": "get", "HEAD": "get"}


class Api:
    """Routes, authorises and answers requests over one store."""

    def __init__(self, store: Store, now: Callable[[], Millis], logs: LogSource) -> None:
        self.store = store
        self.now = now
        self._logs = logs
        self._authorizer = Authorizer(store)

    def handle(self, user: User, request: Request) -> Response:
        """Answer ``request``; raises :class:`StatusError` with upstream's code, reason and message."""
        user = self.impersonated(user, (request.impersonate, request.impersonate_groups))
        if request.path in HEALTH:
            return Response(text="ok")
        if (found := discovery.respond(request)) is not None:
            self._authorizer.require(user, Attributes(verb="get", path=request.path))
            return found
        target = parse(request.path)
        if target is None:
            raise StatusError(404, "NotFound", "the server could not find the requested resource")
        if target.kind in discovery.REVIEWS:
            return self._review(user, target, request)
        self._authorizer.require(user, _asked(target, request), target.kind)
        return self._answer(target, request)

    def authorize_exec(
        self, user: User, namespace: str, pod: str, container: str | None, as_: Impersonation = NOBODY_ELSE
    ) -> tuple[Object, str]:
        """The pod and container in which ``user`` may run a command, or 403, 404, 400."""
        user = self.impersonated(user, as_)
        asked = Attributes(verb="create", resource="pods", subresource="exec", namespace=namespace, name=pod)
        self._authorizer.require(user, asked, POD)
        found = self.store.get(POD, namespace, pod)
        name = podlogs.container_of(found, container or "")
        statuses = {s["name"]: s["state"] for s in found.get("status", {}).get("containerStatuses", ())}
        if "running" not in statuses.get(name, {}):
            raise StatusError(500, "InternalError", f'unable to upgrade connection: container not found ("{name}")')
        return found, name

    def added_lines(
        self, namespace: str, pod: str, request: Request, since: Millis
    ) -> tuple[list[tuple[Millis, str]], bool]:
        """For ``logs -f``: the lines written after ``since``, and whether the container's run is over."""
        found = self.store.find(POD, namespace, pod)
        if found is None:
            return [], True
        container = podlogs.container_of(found, request.param("container"))
        lines = [line for line in self._logs.lines(namespace, pod, container) if line[0] > since]
        statuses = {s["name"]: s["state"] for s in found.get("status", {}).get("containerStatuses", ())}
        return lines, "running" not in statuses.get(container, {})

    def impersonated(self, user: User, as_: Impersonation) -> User:
        """Whom ``user`` acts as by ``--as`` and ``--as-group``, which takes the impersonate verb."""
        whom, groups = as_
        if whom is None:
            return user
        kind, namespace, name = "users", "", whom
        if name.startswith("system:serviceaccount:") and name.count(":") == 3:
            _, _, namespace, name = name.split(":")
            kind = "serviceaccounts"
        asked = Attributes(verb="impersonate", resource=kind, namespace=namespace, name=name)
        self._authorizer.require(user, asked)
        for group in groups:
            self._authorizer.require(user, Attributes(verb="impersonate", resource="groups", name=group))
        return User(whom, (*groups, "system:authenticated"))

    def _review(self, user: User, target: Target, request: Request) -> Response:
        if request.method != "POST":
            raise _not_allowed()
        asked = Attributes(verb="create", group=target.kind.group, resource=target.kind.plural)
        self._authorizer.require(user, asked, target.kind)
        return reviews.create(self._authorizer, user, target, request)

    def _answer(self, target: Target, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            raise _not_allowed()
        if target.subresource == "log":
            pod = self.store.get(POD, target.namespace, target.name)
            return Response(text=podlogs.read(self._logs, pod, request, self.now()))
        if target.subresource not in ("", "status"):
            raise _not_allowed()
        if request.param("watch") in ("true", "1"):
            return reads.watch(self.store, target, request, self.now())
        if target.name:
            return reads.get(self.store, target, request, self.now())
        return reads.listing(self.store, target, request, self.now())


def _asked(target: Target, request: Request) -> Attributes:
    verb = _VERBS.get(request.method, "get")
    if request.method == "DELETE":
        verb = "delete" if target.name else "deletecollection"
    elif verb == "get" and not target.subresource:
        if request.param("watch") in ("true", "1"):
            verb = "watch"
        elif not target.name:
            verb = "list"
    return Attributes(
        verb=verb, group=target.kind.group, resource=target.kind.plural, subresource=target.subresource,
        namespace=target.namespace, name=target.name,
    )  # fmt: skip


def _not_allowed() -> StatusError:
    return StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
