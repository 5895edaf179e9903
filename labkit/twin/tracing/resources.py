"""The resource attributes of what reports spans (OpenTelemetry's semantic conventions: service, k8s, host, SDK)."""

from labkit.kube.store import Object
from labkit.signals.spans import Tag
from labkit.twin.tracing.sample import Resource

_PRODUCT: dict[str, Tag] = {
    "service.namespace": "llm-research-lab",
    "deployment.environment.name": "production",
    "telemetry.sdk.name": "opentelemetry",
}

INGRESS = Resource("ingress-nginx", "", {**_PRODUCT, "telemetry.sdk.language": "cpp"})
"""The ingress controller, which stands before the cluster's pods and is none of them."""


def resource(pod: Object) -> Resource:
    """What a pod's first container says of itself."""
    metadata, spec = pod["metadata"], pod["spec"]
    app = metadata["labels"]["app"]
    known = {
        "service.version": metadata["labels"].get("version"),
        "service.instance.id": metadata.get("uid"),
        "k8s.namespace.name": metadata["namespace"],
        "k8s.deployment.name": app,
        "k8s.pod.name": metadata["name"],
        "k8s.pod.uid": metadata.get("uid"),
        "k8s.pod.ip": pod["status"].get("podIP"),
        "k8s.node.name": spec.get("nodeName"),
        "k8s.container.name": spec["containers"][0]["name"],
        "host.name": metadata["name"],
    }
    attributes = {name: value for name, value in known.items() if value}
    return Resource(app, metadata["name"], {**_PRODUCT, "telemetry.sdk.language": "rust", **attributes})
