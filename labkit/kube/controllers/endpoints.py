"""Endpoints: the addresses of the ready pods behind each Service."""

from labkit.clock import Clock
from labkit.kube.controllers.controller import Controller
from labkit.kube.controllers.workloads import is_ready
from labkit.kube.kinds import ENDPOINTS, POD, SERVICE
from labkit.kube.store import Change, Object, Store


class EndpointsController(Controller):
    """Keeps one Endpoints object per Service with a selector."""

    kind = SERVICE

    def __init__(self, store: Store, clock: Clock) -> None:
        super().__init__(store, clock)
        store.subscribe(self._observe_pods)

    def reconcile(self, namespace: str, name: str) -> None:
        """Write the addresses of the pods that the Service selects."""
        service = self.store.get(SERVICE, namespace, name)
        pods = [pod for pod in self._selected(service) if pod.get("status", {}).get("podIP")]
        subset = {
            "addresses": [_address(pod) for pod in pods if is_ready(pod)],
            "notReadyAddresses": [_address(pod) for pod in pods if not is_ready(pod)],
            "ports": [_port(port) for port in service["spec"].get("ports", ())],
        }
        subsets = [{key: value for key, value in subset.items() if value}] if pods else []
        if self.store.find(ENDPOINTS, namespace, name):
            self.store.modify(ENDPOINTS, namespace, name, lambda e: e.update(subsets=subsets))
        else:
            self.store.create(ENDPOINTS, {"metadata": {"name": name, "namespace": namespace}, "subsets": subsets})

    def _observe_pods(self, change: Change) -> None:
        if change.kind == POD:
            for service in self.store.list(SERVICE, change.object["metadata"]["namespace"]):
                if _selects(service, change.object):
                    self.enqueue(service["metadata"]["namespace"], service["metadata"]["name"])

    def _selected(self, service: Object) -> list[Object]:
        return [pod for pod in self.store.list(POD, service["metadata"]["namespace"]) if _selects(service, pod)]


def _selects(service: Object, pod: Object) -> bool:
    selector = service["spec"].get("selector")
    return bool(selector) and selector.items() <= pod["metadata"].get("labels", {}).items()


def _address(pod: Object) -> Object:
    metadata = pod["metadata"]
    target = {"kind": "Pod", "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"]}
    return {"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": target}


def _port(port: Object) -> Object:
    return {"name": port.get("name", ""), "port": port.get("targetPort", port["port"]), "protocol": "TCP"}
