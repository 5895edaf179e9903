"""The kubelets of all nodes: pods from scheduled to ready, and containers that end and come back.

Delays are those of Kubernetes: a crashed container waits 10 s, doubled at each crash up to five
minutes, and starts afresh after ten minutes of running well; a readiness probe acts after its
period, its failure after ``failureThreshold`` periods.
"""

import random
from typing import Any

from labkit.clock import MINUTE, SECOND, Clock, Millis, parse_rfc3339, rfc3339
from labkit.kube.controllers.controller import Controller
from labkit.kube.events import Recorder
from labkit.kube.kinds import NODE, POD
from labkit.kube.runtime import Exit, Runtime
from labkit.kube.store import Object, Store

BACKOFF_FIRST: Millis = 10 * SECOND
BACKOFF_LIMIT: Millis = 5 * MINUTE
BACKOFF_RESET: Millis = 10 * MINUTE


class Kubelet(Controller):
    """Runs every pod that has a node."""

    kind = POD

    def __init__(self, store: Store, clock: Clock, events: Recorder, runtime: Runtime, seed: int) -> None:
        super().__init__(store, clock)
        self._events = events
        self._runtime = runtime
        self._random = random.Random(f"{seed}/kube/kubelet")
        self._addresses = 9
        self._known: set[str] = set()
        self._backoff: dict[str, Millis] = {}
        self._probing: set[str] = set()

    def reconcile(self, namespace: str, name: str) -> None:
        """Take up a pod that was bound to a node and is not known yet."""
        pod = self.store.get(POD, namespace, name)
        uid = pod["metadata"]["uid"]
        if pod["spec"].get("nodeName") and uid not in self._known:
            self._known.add(uid)
            self._admit(pod)

    def end(self, pod: Object, exit_: Exit) -> None:
        """A container's process ends for an outside cause (the kernel kills it, say)."""
        self._ended(pod["metadata"]["uid"], _key(pod), exit_)

    def recheck(self) -> None:
        """Causes changed: probe every running pod again, as its next probes would."""
        for pod in self.store.list(POD):
            if _running(pod) and pod["metadata"]["uid"] not in self._probing:
                self._probe_later(pod)

    # ── starting ──────────────────────────────────────────────────────────────────────────────

    def _admit(self, pod: Object) -> None:
        waiting = {"waiting": {"reason": "ContainerCreating"}}

        def change(pod: Object) -> None:
            now = rfc3339(self.clock.now)
            pod["status"] |= {"hostIP": self._host_ip(pod), "startTime": now, "containerStatuses": [
                _container_status(container, waiting) for container in pod["spec"]["containers"]
            ]}  # fmt: skip
            for type_ in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"):
                self._set(pod, type_, type_ == "Initialized", "ContainersNotReady")

        self.store.modify(POD, *_key(pod), change)
        uid, key = pod["metadata"]["uid"], _key(pod)
        self.clock.call_later(self._random.randint(2, 9) * SECOND, lambda: self._pulled(uid, key))

    def _pulled(self, uid: str, key: tuple[str, str]) -> None:
        pod = self._same(uid, key)
        if pod is None:
            return
        self._addresses += 1
        address = f"10.{40 + self._addresses // 250}.{self._addresses % 7}.{self._addresses % 250 + 1}"

        def change(pod: Object) -> None:
            pod["status"] |= {"podIP": address, "podIPs": [{"ip": address}]}
            self._set(pod, "PodReadyToStartContainers", True)

        image = pod["spec"]["containers"][0]["image"]
        self._tell(pod, "Normal", "Pulled", f'Container image "{image}" already present on machine')
        self.store.modify(POD, *key, change)
        self._start(uid, key)

    def _start(self, uid: str, key: tuple[str, str]) -> None:
        pod = self._same(uid, key)
        if pod is None:
            return
        container = pod["spec"]["containers"][0]["name"]

        def change(pod: Object) -> None:
            pod["status"]["phase"] = "Running"
            state = pod["status"]["containerStatuses"][0]
            state |= {"state": {"running": {"startedAt": rfc3339(self.clock.now)}}, "started": True}
            state["containerID"] = f"containerd://{self._random.getrandbits(256):064x}"

        pod = self.store.modify(POD, *key, change)
        self._tell(pod, "Normal", "Created", f"Created container: {container}")
        self._tell(pod, "Normal", "Started", f"Started container {container}")
        exit_ = self._runtime.started(pod, container)
        if exit_ is not None:
            self.clock.call_later(exit_.after, lambda: self._ended(uid, key, exit_))
        self._probe_later(pod)

    # ── ending ────────────────────────────────────────────────────────────────────────────────

    def _ended(self, uid: str, key: tuple[str, str], exit_: Exit) -> None:
        pod = self._same(uid, key)
        if pod is None or not _running(pod):
            return
        started = pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]
        ran = self.clock.now - parse_rfc3339(started)
        delay = BACKOFF_FIRST if ran > BACKOFF_RESET else self._backoff.get(uid, 0)
        self._backoff[uid] = min(BACKOFF_LIMIT, delay * 2 or BACKOFF_FIRST)
        first = delay == 0 or ran > BACKOFF_RESET
        self.store.modify(POD, *key, lambda pod: self._terminate(pod, exit_, started))
        if first:
            self.clock.call_later(SECOND, lambda: self._restart(uid, key))
        else:
            self._back_off(uid, key, delay)

    def _terminate(self, pod: Object, exit_: Exit, started: str) -> None:
        state = pod["status"]["containerStatuses"][0]
        terminated = {
            "exitCode": exit_.code, "reason": exit_.reason, "startedAt": started,
            "finishedAt": rfc3339(self.clock.now), "containerID": state["containerID"],
        }  # fmt: skip
        state |= {"state": {"terminated": terminated}, "ready": False, "started": False}
        self._set(pod, "Ready", False, "ContainersNotReady")
        self._set(pod, "ContainersReady", False, "ContainersNotReady")

    def _back_off(self, uid: str, key: tuple[str, str], delay: Millis) -> None:
        pod = self.store.get(POD, *key)
        container = pod["spec"]["containers"][0]["name"]
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        what = f"restarting failed container={container} pod={name}_{namespace}({uid})"
        waiting = {"reason": "CrashLoopBackOff", "message": f"back-off {_go_duration(delay)} {what}"}

        def change(pod: Object) -> None:
            state = pod["status"]["containerStatuses"][0]
            state |= {"lastState": state["state"], "state": {"waiting": waiting}}

        self._tell(self.store.modify(POD, *key, change), "Warning", "BackOff", f"Back-off {what}")
        self.clock.call_later(delay, lambda: self._restart(uid, key))

    def _restart(self, uid: str, key: tuple[str, str]) -> None:
        if self._same(uid, key) is None:
            return

        def change(pod: Object) -> None:
            state = pod["status"]["containerStatuses"][0]
            if "terminated" in state["state"]:
                state["lastState"] = state["state"]
            state["restartCount"] += 1

        self.store.modify(POD, *key, change)
        self._start(uid, key)

    # ── readiness ─────────────────────────────────────────────────────────────────────────────

    def _probe_later(self, pod: Object, failures: int = 0) -> None:
        probe = pod["spec"]["containers"][0].get("readinessProbe", {})
        period = probe.get("periodSeconds", 1) * SECOND if probe else SECOND
        delay = self._random.randrange(500, period + 500) if failures == 0 else period
        uid, key = pod["metadata"]["uid"], _key(pod)
        self._probing.add(uid)
        self.clock.call_later(delay, lambda: self._probe(uid, key, failures))

    def _probe(self, uid: str, key: tuple[str, str], failures: int) -> None:
        self._probing.discard(uid)
        pod = self._same(uid, key)
        if pod is None or not _running(pod):
            return
        container = pod["spec"]["containers"][0]
        result = self._runtime.probe(pod, container["name"])
        if result.ready:
            self._ready(key, True)
            return
        self._tell(pod, "Warning", "Unhealthy", result.message)
        threshold = container.get("readinessProbe", {}).get("failureThreshold", 1)
        if failures + 1 >= threshold:
            self._ready(key, False)
        self._probe_later(pod, failures + 1)

    def _ready(self, key: tuple[str, str], ready: bool) -> None:
        def change(pod: Object) -> None:
            pod["status"]["containerStatuses"][0]["ready"] = ready
            self._set(pod, "Ready", ready, "ContainersNotReady")
            self._set(pod, "ContainersReady", ready, "ContainersNotReady")

        self.store.modify(POD, *key, change)

    # ── helpers ───────────────────────────────────────────────────────────────────────────────

    def _same(self, uid: str, key: tuple[str, str]) -> Object | None:
        """The pod if it is still the one that was meant: a name may have been taken over."""
        pod = self.store.find(POD, *key)
        return pod if pod and pod["metadata"]["uid"] == uid else None

    def _set(self, pod: Object, type_: str, value: bool, reason: str = "") -> None:
        conditions = pod["status"].setdefault("conditions", [])
        status = "True" if value else "False"
        current = next((c for c in conditions if c["type"] == type_), None)
        if current and current["status"] == status:
            return
        names = ", ".join(c["name"] for c in pod["spec"]["containers"])
        why = {} if value else {"reason": reason, "message": f"containers with unready status: [{names}]"}
        new = {"type": type_, "status": status, "lastProbeTime": None,
               "lastTransitionTime": rfc3339(self.clock.now)} | why  # fmt: skip
        if current:
            conditions[conditions.index(current)] = new
        else:
            conditions.append(new)

    def _tell(self, pod: Object, type_: str, reason: str, message: str) -> None:
        self._events.record(pod, type_, reason, message, "kubelet", pod["spec"]["nodeName"])

    def _host_ip(self, pod: Object) -> str:
        node = self.store.get(NODE, "", pod["spec"]["nodeName"])
        return str(next(a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP"))


def _key(pod: Object) -> tuple[str, str]:
    return pod["metadata"]["namespace"], pod["metadata"]["name"]


def _running(pod: Object) -> bool:
    statuses = pod.get("status", {}).get("containerStatuses", ())
    return bool(statuses) and "running" in statuses[0]["state"]


def _container_status(container: Object, state: Object) -> dict[str, Any]:
    return {
        "name": container["name"], "image": container["image"], "imageID": "", "ready": False,
        "started": False, "restartCount": 0, "state": state, "lastState": {},
    }  # fmt: skip


def _go_duration(delay: Millis) -> str:
    """``5m0s``, ``40s``: Go's ``time.Duration`` for whole seconds below an hour."""
    minutes, seconds = divmod(delay // SECOND, 60)
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
