"""Roles and their bindings."""

from labkit.clock import Millis
from labkit.kube.store import Object
from labkit.kube.table.columns import Column, Row, age, column

ROLE: tuple[Column, ...] = (column("Name", "name"), column("Created At"))
BINDING: tuple[Column, ...] = (
    column("Name", "name"), column("Role"), column("Age"), column("Users", wide=True), column("Groups", wide=True),
    column("ServiceAccounts", wide=True),
)  # fmt: skip


def role(obj: Object, now: Millis) -> Row:
    """One Role or ClusterRole."""
    return [obj["metadata"]["name"], obj["metadata"]["creationTimestamp"]]


def binding(obj: Object, now: Millis) -> Row:
    """One RoleBinding or ClusterRoleBinding."""
    reference, subjects = obj["roleRef"], obj.get("subjects") or []
    names = {
        kind: ", ".join(
            f"{s['namespace']}/{s['name']}" if kind == "ServiceAccount" else s["name"]
            for s in subjects
            if s["kind"] == kind
        )
        for kind in ("User", "Group", "ServiceAccount")
    }
    return [obj["metadata"]["name"], f"{reference['kind']}/{reference['name']}", age(obj, now), *names.values()]
