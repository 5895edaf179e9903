"""Discovery: which groups, versions and resources there are, in the legacy and the aggregated form."""

from typing import Any

from labkit.kube.kinds import KINDS, READ, WRITE, Kind
from labkit.kube.request import Request, Response

AGGREGATED = "g=apidiscovery.k8s.io;v=v2"
_AGGREGATED_TYPE = f"application/json;{AGGREGATED};as=APIGroupDiscoveryList"
"""Clients tell the aggregated form by its content type alone."""

VERSION = {
    "major": "1", "minor": "36", "gitVersion": "v1.36.3", "gitCommit": "", "gitTreeState": "clean",
    "buildDate": "2025-11-12T00:00:00Z", "goVersion": "go1.25.3", "compiler": "gc", "platform": "linux/amd64",
}  # fmt: skip

REVIEWS: tuple[Kind, ...] = (
    Kind("authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", namespaced=False),
    Kind("authorization.k8s.io", "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", namespaced=False),
    Kind("authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", namespaced=False),
)
"""Virtual resources: they can be created, and are never kept."""

_SUBRESOURCES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "log": ("", "Pod", ("get",)),
    "exec": ("", "PodExecOptions", ("create", "get")),
    "scale": ("autoscaling/v1", "Scale", ("get", "patch", "update")),
    "status": ("", "", ("get", "patch", "update")),
}


def respond(request: Request) -> Response | None:
    """The answer to a discovery path, or ``None`` if the path is none."""
    path = request.path.rstrip("/") or "/"
    aggregated = AGGREGATED in request.accept
    if path == "/version":
        return Response(body=VERSION)
    if path in ("/api", "/apis") and aggregated:
        return Response(body=_aggregated(named=path == "/apis"), content_type=_AGGREGATED_TYPE)
    if path in ("/api", "/apis"):
        return Response(body=_api_versions() if path == "/api" else _group_list())
    for group, version in _group_versions():
        if path == (f"/apis/{group}/{version}" if group else f"/api/{version}"):
            return Response(body=_resource_list(group, version))
        if group and path == f"/apis/{group}":
            return Response(body=_group(group) | {"kind": "APIGroup", "apiVersion": "v1"})
    return None


def _group_versions() -> list[tuple[str, str]]:
    return sorted({(kind.group, kind.version) for kind in (*KINDS, *REVIEWS)})


def _api_versions() -> dict[str, Any]:
    address = [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": address}


def _group_list() -> dict[str, Any]:
    groups = [_group(group) for group, _ in _group_versions() if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def _group(group: str) -> dict[str, Any]:
    versions = [
        {"groupVersion": f"{group}/{version}", "version": version}
        for name, version in _group_versions()
        if name == group
    ]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _resource_list(group: str, version: str) -> dict[str, Any]:
    resources: list[dict[str, Any]] = []
    for kind in _kinds(group, version):
        resources.append(_resource(kind))
        for name in kind.subresources:
            _, other, verbs = _SUBRESOURCES[name]
            resources.append(
                {"name": f"{kind.plural}/{name}", "singularName": "", "namespaced": kind.namespaced,
                 "kind": other or kind.name, "verbs": list(verbs)}
            )  # fmt: skip
    return {
        "kind": "APIResourceList", "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version, "resources": resources,
    }  # fmt: skip


def _resource(kind: Kind) -> dict[str, Any]:
    return {
        "name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.name,
        "verbs": _verbs(kind), "shortNames": list(kind.short_names), "categories": list(kind.categories),
    }  # fmt: skip


def _verbs(kind: Kind) -> list[str]:
    return ["create"] if kind in REVIEWS else sorted((*READ, *WRITE))


def _kinds(group: str, version: str) -> list[Kind]:
    return [kind for kind in (*KINDS, *REVIEWS) if (kind.group, kind.version) == (group, version)]


def _aggregated(*, named: bool) -> dict[str, Any]:
    """``APIGroupDiscoveryList``: of the core group, or of all named ones."""
    items = []
    for group, version in _group_versions():
        if bool(group) == named:
            resources = [_aggregated_resource(kind) for kind in _kinds(group, version)]
            versions = [{"version": version, "freshness": "Current", "resources": resources}]
            items.append({"metadata": {"name": group} if group else {}, "versions": versions})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _aggregated_resource(kind: Kind) -> dict[str, Any]:
    return {
        "resource": kind.plural, "singularResource": kind.singular,
        "scope": "Namespaced" if kind.namespaced else "Cluster", "verbs": _verbs(kind),
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.name},
        "shortNames": list(kind.short_names), "categories": list(kind.categories),
        "subresources": [_aggregated_subresource(kind, name) for name in kind.subresources],
    }  # fmt: skip


def _aggregated_subresource(kind: Kind, name: str) -> dict[str, Any]:
    version, other, verbs = _SUBRESOURCES[name]
    group, _, number = version.rpartition("/")
    response = {"group": group, "version": number or kind.version, "kind": other or kind.name}
    return {"subresource": name, "verbs": list(verbs), "responseKind": response}
