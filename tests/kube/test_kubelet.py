"""The kubelet's life cycles, against a runtime whose behaviour the test decides."""

import pytest

from labkit.clock import DAY, HOUR, MINUTE, SECOND, Clock
from labkit.kube.controllers.scheduler import Scheduler
from labkit.kube.controllers.workloads import Deployments, ReplicaSets, StatefulSets, is_ready
from labkit.kube.events import Recorder
from labkit.kube.kinds import DEPLOYMENT, EVENT, NODE, POD, REPLICA_SET, STATEFUL_SET
from labkit.kube.kubelet import Kubelet
from labkit.kube.runtime import Exit, Probe
from labkit.kube.store import Object, Store


class Behaviour:
    """A runtime with two switches."""

    def __init__(self) -> None:
        self.exit: Exit | None = None
        self.ready = True

    def started(self, pod: Object, container: str) -> Exit | None:
        return self.exit

    def probe(self, pod: Object, container: str) -> Probe:
        return Probe(self.ready, "Readiness probe failed: HTTP probe failed with statuscode: 503")


class Cluster:
    """A store with controllers and one kubelet."""

    def __init__(self, seed: int = 1) -> None:
        self.clock = Clock()
        self.store = Store(lambda: self.clock.now, seed)
        self.behaviour = Behaviour()
        events = Recorder(self.store, self.clock)
        self.kubelet = Kubelet(self.store, self.clock, events, self.behaviour, seed)
        Deployments(self.store, self.clock)
        ReplicaSets(self.store, self.clock)
        StatefulSets(self.store, self.clock)
        Scheduler(self.store, self.clock, events)
        for name in ("node-a-1", "node-b-1"):
            address = [{"type": "InternalIP", "address": "10.0.0.1"}]
            self.store.create(NODE, {"metadata": {"name": name}, "spec": {}, "status": {"addresses": address}})

    def run(self, duration: int) -> None:
        self.clock.advance(self.clock.now + duration)

    def pods(self) -> list[Object]:
        return self.store.list(POD, "shop")

    def events(self) -> dict[str, int]:
        return {event["reason"]: event["count"] for event in self.store.list(EVENT)}


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def workload(kind: str, replicas: int, **spec: object) -> Object:
    probe = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 10, "failureThreshold": 3}
    return {
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "web:1", "readinessProbe": probe}]},
            },
            **spec,
        },
    }  # fmt: skip


def test_a_deployment_reaches_its_replicas_spread_over_nodes(cluster: Cluster) -> None:
    cluster.store.create(DEPLOYMENT, workload("Deployment", 4))
    cluster.run(MINUTE)
    assert [is_ready(pod) for pod in cluster.pods()] == [True] * 4
    assert sorted(pod["spec"]["nodeName"] for pod in cluster.pods()) == ["node-a-1"] * 2 + ["node-b-1"] * 2
    status = cluster.store.get(DEPLOYMENT, "shop", "web")["status"]
    assert (status["readyReplicas"], status["availableReplicas"]) == (4, 4)
    assert "unavailableReplicas" not in status


def test_scaling_down_removes_the_unready_first(cluster: Cluster) -> None:
    cluster.store.create(DEPLOYMENT, workload("Deployment", 2))
    cluster.run(MINUTE)
    well = {pod["metadata"]["name"] for pod in cluster.pods()}
    cluster.behaviour.ready = False
    cluster.store.modify(DEPLOYMENT, "shop", "web", lambda d: d["spec"].update(replicas=3))
    cluster.run(SECOND)
    assert len(cluster.pods()) == 3
    cluster.store.modify(DEPLOYMENT, "shop", "web", lambda d: d["spec"].update(replicas=2))
    cluster.run(SECOND)
    assert {pod["metadata"]["name"] for pod in cluster.pods()} == well


def test_a_stateful_set_starts_its_pods_in_order(cluster: Cluster) -> None:
    cluster.behaviour.ready = False
    cluster.store.create(STATEFUL_SET, workload("StatefulSet", 3, serviceName="web"))
    cluster.run(MINUTE)
    assert [pod["metadata"]["name"] for pod in cluster.pods()] == ["web-0"]
    cluster.behaviour.ready = True
    cluster.run(2 * MINUTE)
    assert [pod["metadata"]["name"] for pod in cluster.pods()] == ["web-0", "web-1", "web-2"]
    starts = [pod["status"]["startTime"] for pod in cluster.pods()]
    assert starts == sorted(starts)


def test_a_crashing_container_backs_off_as_kubernetes_does(cluster: Cluster) -> None:
    cluster.behaviour.exit = Exit(after=SECOND, code=101)
    cluster.store.create(DEPLOYMENT, workload("Deployment", 1))
    delays: list[int] = []

    def observe(change: object) -> None:
        pod = cluster.pods()[0] if cluster.pods() else None
        state = pod and pod["status"].get("containerStatuses", [{}])[0].get("state", {})
        if state and "waiting" in state and state["waiting"]["reason"] == "CrashLoopBackOff":
            delays.append(state["waiting"]["message"].split()[1])  # type: ignore[arg-type]

    cluster.store.subscribe(observe)
    cluster.run(40 * MINUTE)
    assert list(dict.fromkeys(delays)) == ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s"]
    state = cluster.pods()[0]["status"]["containerStatuses"][0]
    assert state["lastState"]["terminated"]["exitCode"] == 101
    assert cluster.events()["BackOff"] == state["restartCount"]


def test_ten_good_minutes_forget_the_back_off(cluster: Cluster) -> None:
    cluster.store.create(DEPLOYMENT, workload("Deployment", 1))
    cluster.run(MINUTE)
    for _ in range(3):
        cluster.kubelet.end(cluster.pods()[0], Exit(after=0, code=137, reason="OOMKilled"))
        cluster.run(5 * SECOND)
        assert "running" in cluster.pods()[0]["status"]["containerStatuses"][0]["state"]
        cluster.run(11 * MINUTE)
    assert cluster.pods()[0]["status"]["containerStatuses"][0]["restartCount"] == 3
    assert "BackOff" not in cluster.events()


def test_readiness_is_lost_after_three_failures_and_comes_back_with_the_cause(cluster: Cluster) -> None:
    cluster.store.create(DEPLOYMENT, workload("Deployment", 1))
    cluster.run(MINUTE)
    cluster.behaviour.ready = False
    cluster.kubelet.recheck()
    cluster.run(15 * SECOND)
    assert is_ready(cluster.pods()[0]), "fewer than three failures"
    cluster.run(30 * SECOND)
    assert not is_ready(cluster.pods()[0])
    assert cluster.events()["Unhealthy"] >= 3
    cluster.behaviour.ready = True
    cluster.run(15 * SECOND)
    assert is_ready(cluster.pods()[0])


def test_events_are_limited_in_rate_and_forgotten_after_an_hour(cluster: Cluster) -> None:
    cluster.behaviour.ready = False
    cluster.store.create(DEPLOYMENT, workload("Deployment", 1))
    cluster.run(HOUR)
    # 25 in a burst, then one in five minutes, where the probe failed 360 times
    assert 25 < cluster.events()["Unhealthy"] < 45
    cluster.behaviour.ready = True
    cluster.run(DAY)
    assert cluster.events() == {}


def test_the_same_seed_gives_the_same_cluster() -> None:
    def history(seed: int) -> list[Object]:
        cluster = Cluster(seed)
        cluster.behaviour.exit = Exit(after=3 * SECOND, code=1)
        cluster.store.create(DEPLOYMENT, workload("Deployment", 3))
        cluster.run(HOUR)
        return [cluster.store.list(kind) for kind in (POD, REPLICA_SET, EVENT)]  # type: ignore[misc]

    assert history(5) == history(5)
    assert history(5) != history(6)
