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
"""Addresses or hosts that are printed before ``+ n more...``."""


def service(obj: Object, now: Millis) -> Row:
    """One Service."""
    spec = obj["spec"]
    ports = ",".join(_port(port) for port in spec.get("ports", ())) or NONE
    return [
        obj["metadata"]["name"], spec.get("type", "ClusterIP"), spec.get("clusterIP") or NONE, _external(obj), ports,
        age(obj, now), labels(spec.get("selector")),
    ]  # fmt: skip


def _external(service: Object) -> str:
    """External addresses, as upstream's ``getServiceExternalIP``."""
    spec = service["spec"]
    own = list(spec.get("externalIPs", ()))
    match spec.get("type", "ClusterIP"):
        case "ExternalName":
            return str(spec.get("externalName", ""))
        case "LoadBalancer":
            return ",".join([*_points(service), *own]) or "<pending>"
        case _:
            return ",".join(own) or NONE


def _points(obj: Object) -> list[str]:
    """The addresses of a load balancer, in order."""
    points = obj.get("status", {}).get("loadBalancer", {}).get("ingress") or ()
    return sorted({point.get("ip") or point.get("hostname", "") for point in points} - {""})


def endpoints(obj: Object, now: Millis) -> Row:
    """One Endpoints object: its ready addresses."""
    ready = [
        address["ip"] + port
        for subset in obj.get("subsets") or ()
        for port in [f":{port['port']}" for port in subset.get("ports") or ()] or [""]
        for address in subset.get("addresses") or ()
    ]
    return [obj["metadata"]["name"], _some(ready, len(ready)) if obj.get("subsets") else NONE, age(obj, now)]


def ingress(obj: Object, now: Millis) -> Row:
    """One Ingress."""
    spec = obj["spec"]
    rules = spec.get("rules") or ()
    hosts = _some([rule["host"] for rule in rules if rule.get("host")], len(rules)) or "*"
    return [
        obj["metadata"]["name"], spec.get("ingressClassName") or NONE, hosts, ",".join(_points(obj)),
        "80, 443" if spec.get("tls") else "80", age(obj, now),
    ]  # fmt: skip


def _some(shown: list[str], count: int) -> str:
    """The first three, and how many of ``count`` are left out."""
    more = f" + {count - _SHOWN} more..." if len(shown) > _SHOWN else ""
    return ",".join(shown[:_SHOWN]) + more


def _port(port: Object) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node}/{port.get('protocol', 'TCP')}"
