"""The review APIs: may I, what may I, who am I."""

from typing import Any

import msgspec

from labkit.kube import protobuf, status
from labkit.kube.paths import Target
from labkit.kube.rbac import Attributes, Authorizer
from labkit.kube.request import Request, Response, User


def create(authorizer: Authorizer, user: User, target: Target, request: Request) -> Response:
    """Answer a review; nothing is kept."""
    review = _body(request)
    spec = review.get("spec") or {}
    if target.kind.plural == "selfsubjectaccessreviews":
        answer: dict[str, Any] = {"allowed": authorizer.allowed(user, _attributes(spec))}
    elif target.kind.plural == "selfsubjectrulesreviews":
        answer = _rules(authorizer, user, spec.get("namespace", ""))
    else:
        answer = {"userInfo": {"username": user.name, "groups": list(user.groups)}}
    kind = target.kind
    body = {"kind": kind.name, "apiVersion": kind.api_version, "metadata": {}, "spec": spec, "status": answer}
    return Response(code=201, body=body)


def _body(request: Request) -> dict[str, Any]:
    if "protobuf" in request.content_type:
        return protobuf.decode(request.body)
    try:
        return msgspec.json.decode(request.body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise status.bad_request(f"the object provided is unrecognized: {error}") from error


def _attributes(spec: dict[str, Any]) -> Attributes:
    if path := spec.get("nonResourceAttributes"):
        return Attributes(verb=path.get("verb", ""), path=path.get("path", ""))
    asked = spec.get("resourceAttributes") or {}
    names = ("verb", "group", "resource", "subresource", "namespace", "name")
    return Attributes(**{name: asked.get(name, "") for name in names})


def _rules(authorizer: Authorizer, user: User, namespace: str) -> dict[str, Any]:
    rules = list(authorizer.rules(user, namespace))
    keys = ("verbs", "apiGroups", "resources", "resourceNames")
    return {
        "resourceRules": [{k: rule[k] for k in keys if rule.get(k)} for rule in rules if rule.get("resources")],
        "nonResourceRules": [
            {"verbs": rule["verbs"], "nonResourceURLs": rule["nonResourceURLs"]}
            for rule in rules
            if rule.get("nonResourceURLs")
        ],
        "incomplete": False,
    }
