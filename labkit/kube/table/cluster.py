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
UNKNOWN = "<unknown>"
SERVICE_ACCOUNT: tuple[Column, ...] = (column("Name", "name"), column("Secrets"), column("Age"))


def node(obj: Object, now: Millis) -> Row:
    """One Node."""
    status = obj.get("status", {})
    info = status.get("nodeInfo", {})
    ready = next((c["status"] for c in status.get("conditions", ()) if c["type"] == "Ready"), None)
    state = "Unknown" if ready is None else "Ready" if ready == "True" else "NotReady"
    if obj.get("spec", {}).get("unschedulable"):
        state += ",SchedulingDisabled"
    roles = _roles(obj["metadata"].get("labels", {}))
    address = {a["type"]: a["address"] for a in status.get("addresses", ())}
    return [
        obj["metadata"]["name"], state, ",".join(roles) or NONE, age(obj, now), info.get("kubeletVersion", ""),
        address.get("InternalIP", NONE), address.get("ExternalIP", NONE), info.get("osImage", UNKNOWN),
        info.get("kernelVersion", UNKNOWN), info.get("containerRuntimeVersion", UNKNOWN),
    ]  # fmt: skip


def _roles(labels: dict[str, str]) -> list[str]:
    """From labels ``node-role.kubernetes.io/<role>`` and ``kubernetes.io/role=<role>``."""
    roles = {key.removeprefix(_ROLE) for key in labels if key.startswith(_ROLE)}
    return sorted((roles | {labels.get("kubernetes.io/role", "")}) - {""})


def namespace(obj: Object, now: Millis) -> Row:
    """One Namespace."""
    return [obj["metadata"]["name"], obj.get("status", {}).get("phase", "Active"), age(obj, now)]


def event(obj: Object, now: Millis) -> Row:
    """One Event; a series tells when it was last seen and how often."""
    about, series = obj["involvedObject"], obj.get("series") or {}
    source = obj.get("source") or {}
    first = obj.get("firstTimestamp") or obj.get("eventTime")
    last = series.get("lastObservedTime") or obj.get("lastTimestamp") or first
    kind, name = about.get("kind", "").lower(), about.get("name", "")
    who = source.get("component") or obj.get("reportingComponent", "")
    host = source.get("host") or obj.get("reportingInstance", "")
    return [
        since(last, now), obj.get("type", ""), obj.get("reason", ""), f"{kind}/{name}" if name else kind,
        about.get("fieldPath", ""), f"{who}, {host}" if host else who, obj.get("message", "").strip(),
        since(first, now), str(series.get("count") or obj.get("count") or 1), obj["metadata"]["name"],
    ]  # fmt: skip


def service_account(obj: Object, now: Millis) -> Row:
    """One ServiceAccount."""
    return [obj["metadata"]["name"], str(len(obj.get("secrets") or ())), age(obj, now)]


def lease(obj: Object, now: Millis) -> Row:
    """One Lease."""
    return [obj["metadata"]["name"], obj["spec"].get("holderIdentity", ""), age(obj, now)]


def config_map(obj: Object, now: Millis) -> Row:
    """One ConfigMap: how many keys."""
    return [obj["metadata"]["name"], str(len(obj.get("data", {}) or {})), age(obj, now)]


def secret(obj: Object, now: Millis) -> Row:
    """One Secret: its type and how many keys; never a value."""
    return [obj["metadata"]["name"], obj.get("type", "Opaque"), str(len(obj.get("data", {}) or {})), age(obj, now)]
