"""Request paths: ``/api/v1/namespaces/NS/pods/NAME/log`` and its kin, taken apart.

As upstream, a path is understood before it is known whether there is such a resource: who may not
ask is told so, and not what exists (k8s.io/apiserver ``pkg/endpoints/request``).
"""

import re
from dataclasses import dataclass

from labkit.kube.discovery import REVIEWS
from labkit.kube.kinds import Kind, by_plural

_PATH = re.compile(
    r"^(?:/api/(?P<core>[^/]+)|/apis/(?P<group>[^/]+)/(?P<version>[^/]+))"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/(?!status$|finalize$)))?/(?P<plural>[^/]+)"
    r"(?:/(?P<name>[^/]+)(?:/(?P<subresource>[^/]+))?)?$"
)


@dataclass(frozen=True)
class Named:
    """What a path names, whether or not there is such a thing; all but ``plural`` may be empty."""

    group: str
    version: str
    plural: str
    namespace: str
    name: str
    subresource: str


@dataclass(frozen=True)
class Target:
    """What a path names, of a kind that is served; ``name`` and ``subresource`` may be empty."""

    kind: Kind
    namespace: str
    name: str
    subresource: str


def parse(path: str) -> Named | None:
    """What a resource path names, or ``None`` if it is no resource path."""
    match = _PATH.match(path)
    if not match:
        return None
    group, version = match["group"] or "", match["core"] or match["version"]
    namespace, name = match["namespace"] or "", match["name"] or ""
    if match["plural"] == "namespaces" and not group:
        # Upstream counts a Namespace as lying in itself, and says so in its refusals.
        namespace = name
    return Named(group, version, match["plural"], namespace, name, match["subresource"] or "")


def resolve(named: Named) -> Target | None:
    """The target of a path, or ``None`` if no such resource, scope or subresource is served."""
    key = (named.group, named.version, named.plural)
    kind = by_plural(*key) or next((k for k in REVIEWS if (k.group, k.version, k.plural) == key), None)
    if kind is None:
        return None
    namespace = named.namespace
    if not kind.namespaced:
        if namespace and (kind.plural != "namespaces" or namespace != named.name):
            return None
        namespace = ""
    elif named.name and not namespace:
        return None
    if named.subresource and named.subresource not in kind.subresources:
        return None
    return Target(kind, namespace, named.name, named.subresource)
