"""Nodes, namespaces, events, leases, ConfigMaps and Secrets."""

from labkit.clock import Millis
from labkit.kube.store import Object
from labkit.kube.table.columns import NONE, Column, Row, age, column, since

NODE: tuple[Column, ...] = (
    column("Name", "name"), column("Status"), column("Roles"), column("Age"), column("Version"),
    column("Internal-IP", wide=True), column("External-IP", wide=True), column("OS-Image", wide=True),
    column("Kernel-Version", wide=True), column("Container-Runtime", wide=True),
)  # fmt: skip
NAMESPACE: tuple[Column, ...] = (column("Name", "name"), column("Status"), column("Age"))
EVENT: tuple[Column, ...] = (
    column("Last Seen"), column("Type"), column("Reason"), column("Object"), column("Subobject", wide=True),
    column("Source", wide=True), column("Message"), column("First Seen", wide=True),
    column("Count", wide=True), column("Name", "name", wide=True),
)  # fmt: skip
LEASE: tuple[Column, ...] = (column("Name", "name"), column("Holder"), column("Age"))
CONFIG_MAP: tuple[Column, ...] = (column("Name", "name"), column("Data"), column("Age"))
SECRET: tuple[Column, ...] = (column("Name", "name"), column("Type"), column("Data"), column("Age"))

_ROLE = "node-role.kubernetes.io/"


def node(obj: Object, now: Millis) -> Row:
    """One Node."""
    status, info = obj["status"], obj["status"]["nodeInfo"]
    ready = next((c["status"] for c in status.get("conditions", ()) if c["type"] == "Ready"), "Unknown")
    state = {"True": "Ready", "False": "NotReady"}.get(ready, "Unknown")
    if obj["spec"].get("unschedulable"):
        state += ",SchedulingDisabled"
    roles = sorted(key.removeprefix(_ROLE) for key in obj["metadata"].get("labels", {}) if key.startswith(_ROLE))
    address = {a["type"]: a["address"] for a in status.get("addresses", ())}
    return [
        obj["metadata"]["name"], state, ",".join(roles) or NONE, age(obj, now), info["kubeletVersion"],
        address.get("InternalIP", NONE), address.get("ExternalIP", NONE), info["osImage"], info["kernelVersion"],
        info["containerRuntimeVersion"],
    ]  # fmt: skip


def namespace(obj: Object, now: Millis) -> Row:
    """One Namespace."""
    return [obj["metadata"]["name"], obj.get("status", {}).get("phase", "Active"), age(obj, now)]


def event(obj: Object, now: Millis) -> Row:
    """One Event."""
    about, source = obj["involvedObject"], obj.get("source", {})
    host = f", {source['host']}" if source.get("host") else ""
    return [
        since(obj.get("lastTimestamp"), now), obj["type"], obj["reason"], f"{about['kind'].lower()}/{about['name']}",
        about.get("fieldPath", ""), source.get("component", "") + host, obj["message"].strip(),
        since(obj.get("firstTimestamp"), now), obj.get("count", 1), obj["metadata"]["name"],
    ]  # fmt: skip


def lease(obj: Object, now: Millis) -> Row:
    """One Lease."""
    return [obj["metadata"]["name"], obj["spec"].get("holderIdentity", ""), age(obj, now)]


def config_map(obj: Object, now: Millis) -> Row:
    """One ConfigMap: how many keys."""
    return [obj["metadata"]["name"], str(len(obj.get("data", {}) or {})), age(obj, now)]


def secret(obj: Object, now: Millis) -> Row:
    """One Secret: its type and how many keys; never a value."""
    return [obj["metadata"]["name"], obj.get("type", "Opaque"), str(len(obj.get("data", {}) or {})), age(obj, now)]
