"""kube-state-metrics: the objects of the Kubernetes API as numbers."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from labkit.clock import SECOND, parse_rfc3339
from labkit.kube import quantity
from labkit.kube.controllers.workloads import is_ready
from labkit.kube.kinds import DEPLOYMENT, NODE, POD, STATEFUL_SET
from labkit.kube.store import Object
from labkit.twin.exporters.family import Family, Sample, constant, series
from labkit.twin.exporters.targets import exporter
from labkit.twin.volumes import VOLUMES

if TYPE_CHECKING:
    from labkit.twin.system import System

METRICS = {
    "kube_pod_info": ("gauge", "The pod's node and addresses; always 1."),
    "kube_pod_status_phase": ("gauge", "The pod's phase."),
    "kube_pod_status_ready": ("gauge", "The pod's Ready condition."),
    "kube_pod_start_time": ("gauge", "When the kubelet took the pod up, Unix seconds."),
    "kube_pod_container_status_ready": ("gauge", "Whether the container is ready."),
    "kube_pod_container_status_running": ("gauge", "Whether the container runs."),
    "kube_pod_container_status_restarts_total": ("counter", "Restarts of the container."),
    "kube_pod_container_status_waiting_reason": ("gauge", "Why the container waits."),
    "kube_pod_container_status_last_terminated_reason": ("gauge", "Why the container's last process ended."),
    "kube_pod_container_status_last_terminated_exitcode": ("gauge", "The exit code of its last process."),
    "kube_pod_container_resource_limits": ("gauge", "Limits of the container by resource."),
    "kube_pod_container_resource_requests": ("gauge", "Requests of the container by resource."),
    "kube_deployment_spec_replicas": ("gauge", "Replicas wanted."),
    "kube_deployment_status_replicas_available": ("gauge", "Replicas available."),
    "kube_deployment_status_replicas_updated": ("gauge", "Replicas of the present template."),
    "kube_deployment_status_observed_generation": ("gauge", "The generation the controller has seen."),
    "kube_deployment_metadata_generation": ("gauge", "The generation of the object."),
    "kube_deployment_status_condition": ("gauge", "Conditions of the Deployment."),
    "kube_statefulset_replicas": ("gauge", "Replicas wanted."),
    "kube_statefulset_status_replicas_ready": ("gauge", "Replicas ready."),
    "kube_node_info": ("gauge", "The node's versions; always 1."),
    "kube_node_status_condition": ("gauge", "Conditions of the node."),
    "kube_node_status_allocatable": ("gauge", "What pods may use of the node, by resource."),
    "kube_persistentvolumeclaim_resource_requests_storage_bytes": ("gauge", "Bytes the claim asks for."),
}

PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
UNITS = {"cpu": "core", "memory": "byte", "ephemeral-storage": "byte", "pods": "integer"}
_JOB = exporter("kube-state-metrics")


def families(system: "System") -> Iterable[Family]:
    """Everything at once: it changes only with an object."""
    yield constant(_samples(system))


def _samples(system: "System") -> Iterator[Sample]:
    for pod in system.store.list(POD):
        yield from _pod(pod)
        for status in pod["status"].get("containerStatuses", ()):
            yield from _container(pod, status)
    for deployment in system.store.list(DEPLOYMENT):
        yield from _deployment(deployment)
    for owner in system.store.list(STATEFUL_SET):
        of = _of(owner, "statefulset")
        yield series("kube_statefulset_replicas", **of), owner["spec"]["replicas"]
        yield series("kube_statefulset_status_replicas_ready", **of), owner.get("status", {}).get("readyReplicas", 0)
    for node in system.store.list(NODE):
        yield from _node(node)
    for volume in VOLUMES:
        of = {**_JOB, "namespace": volume.namespace, "persistentvolumeclaim": volume.claim}
        yield series("kube_persistentvolumeclaim_resource_requests_storage_bytes", **of), volume.size


def _of(object_: Object, kind: str) -> dict[str, str]:
    metadata = object_["metadata"]
    return {**_JOB, "namespace": metadata["namespace"], kind: metadata["name"]}


def _pod(pod: Object) -> Iterator[Sample]:
    of, status = _of(pod, "pod"), pod["status"]
    node = pod["spec"].get("nodeName", "")
    info = {"node": node, "pod_ip": status.get("podIP", ""), "host_ip": status.get("hostIP", "")}
    yield series("kube_pod_info", **of, **info, uid=pod["metadata"]["uid"]), 1.0
    for phase in PHASES:
        yield series("kube_pod_status_phase", **of, phase=phase), float(phase == status["phase"])
    for condition in ("true", "false", "unknown"):
        truth = "true" if is_ready(pod) else "false"
        yield series("kube_pod_status_ready", **of, condition=condition), float(condition == truth)
    if start := status.get("startTime"):
        yield series("kube_pod_start_time", **of), parse_rfc3339(start) / SECOND


def _container(pod: Object, status: Object) -> Iterator[Sample]:
    of = {**_of(pod, "pod"), "container": status["name"]}
    yield series("kube_pod_container_status_ready", **of), float(status["ready"])
    yield series("kube_pod_container_status_running", **of), float("running" in status["state"])
    yield series("kube_pod_container_status_restarts_total", **of), status["restartCount"]
    if waiting := status["state"].get("waiting"):
        yield series("kube_pod_container_status_waiting_reason", **of, reason=waiting["reason"]), 1.0
    if ended := status["lastState"].get("terminated"):
        yield series("kube_pod_container_status_last_terminated_reason", **of, reason=ended["reason"]), 1.0
        yield series("kube_pod_container_status_last_terminated_exitcode", **of), ended["exitCode"]
    container = next(c for c in pod["spec"]["containers"] if c["name"] == status["name"])
    for what in ("limits", "requests"):
        for resource, amount in container.get("resources", {}).get(what, {}).items():
            labels = {**of, "node": pod["spec"].get("nodeName", ""), "resource": resource, "unit": UNITS[resource]}
            yield series(f"kube_pod_container_resource_{what}", **labels), quantity.parse(amount)


def _deployment(deployment: Object) -> Iterator[Sample]:
    of, status = _of(deployment, "deployment"), deployment.get("status", {})
    yield series("kube_deployment_spec_replicas", **of), deployment["spec"]["replicas"]
    yield series("kube_deployment_status_replicas_available", **of), status.get("availableReplicas", 0)
    yield series("kube_deployment_status_replicas_updated", **of), status.get("updatedReplicas", 0)
    yield series("kube_deployment_status_observed_generation", **of), status.get("observedGeneration", 0)
    yield series("kube_deployment_metadata_generation", **of), deployment["metadata"]["generation"]
    yield from _conditions("kube_deployment_status_condition", of, status)


def _node(node: Object) -> Iterator[Sample]:
    of = {**_JOB, "node": node["metadata"]["name"]}
    info = node["status"]["nodeInfo"]
    yield series("kube_node_info", **of, kubelet_version=info["kubeletVersion"], os_image=info["osImage"]), 1.0
    yield from _conditions("kube_node_status_condition", of, node["status"])
    for resource, amount in node["status"]["allocatable"].items():
        labels = {**of, "resource": resource.replace("-", "_"), "unit": UNITS[resource]}
        yield series("kube_node_status_allocatable", **labels), quantity.parse(amount)


def _conditions(name: str, of: dict[str, str], status: Object) -> Iterator[Sample]:
    for condition in status.get("conditions", ()):
        for value in ("true", "false", "unknown"):
            labels = {**of, "condition": condition["type"], "status": value}
            yield series(name, **labels), float(condition["status"].lower() == value)
