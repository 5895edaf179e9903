"""Deployments, ReplicaSets and StatefulSets."""

from labkit.clock import Millis
from labkit.kube.store import Object
from labkit.kube.table.columns import NONE, Column, Row, age, column, images

_WIDE = (column("Containers", wide=True), column("Images", wide=True))

DEPLOYMENT: tuple[Column, ...] = (
    column("Name", "name"), column("Ready"), column("Up-to-date"), column("Available"), column("Age"),
    *_WIDE, column("Selector", wide=True),
)  # fmt: skip
REPLICA_SET: tuple[Column, ...] = (
    column("Name", "name"), column("Desired", type_="integer"), column("Current", type_="integer"),
    column("Ready", type_="integer"), column("Age"), *_WIDE, column("Selector", wide=True),
)  # fmt: skip
STATEFUL_SET: tuple[Column, ...] = (column("Name", "name"), column("Ready"), column("Age"), *_WIDE)


def deployment(obj: Object, now: Millis) -> Row:
    """One Deployment."""
    status, wanted = obj.get("status", {}), obj["spec"].get("replicas", 1)
    return [
        obj["metadata"]["name"], f"{status.get('readyReplicas', 0)}/{wanted}", str(status.get("updatedReplicas", 0)),
        str(status.get("availableReplicas", 0)), age(obj, now), *images(obj["spec"]["template"]), _selector(obj),
    ]  # fmt: skip


def replica_set(obj: Object, now: Millis) -> Row:
    """One ReplicaSet."""
    status = obj.get("status", {})
    return [
        obj["metadata"]["name"], obj["spec"].get("replicas", 1), status.get("replicas", 0), status.get("readyReplicas", 0),
        age(obj, now), *images(obj["spec"]["template"]), _selector(obj),
    ]  # fmt: skip


def stateful_set(obj: Object, now: Millis) -> Row:
    """One StatefulSet."""
    ready = f"{obj.get('status', {}).get('readyReplicas', 0)}/{obj['spec'].get('replicas', 1)}"
    return [obj["metadata"]["name"], ready, age(obj, now), *images(obj["spec"]["template"])]


def _selector(obj: Object) -> str:
    """As ``FormatLabelSelector``: labels and expressions, in the order of their keys."""
    selector = obj["spec"].get("selector", {})
    parts = [(key, f"{key}={value}") for key, value in (selector.get("matchLabels") or {}).items()]
    parts += [(entry["key"], _expression(entry)) for entry in selector.get("matchExpressions") or ()]
    return ",".join(text for _, text in sorted(parts)) or NONE


def _expression(entry: Object) -> str:
    key, operator = entry["key"], entry["operator"]
    if operator in ("Exists", "DoesNotExist"):
        return key if operator == "Exists" else f"!{key}"
    return f"{key} {operator.lower()} ({','.join(sorted(entry.get('values', ())))})"
