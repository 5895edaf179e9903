"""Services, Endpoints and Ingresses."""

from labkit.clock import Millis
from labkit.kube.store import Object
from labkit.kube.table.columns import NONE, Column, Row, age, column, labels

SERVICE: tuple[Column, ...] = (
    column("Name", "name"), column("Type"), column("Cluster-IP"), column("External-IP"), column("Port(s)"),
    column("Age"), column("Selector", wide=True),
)  # fmt: skip
ENDPOINTS: tuple[Column, ...] = (column("Name", "name"), column("Endpoints"), column("Age"))
INGRESS: tuple[Column, ...] = (
    column("Name", "name"), column("Class"), column("Hosts"), column("Address"), column("Ports"), column("Age"),
)  # fmt: skip

_SHOWN = 3
"""Addresses of an Endpoints object that are printed before ``+ n more...``."""


def service(obj: Object, now: Millis) -> Row:
    """One Service."""
    spec = obj["spec"]
    ports = ",".join(_port(port) for port in spec.get("ports", ())) or NONE
    return [
        obj["metadata"]["name"], spec.get("type", "ClusterIP"), spec.get("clusterIP", NONE), NONE, ports,
        age(obj, now), labels(spec.get("selector")),
    ]  # fmt: skip


def endpoints(obj: Object, now: Millis) -> Row:
    """One Endpoints object: its ready addresses."""
    ready = [
        f"{address['ip']}:{port['port']}"
        for subset in obj.get("subsets", ())
        for port in subset.get("ports", ())
        for address in subset.get("addresses", ())
    ]
    text = ",".join(ready[:_SHOWN]) + (f" + {len(ready) - _SHOWN} more..." if len(ready) > _SHOWN else "")
    return [obj["metadata"]["name"], text or NONE, age(obj, now)]


def ingress(obj: Object, now: Millis) -> Row:
    """One Ingress."""
    spec = obj["spec"]
    hosts = ",".join(rule.get("host", "*") for rule in spec.get("rules", ())) or "*"
    points = obj.get("status", {}).get("loadBalancer", {}).get("ingress", ())
    address = ",".join(point.get("hostname") or point.get("ip", "") for point in points)
    return [
        obj["metadata"]["name"], spec.get("ingressClassName", NONE), hosts, address,
        "80, 443" if spec.get("tls") else "80", age(obj, now),
    ]  # fmt: skip


def _port(port: Object) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node}/{port.get('protocol', 'TCP')}"
