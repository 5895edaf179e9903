"""Pods made from a template, with the defaults that users see in ``-o yaml`` and ``describe``."""

import hashlib

import msgspec

from labkit.kube.controllers.controller import owned_by
from labkit.kube.store import Object, copied

_SAFE = "bcdfghjklmnpqrstvwxz2456789"
_TOKEN_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105  (a path)

POD_DEFAULTS = {
    "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "terminationGracePeriodSeconds": 30,
    "schedulerName": "default-scheduler", "enableServiceLinks": True, "securityContext": {},
    "preemptionPolicy": "PreemptLowerPriority", "priority": 0, "serviceAccountName": "default",
}  # fmt: skip
TOLERATIONS = [
    {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for key in ("not-ready", "unreachable")
]
PROBE_DEFAULTS = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def template_hash(template: Object) -> str:
    """A stable ten-character hash of a pod template, in Kubernetes' safe alphabet."""
    digest = hashlib.sha256(msgspec.json.encode(template, order="deterministic")).digest()
    return "".join(_SAFE[byte % len(_SAFE)] for byte in digest[:10])


def new_pod(owner: Object, name: str, suffix: str) -> Object:
    """A pod of ``owner``'s template, named ``name``; ``suffix`` names its token volume."""
    template = owner["spec"]["template"]
    pod: Object = {"metadata": copied(template["metadata"]), "spec": copied(template["spec"])}
    pod["metadata"] |= {
        "name": name, "namespace": owner["metadata"]["namespace"], "ownerReferences": [owned_by(owner)],
    }  # fmt: skip
    spec = pod["spec"] = POD_DEFAULTS | pod["spec"]
    spec["serviceAccount"] = spec["serviceAccountName"]
    spec["tolerations"] = spec.get("tolerations", []) + TOLERATIONS
    volume = f"kube-api-access-{suffix}"
    spec["volumes"] = [*spec.get("volumes", []), _token_volume(volume)]
    spec["containers"] = [_container(container, volume) for container in spec["containers"]]
    pod["status"] = {"phase": "Pending", "qosClass": _qos(spec["containers"])}
    return pod


def _container(container: Object, volume: str) -> Object:
    mounts = [*container.get("volumeMounts", []), {"name": volume, "mountPath": _TOKEN_FOLDER, "readOnly": True}]
    filled: Object = {
        "imagePullPolicy": "IfNotPresent", "resources": {},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
    } | container | {"volumeMounts": mounts}  # fmt: skip
    for probe in ("livenessProbe", "readinessProbe"):
        if probe in filled:
            filled[probe] = PROBE_DEFAULTS | filled[probe]
    return filled


def _token_volume(name: str) -> Object:
    """The projected service-account token volume that the ServiceAccount admission plugin adds."""
    api_fields = {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "path": "namespace"}
    return {
        "name": name,
        "projected": {
            "defaultMode": 420,
            "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {"downwardAPI": {"items": [api_fields]}},
            ],
        },
    }


def _qos(containers: list[Object]) -> str:
    """The pod's QoS class by Kubernetes' rule over requests and limits."""
    resources = [container["resources"] for container in containers]
    if not any(r.get("requests") or r.get("limits") for r in resources):
        return "BestEffort"
    guaranteed = all(
        {"cpu", "memory"} <= set(r.get("limits", {})) and r.get("requests", r["limits"]) == r["limits"]
        for r in resources
    )
    return "Guaranteed" if guaranteed else "Burstable"
