"""Pods: the columns that an operator reads first. STATUS follows upstream's ``printPod``."""

from labkit.clock import Millis
from labkit.kube.store import Object
from labkit.kube.table.columns import NONE, Column, Row, age, column, since

COLUMNS: tuple[Column, ...] = (
    column("Name", "name"), column("Ready"), column("Status"), column("Restarts"), column("Age"),
    column("IP", wide=True), column("Node", wide=True), column("Nominated Node", wide=True),
    column("Readiness Gates", wide=True),
)  # fmt: skip


def row(pod: Object, now: Millis) -> Row:
    """One pod."""
    spec, status = pod["spec"], pod.get("status", {})
    containers = status.get("containerStatuses", ())
    ready = sum(c["ready"] and "running" in c["state"] for c in containers)
    return [
        pod["metadata"]["name"], f"{ready}/{len(spec['containers'])}", _status(pod), _restarts(containers, now),
        age(pod, now), status.get("podIP", NONE), spec.get("nodeName", NONE),
        status.get("nominatedNodeName", NONE), NONE,
    ]  # fmt: skip


def _status(pod: Object) -> str:
    status = pod.get("status", {})
    reason = str(status.get("reason") or status.get("phase", "Unknown"))
    running = False
    for container in reversed(status.get("containerStatuses", ())):
        state = container["state"]
        if waiting := state.get("waiting", {}).get("reason"):
            reason = waiting
        elif terminated := state.get("terminated"):
            reason = terminated.get("reason") or f"ExitCode:{terminated['exitCode']}"
        elif container["ready"] and "running" in state:
            running = True
    if reason == "Completed" and running:
        reason = "Running"
    return "Terminating" if pod["metadata"].get("deletionTimestamp") else reason


def _restarts(containers: list[Object], now: Millis) -> str:
    count = sum(container["restartCount"] for container in containers)
    ends = [c.get("lastState", {}).get("terminated", {}).get("finishedAt") for c in containers]
    last = max((end for end in ends if end), default=None)
    return f"{count} ({since(last, now)} ago)" if count and last else str(count)
