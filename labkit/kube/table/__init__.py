"""Server-side tables: what ``kubectl get`` prints, with upstream's columns.

``render(kind, objects, now)`` gives a ``Table`` (meta.k8s.io/v1). Columns are those of Kubernetes'
``pkg/printers/internalversion``; priority 1 shows with ``-o wide``.
"""

from collections.abc import Callable, Iterable
from typing import Any

from labkit.clock import Millis
from labkit.kube import kinds
from labkit.kube.kinds import Kind
from labkit.kube.store import Object
from labkit.kube.table import access, autoscaling, cluster, network, pods, storage, workloads
from labkit.kube.table.columns import Column, Row, age, column

Printer = tuple[tuple[Column, ...], Callable[[Object, Millis], Row]]


def _plain(obj: Object, now: Millis) -> Row:
    return [obj["metadata"]["name"], age(obj, now)]


PRINTERS: dict[Kind, Printer] = {
    kinds.POD: (pods.COLUMNS, pods.row),
    kinds.DEPLOYMENT: (workloads.DEPLOYMENT, workloads.deployment),
    kinds.REPLICA_SET: (workloads.REPLICA_SET, workloads.replica_set),
    kinds.STATEFUL_SET: (workloads.STATEFUL_SET, workloads.stateful_set),
    kinds.SERVICE: (network.SERVICE, network.service),
    kinds.ENDPOINTS: (network.ENDPOINTS, network.endpoints),
    kinds.INGRESS: (network.INGRESS, network.ingress),
    kinds.NODE: (cluster.NODE, cluster.node),
    kinds.NAMESPACE: (cluster.NAMESPACE, cluster.namespace),
    kinds.EVENT: (cluster.EVENT, cluster.event),
    kinds.LEASE: (cluster.LEASE, cluster.lease),
    kinds.CONFIG_MAP: (cluster.CONFIG_MAP, cluster.config_map),
    kinds.SECRET: (cluster.SECRET, cluster.secret),
    kinds.SERVICE_ACCOUNT: (cluster.SERVICE_ACCOUNT, cluster.service_account),
    kinds.PERSISTENT_VOLUME_CLAIM: (storage.CLAIM, storage.claim),
    kinds.HORIZONTAL_POD_AUTOSCALER: (autoscaling.COLUMNS, autoscaling.row),
    kinds.ROLE: (access.ROLE, access.role),
    kinds.CLUSTER_ROLE: (access.ROLE, access.role),
    kinds.ROLE_BINDING: (access.BINDING, access.binding),
    kinds.CLUSTER_ROLE_BINDING: (access.BINDING, access.binding),
}
DEFAULT: Printer = ((column("Name", "name"), column("Age")), _plain)


def render(kind: Kind, objects: Iterable[Object], now: Millis, include: str = "Metadata") -> dict[str, Any]:
    """A ``Table`` of ``objects``; ``include`` is ``Metadata``, ``Object`` or ``None`` (includeObject)."""
    columns, row = PRINTERS.get(kind, DEFAULT)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {},
        "columnDefinitions": [dict(definition) for definition in columns],
        "rows": [{"cells": row(obj, now), **_object(obj, include)} for obj in objects],
    }


def _object(obj: Object, include: str) -> dict[str, Any]:
    if include == "None":
        return {}
    if include == "Object":
        return {"object": obj}
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}
    return {"object": partial}
