"""The API server without HTTP: a user and a request in, a response or a ``Status`` error out."""

from collections.abc import Callable

from labkit.clock import Millis
from labkit.kube import discovery, podlogs, reads, reviews, selectors, status
from labkit.kube.kinds import POD
from labkit.kube.paths import Named, Target, parse, resolve
from labkit.kube.podlogs import Follower, LogSource
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
        named = parse(request.path)
        if named is None:
            self._authorizer.require(user, Attributes(verb=request.method.lower(), path=request.path))
            raise _unknown()
        # Before it is looked up: who may not ask does not learn what there is.
        self._authorizer.require(user, _asked(named, request))
        target = resolve(named)
        if target is None:
            raise _unknown()
        if target.kind in discovery.REVIEWS:
            if request.method != "POST":
                raise _not_allowed()
            return reviews.create(self._authorizer, user, target, request)
        return self._answer(target, request)

    def authorize_exec(
        self, user: User, namespace: str, pod: str, container: str | None, as_: Impersonation = NOBODY_ELSE
    ) -> tuple[Object, str]:
        """The pod and container in which ``user`` may run a command, or 403, 404, 400."""
        user = self.impersonated(user, as_)
        asked = Attributes(verb="create", resource="pods", subresource="exec", namespace=namespace, name=pod)
        self._authorizer.require(user, asked)
        return self._runnable(namespace, pod, container)

    def _runnable(self, namespace: str, pod: str, container: str | None) -> tuple[Object, str]:
        """The pod and its container, if a command can be run in it."""
        found = self.store.get(POD, namespace, pod)
        if not found["spec"].get("nodeName"):
            raise status.bad_request(f"pod {pod} does not have a host assigned")
        name = podlogs.container_of(found, container or "")
        statuses = {s["name"]: s["state"] for s in found.get("status", {}).get("containerStatuses", ())}
        if "running" not in statuses.get(name, {}):
            raise StatusError(
                500,
                "InternalError",
                f'Internal error occurred: unable to upgrade connection: container not found ("{name}")',
            )
        return found, name

    def follow(self, request: Request) -> Follower:
        """What goes on where the answer to a log request with ``follow=true`` ended."""
        named = parse(request.path)
        if named is None:
            raise _unknown()
        pod = self.store.get(POD, named.namespace, named.name)
        return Follower(self._logs, self.store, pod, podlogs.container_of(pod, request.param("container")))

    def impersonated(self, user: User, as_: Impersonation) -> User:
        """Whom ``user`` acts as by ``--as`` and ``--as-group``, which takes the impersonate verb."""
        whom, groups = as_
        if whom is None:
            if groups:
                raise StatusError(
                    500,
                    "InternalError",
                    f"Internal error occurred: requested {list(groups)} without impersonating a user",
                )
            return user
        kind, namespace, name = "users", "", whom
        if name.startswith("system:serviceaccount:") and name.count(":") == 3:
            _, _, namespace, name = name.split(":")
            kind = "serviceaccounts"
        asked = Attributes(verb="impersonate", resource=kind, namespace=namespace, name=name)
        self._authorizer.require(user, asked)
        for group in groups:
            self._authorizer.require(user, Attributes(verb="impersonate", resource="groups", name=group))
        if kind == "serviceaccounts" and not groups:
            groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
        always = "system:unauthenticated" if whom == "system:anonymous" else "system:authenticated"
        return User(whom, groups if always in groups else (*groups, always))

    def _answer(self, target: Target, request: Request) -> Response:
        if target.subresource == "exec":
            self._runnable(target.namespace, target.name, request.param("container") or None)
            raise status.bad_request("Upgrade request required")
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


def _asked(named: Named, request: Request) -> Attributes:
    verb = _VERBS.get(request.method, "get")
    if request.method == "DELETE":
        verb = "delete" if named.name else "deletecollection"
    elif verb == "get" and not named.subresource:
        if request.param("watch") in ("true", "1"):
            verb = "watch"
        elif not named.name:
            verb = "list"
    name = named.name
    if verb in ("list", "watch", "deletecollection") and not name:
        # A list of one name is a question about that name, so that resourceNames can grant it.
        name = selectors.only_name(request.param("fieldSelector"))
    return Attributes(
        verb=verb, group=named.group, resource=named.plural, subresource=named.subresource,
        namespace=named.namespace, name=name,
    )  # fmt: skip


def _unknown() -> StatusError:
    return StatusError(404, "NotFound", "the server could not find the requested resource")


def _not_allowed() -> StatusError:
    return StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
