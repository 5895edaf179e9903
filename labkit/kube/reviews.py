"""The review APIs: may I, what may I, who am I."""

from typing import Any

import msgspec

from labkit.kube import protobuf, status
from labkit.kube.paths import Target
from labkit.kube.rbac import Attributes, Authorizer
from labkit.kube.request import Request, Response, User
from labkit.kube.status import StatusError


def create(authorizer: Authorizer, user: User, target: Target, request: Request) -> Response:
    """Answer a review; nothing is kept."""
    review = _body(request)
    spec = _mapping(review.get("spec"), "spec")
    if target.kind.plural == "selfsubjectaccessreviews":
        answer: dict[str, Any] = {"allowed": authorizer.allowed(user, _attributes(spec))}
    elif target.kind.plural == "selfsubjectrulesreviews":
        answer = _rules(authorizer, user, str(spec.get("namespace") or ""))
    else:
        answer = {"userInfo": {"username": user.name, "groups": list(user.groups)}}
    kind = target.kind
    body = {"kind": kind.name, "apiVersion": kind.api_version, "metadata": {}, "spec": spec, "status": answer}
    return Response(code=201, body=body)


def _body(request: Request) -> dict[str, Any]:
    media = request.content_type.partition(";")[0].strip()
    if media == "application/vnd.kubernetes.protobuf":
        return protobuf.decode(request.body)
    if media not in ("", "application/json"):
        raise StatusError(
            415,
            "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json, application/vnd.kubernetes.protobuf",
        )
    try:
        return msgspec.json.decode(request.body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise status.bad_request(f"the object provided is unrecognized: {error}") from error


def _attributes(spec: dict[str, Any]) -> Attributes:
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if (resource is None) == (path is None):
        raise StatusError(
            422,
            "Invalid",
            'SelfSubjectAccessReview.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: null: '
            "exactly one of nonResourceAttributes or resourceAttributes must be specified",
        )
    if path is not None:
        asked = _mapping(path, "spec.nonResourceAttributes")
        return Attributes(verb=str(asked.get("verb") or ""), path=str(asked.get("path") or ""))
    asked = _mapping(resource, "spec.resourceAttributes")
    names = ("verb", "group", "resource", "subresource", "namespace", "name")
    return Attributes(**{name: str(asked.get(name) or "") for name in names})


def _mapping(value: object, field: str) -> dict[str, Any]:
    if value is None or isinstance(value, dict):
        return value or {}
    raise status.bad_request(f"json: cannot unmarshal {type(value).__name__} into {field}")


def _rules(authorizer: Authorizer, user: User, namespace: str) -> dict[str, Any]:
    if not namespace:
        raise status.bad_request("no namespace on request")
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
