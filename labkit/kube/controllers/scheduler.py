"""The scheduler: gives each new pod a node, spreading the pods of one owner."""

from labkit.clock import Clock, rfc3339
from labkit.kube.controllers.controller import Controller
from labkit.kube.events import Recorder
from labkit.kube.kinds import NODE, POD
from labkit.kube.store import Object, Store


class Scheduler(Controller):
    """Binds pending pods to the node with the fewest pods, those of the same owner first."""

    kind = POD

    def __init__(self, store: Store, clock: Clock, events: Recorder) -> None:
        super().__init__(store, clock)
        self._events = events

    def reconcile(self, namespace: str, name: str) -> None:
        """Bind the pod if it has no node yet."""
        pod = self.store.get(POD, namespace, name)
        if pod["spec"].get("nodeName"):
            return
        nodes = [node for node in self.store.list(NODE) if not node["spec"].get("unschedulable")]
        if not nodes:
            self._events.record(pod, "Warning", "FailedScheduling", "0/0 nodes are available.", "default-scheduler")
            return
        node = min(nodes, key=lambda node: self._load(node, pod))["metadata"]["name"]
        self.store.modify(POD, namespace, name, lambda p: self._bind(p, node))
        self._events.record(
            pod, "Normal", "Scheduled", f"Successfully assigned {namespace}/{name} to {node}", "default-scheduler"
        )

    def _bind(self, pod: Object, node: str) -> None:
        pod["spec"]["nodeName"] = node
        pod["status"]["conditions"] = [
            {"type": "PodScheduled", "status": "True", "lastProbeTime": None,
             "lastTransitionTime": rfc3339(self.clock.now)}
        ]  # fmt: skip

    def _load(self, node: Object, pod: Object) -> tuple[int, int, str]:
        name = node["metadata"]["name"]
        here = [p for p in self.store.list(POD) if p["spec"].get("nodeName") == name]
        app = pod["metadata"].get("labels", {}).get("app")
        return sum(p["metadata"].get("labels", {}).get("app") == app for p in here), len(here), name
