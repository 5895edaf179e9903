"""Role-based access control, evaluated from the Role and binding objects in the store.

Rules are those of kubernetes.io/docs/reference/access-authn-authz/rbac; messages those of
k8s.io/apiserver ``pkg/endpoints/handlers/responsewriters``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from labkit.kube.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING
from labkit.kube.request import User
from labkit.kube.status import StatusError
from labkit.kube.store import Object, Store

MASTERS = "system:masters"

EVERYBODY: tuple[dict[str, Any], ...] = (
    {"verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
     "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]},
    {"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]},
    {"verbs": ["get"], "nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/readyz",
                                           "/openapi", "/openapi/*", "/version", "/version/"]},
)  # fmt: skip
"""What Kubernetes' own ``system:basic-user`` and ``system:discovery`` grant to every user."""


@dataclass(frozen=True)
class Attributes:
    """What is asked for: a verb on a resource (or on a path), perhaps of one name."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def target(self) -> str:
        """The resource as rules name it: ``pods/log``."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


class Authorizer:
    """Answers whether a user may do something."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def allowed(self, user: User, asked: Attributes) -> bool:
        """Whether any rule that binds ``user`` in the asked namespace allows it."""
        if MASTERS in user.groups:
            return True
        return any(_matches(rule, asked) for rule in self.rules(user, asked.namespace))

    def rules(self, user: User, namespace: str) -> Iterator[dict[str, Any]]:
        """Every rule that binds ``user`` cluster-wide and in ``namespace``."""
        if MASTERS in user.groups:
            yield {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
            yield {"verbs": ["*"], "nonResourceURLs": ["*"]}
        yield from EVERYBODY
        for binding in self._store.list(CLUSTER_ROLE_BINDING):
            if _binds(binding, user):
                yield from self._rules_of(binding["roleRef"], "")
        for binding in self._store.list(ROLE_BINDING, namespace) if namespace else ():
            if _binds(binding, user):
                yield from self._rules_of(binding["roleRef"], namespace)

    def require(self, user: User, asked: Attributes) -> None:
        """403 in upstream's words unless ``user`` may do what is asked."""
        if not self.allowed(user, asked):
            raise forbidden(user, asked)

    def _rules_of(self, reference: dict[str, str], namespace: str) -> Iterator[dict[str, Any]]:
        if reference["kind"] == "ClusterRole":
            role = self._store.find(CLUSTER_ROLE, "", reference["name"])
        else:
            role = self._store.find(ROLE, namespace, reference["name"])
        yield from (role or {}).get("rules") or ()


def forbidden(user: User, asked: Attributes) -> StatusError:
    """403, as upstream words it: about the object itself, also where a subresource was asked for."""
    if asked.path:
        what = f'User "{user.name}" cannot {asked.verb} path "{asked.path}"'
        return StatusError(403, "Forbidden", f"forbidden: {what}", {})
    resource = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    where = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    about = f'{resource} "{asked.name}" is' if asked.name else f"{resource} is"
    message = (
        f'{about} forbidden: User "{user.name}" cannot {asked.verb} resource "{asked.target}" '
        f'in API group "{asked.group}" {where}'
    )
    details = {"name": asked.name, "group": asked.group, "kind": asked.resource}
    return StatusError(403, "Forbidden", message, {key: value for key, value in details.items() if value})


def _binds(binding: Object, user: User) -> bool:
    namespace = binding["metadata"].get("namespace", "")
    return any(_is(subject, user, namespace) for subject in binding.get("subjects") or ())


def _is(subject: dict[str, str], user: User, namespace: str) -> bool:
    if subject["kind"] == "User":
        return subject["name"] == user.name
    if subject["kind"] == "Group":
        return subject["name"] in user.groups
    if subject["kind"] != "ServiceAccount":
        return False
    return user.name == f"system:serviceaccount:{subject.get('namespace') or namespace}:{subject['name']}"


def _matches(rule: dict[str, Any], asked: Attributes) -> bool:
    if not _has(rule.get("verbs"), asked.verb):
        return False
    if asked.path:
        return any(_path(pattern, asked.path) for pattern in rule.get("nonResourceURLs") or ())
    names = rule.get("resourceNames") or ()
    return (
        _has(rule.get("apiGroups"), asked.group)
        and any(_resource(pattern, asked) for pattern in rule.get("resources") or ())
        and (not names or asked.name in names)
    )


def _has(allowed: list[str] | None, wanted: str) -> bool:
    return "*" in (allowed or ()) or wanted in (allowed or ())


def _resource(pattern: str, asked: Attributes) -> bool:
    return pattern in ("*", asked.target) or (bool(asked.subresource) and pattern == f"*/{asked.subresource}")


def _path(pattern: str, path: str) -> bool:
    return pattern in ("*", path) or (pattern.endswith("*") and path.startswith(pattern[:-1]))
