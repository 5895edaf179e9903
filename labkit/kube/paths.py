"""Request paths: ``/api/v1/namespaces/NS/pods/NAME/log`` and its kin, taken apart."""

import re
from dataclasses import dataclass

from labkit.kube.discovery import REVIEWS
from labkit.kube.kinds import Kind, by_plural

_PATH = re.compile(
    r"^(?:/api/(?P<core>v1)|/apis/(?P<group>[a-z0-9.-]+)/(?P<version>v[a-z0-9]+))"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/))?/(?P<plural>[a-z]+)"
    r"(?:/(?P<name>[^/]+)(?:/(?P<subresource>[a-z]+))?)?$"
)


@dataclass(frozen=True)
class Target:
    """What a path names; ``name`` and ``subresource`` may be empty."""

    kind: Kind
    namespace: str
    name: str
    subresource: str


def parse(path: str) -> Target | None:
    """The target of a resource path, or ``None`` if there is no such resource."""
    match = _PATH.match(path)
    if not match:
        return None
    group, version = match["group"] or "", match["core"] or match["version"]
    kind = by_plural(group, version, match["plural"]) or next(
        (k for k in REVIEWS if (k.group, k.version, k.plural) == (group, version, match["plural"])), None
    )
    if kind is None or (match["namespace"] and not kind.namespaced):
        return None
    if match["subresource"] and match["subresource"] not in kind.subresources:
        return None
    return Target(kind, match["namespace"] or "", match["name"] or "", match["subresource"] or "")
