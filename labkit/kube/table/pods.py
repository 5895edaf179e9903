"""Pods: the columns that an operator reads first. STATUS and RESTARTS follow upstream's ``printPod``."""

from dataclasses import dataclass

from labkit.clock import Millis
from labkit.kube.store import Object
from labkit.kube.table.columns import NONE, Column, Row, age, column, since

COLUMNS: tuple[Column, ...] = (
    column("Name", "name"), column("Ready"), column("Status"), column("Restarts"), column("Age"),
    column("IP", wide=True), column("Node", wide=True), column("Nominated Node", wide=True),
    column("Readiness Gates", wide=True),
)  # fmt: skip


@dataclass
class _Tally:
    """What the containers of a pod add up to; ``last`` is when one last ended, or ''."""

    reason: str
    ready: int = 0
    restarts: int = 0
    last: str = ""

    def count(self, container: Object) -> None:
        """Add a container's restarts."""
        self.restarts += container.get("restartCount", 0)
        ended = (container.get("lastState") or {}).get("terminated", {}).get("finishedAt", "")
        self.last = max(self.last, ended)


def row(pod: Object, now: Millis) -> Row:
    """One pod."""
    spec, status = pod["spec"], pod.get("status", {})
    tally = _tally(pod)
    total = len(spec["containers"]) + sum(map(_sidecar, spec.get("initContainers", ())))
    again = f"{tally.restarts} ({since(tally.last, now)} ago)" if tally.restarts and tally.last else str(tally.restarts)
    return [
        pod["metadata"]["name"], f"{tally.ready}/{total}", _terminating(pod) or tally.reason, again, age(pod, now),
        status.get("podIP") or NONE, spec.get("nodeName") or NONE, status.get("nominatedNodeName") or NONE,
        _gates(spec, status),
    ]  # fmt: skip


def _tally(pod: Object) -> _Tally:
    """Init containers first; the others count once these are through."""
    status = pod.get("status", {})
    tally = _Tally(str(status.get("reason") or status.get("phase") or "Pending"))
    if any(c.get("reason") == "SchedulingGated" for c in status.get("conditions", ()) if c["type"] == "PodScheduled"):
        tally.reason = "SchedulingGated"
    through = _initialise(pod, tally)
    if through or _condition(status, "Initialized"):
        _containers(pod, tally)
    return tally


def _initialise(pod: Object, tally: _Tally) -> bool:
    """Whether every init container is through; the first that is not gives the reason."""
    spec = {container["name"]: container for container in pod["spec"].get("initContainers", ())}
    for number, container in enumerate(pod.get("status", {}).get("initContainerStatuses", ())):
        tally.count(container)
        sidecar = _sidecar(spec.get(container["name"], {}))
        ended = container["state"].get("terminated")
        if ended and not ended["exitCode"]:
            continue
        if sidecar and container.get("started"):
            tally.ready += bool(container.get("ready"))
            continue
        waiting = container["state"].get("waiting", {}).get("reason", "PodInitializing")
        if ended:
            tally.reason = f"Init:{_ended(ended)}"
        else:
            tally.reason = f"Init:{number}/{len(spec)}" if waiting == "PodInitializing" else f"Init:{waiting}"
        return False
    return True


def _containers(pod: Object, tally: _Tally) -> None:
    status = pod.get("status", {})
    sidecars = {c["name"] for c in pod["spec"].get("initContainers", ()) if _sidecar(c)}
    tally.restarts, tally.last, running = 0, "", False
    for container in status.get("initContainerStatuses", ()):
        if container["name"] in sidecars:
            tally.count(container)
    for container in reversed(status.get("containerStatuses", ())):
        tally.count(container)
        state = container["state"]
        if waiting := state.get("waiting", {}).get("reason"):
            tally.reason = waiting
        elif ended := state.get("terminated"):
            tally.reason = _ended(ended)
        elif container.get("ready") and "running" in state:
            running = True
            tally.ready += 1
    if tally.reason == "Completed" and running:
        tally.reason = "Running" if _condition(status, "Ready") else "NotReady"


def _ended(terminated: Object) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    signal = terminated.get("signal")
    return f"Signal:{signal}" if signal else f"ExitCode:{terminated['exitCode']}"


def _terminating(pod: Object) -> str:
    """What a pod that is being deleted is called, or '' for any other."""
    status = pod.get("status", {})
    if not pod["metadata"].get("deletionTimestamp"):
        return ""
    if status.get("reason") == "NodeLost":
        return "Unknown"
    return "" if status.get("phase") in ("Succeeded", "Failed") else "Terminating"


def _sidecar(container: Object) -> bool:
    return container.get("restartPolicy") == "Always"


def _condition(status: Object, type_: str) -> bool:
    return any(c["type"] == type_ and c["status"] == "True" for c in status.get("conditions", ()))


def _gates(spec: Object, status: Object) -> str:
    gates = [gate["conditionType"] for gate in spec.get("readinessGates", ())]
    return f"{sum(_condition(status, gate) for gate in gates)}/{len(gates)}" if gates else NONE
