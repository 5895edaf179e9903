"""The Kubernetes manifests of LLM-Research-Lab, and their loader."""

from collections.abc import Iterator
from importlib import resources

import yaml

from labkit.errors import ManifestError
from labkit.kube.kinds import by_kind
from labkit.kube.store import Object, Store

FILES = ("cluster", "api", "worker", "kafka", "data", "training")


def apply(store: Store) -> None:
    """Create every object of the manifests in ``store``, in the order of the files."""
    for name in FILES:
        for document in _documents(name):
            _create(store, document, f"{name}.yaml")


def _documents(name: str) -> Iterator[Object]:
    text = (resources.files(__name__) / f"{name}.yaml").read_text(encoding="utf-8")
    for document in yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if document["kind"] == "NodePool":
            yield from _nodes(document["metadata"]["name"], document["spec"])
        else:
            yield from document.get("items", [document])


def _create(store: Store, document: Object, file: str) -> None:
    kind = by_kind(document["apiVersion"], document["kind"])
    if kind is None:
        raise ManifestError(
            f"no resource type {document['kind']} in {document['apiVersion']}",
            where=file,
            remedy="add it to labkit/kube/kinds.py",
        )
    store.create(kind, document)


def _nodes(prefix: str, spec: Object) -> Iterator[Object]:
    """One Node per zone and number, as the pool describes them."""
    for z, zone in enumerate(spec["zones"]):
        for number in range(1, spec["perZone"] + 1):
            yield _node(f"{prefix}-{zone}-{number}", f"{spec['region']}{zone}", f"10.0.{z * 32}.{10 + number}", spec)


def _node(name: str, zone: str, address: str, spec: Object) -> Object:
    conditions = [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "kubernetes.io/hostname": name,
                "topology.kubernetes.io/zone": zone, "topology.kubernetes.io/region": spec["region"],
                "node.kubernetes.io/instance-type": spec["instanceType"],
            },
        },
        "spec": {"providerID": f"aws:///{zone}/{name}"},
        "status": {
            "capacity": spec["capacity"], "allocatable": spec["allocatable"], "nodeInfo": spec["nodeInfo"],
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "conditions": [
                {"type": type_, "status": status, "reason": reason, "message": message}
                for type_, status, reason, message in conditions
            ],
        },
    }  # fmt: skip
