"""Cells of server-side tables, as kubectl prints them against a real API server."""

from typing import Any

import pytest

from labkit.clock import DAY, EPOCH, HOUR, MINUTE, SECOND, rfc3339
from labkit.kube import kinds, table
from labkit.kube.kinds import Kind
from labkit.kube.store import Object
from labkit.kube.table.columns import human

NOW = EPOCH + HOUR


def printed(kind: Kind, obj: Object) -> dict[str, Any]:
    rendered = table.render(kind, [obj], NOW)
    names = [column["name"] for column in rendered["columnDefinitions"]]
    return dict(zip(names, rendered["rows"][0]["cells"], strict=True))


def meta(**more: Any) -> Object:
    return {"name": "x", "namespace": "shop", "creationTimestamp": rfc3339(EPOCH)} | more


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-2, "<invalid>"), (0, "0s"), (119, "119s"), (120, "2m"), (150, "2m30s"), (600, "10m"), (10799, "179m"),
        (3 * 3600, "3h"), (3 * 3600 + 720, "3h12m"), (8 * 3600, "8h"), (47 * 3600, "47h"), (48 * 3600, "2d"),
        (51 * 3600, "2d3h"), (8 * 86400, "8d"), (729 * 86400, "729d"), (730 * 86400, "2y"), (9 * 365 * 86400, "9y"),
    ],
)  # fmt: skip
def test_ages(seconds: int, text: str) -> None:
    assert human(seconds) == text


def container(state: Object, **more: Any) -> Object:
    return {"name": "c", "state": state, "ready": "running" in state, "restartCount": 0, "lastState": {}} | more


RUN = {"running": {}}
GATED = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}


@pytest.mark.parametrize(
    ("status", "extra", "expected"),
    [
        ({}, {}, ("0/1", "Pending")),
        ({"phase": "Running", "containerStatuses": [container(RUN)]}, {}, ("1/1", "Running")),
        ({"phase": "Running", "containerStatuses": [container({"waiting": {"reason": "CrashLoopBackOff"}})]}, {},
         ("0/1", "CrashLoopBackOff")),
        ({"phase": "Running", "containerStatuses": [container({"terminated": {"exitCode": 137, "reason": "OOMKilled"}})]},
         {}, ("0/1", "OOMKilled")),
        ({"phase": "Running", "containerStatuses": [container({"terminated": {"exitCode": 3}})]}, {}, ("0/1", "ExitCode:3")),
        ({"phase": "Running", "containerStatuses": [container({"terminated": {"exitCode": 0, "signal": 9}})]}, {},
         ("0/1", "Signal:9")),
        ({"phase": "Failed", "reason": "Evicted"}, {}, ("0/1", "Evicted")),
        ({"phase": "Succeeded", "containerStatuses": [container({"terminated": {"exitCode": 0, "reason": "Completed"}})]},
         {}, ("0/1", "Completed")),
        ({"phase": "Running", "containerStatuses": [container({"terminated": {"exitCode": 0, "reason": "Completed"}}),
                                                    container(RUN)]}, {}, ("1/1", "NotReady")),
        ({"phase": "Pending", "conditions": [GATED]}, {}, ("0/1", "SchedulingGated")),
        ({"phase": "Pending", "initContainerStatuses": [container(RUN, name="i", ready=False)]},
         {"init": [{"name": "i"}, {"name": "j"}]}, ("0/1", "Init:0/2")),
        ({"phase": "Pending", "initContainerStatuses": [container({"terminated": {"exitCode": 1, "reason": "Error"}}, name="i")]},
         {"init": [{"name": "i"}]}, ("0/1", "Init:Error")),
        ({"phase": "Running", "initContainerStatuses": [container(RUN, name="i", started=True)],
          "containerStatuses": [container(RUN)]}, {"init": [{"name": "i", "restartPolicy": "Always"}]}, ("2/2", "Running")),
        ({"phase": "Running", "containerStatuses": [container(RUN)]}, {"deleted": rfc3339(NOW)}, ("1/1", "Terminating")),
        ({"phase": "Succeeded"}, {"deleted": rfc3339(NOW)}, ("0/1", "Succeeded")),
        ({"phase": "Running", "reason": "NodeLost"}, {"deleted": rfc3339(NOW)}, ("0/1", "Unknown")),
    ],
)  # fmt: skip
def test_ready_and_status_of_a_pod(status: Object, extra: Any, expected: tuple[str, str]) -> None:
    metadata = meta(deletionTimestamp=extra["deleted"]) if "deleted" in extra else meta()
    spec = {"containers": [{"name": "c"}], "initContainers": extra.get("init", [])}
    cells = printed(kinds.POD, {"metadata": metadata, "spec": spec, "status": status})
    assert (cells["Ready"], cells["Status"]) == expected


def test_restarts_say_when_the_last_one_was() -> None:
    ended = {"terminated": {"exitCode": 1, "finishedAt": rfc3339(NOW - 5 * MINUTE)}}
    status = {"phase": "Running", "containerStatuses": [container(RUN, restartCount=7, lastState=ended)]}
    pod = {"metadata": meta(), "spec": {"containers": [{"name": "c"}]}, "status": status}
    assert printed(kinds.POD, pod)["Restarts"] == "7 (5m ago)"


def test_a_node_says_what_it_knows() -> None:
    bare = printed(kinds.NODE, {"metadata": meta(), "spec": {"unschedulable": True}})
    assert (bare["Status"], bare["OS-Image"], bare["Roles"]) == ("Unknown,SchedulingDisabled", "<unknown>", "<none>")
    labels = {"node-role.kubernetes.io/worker": "", "kubernetes.io/role": "db"}
    lost = {"conditions": [{"type": "Ready", "status": "Unknown"}]}
    node = printed(kinds.NODE, {"metadata": meta(labels=labels), "spec": {}, "status": lost})
    assert (node["Status"], node["Roles"]) == ("NotReady", "db,worker")


@pytest.mark.parametrize(
    ("spec", "status", "external"),
    [
        ({"type": "ClusterIP", "clusterIP": "10.0.0.1"}, {}, "<none>"),
        ({"type": "ExternalName", "externalName": "db.example"}, {}, "db.example"),
        ({"type": "LoadBalancer"}, {}, "<pending>"),
        ({"type": "LoadBalancer"}, {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}, "1.2.3.4"),
        ({"type": "NodePort", "externalIPs": ["9.9.9.9"]}, {}, "9.9.9.9"),
    ],
)
def test_external_addresses_of_a_service(spec: Object, status: Object, external: str) -> None:
    assert printed(kinds.SERVICE, {"metadata": meta(), "spec": spec, "status": status})["External-IP"] == external


def test_an_event_of_a_series() -> None:
    event = {
        "metadata": meta(), "involvedObject": {"kind": "Pod", "name": "db-0"}, "reason": "Unhealthy", "type": "Warning",
        "eventTime": rfc3339(NOW - DAY, micros=True), "message": " probe failed\n", "reportingComponent": "kubelet",
        "series": {"count": 9, "lastObservedTime": rfc3339(NOW - 30 * SECOND, micros=True)},
    }  # fmt: skip
    cells = printed(kinds.EVENT, event)
    assert (cells["Last Seen"], cells["First Seen"], cells["Count"]) == ("30s", "24h", "9")
    assert (cells["Object"], cells["Source"], cells["Message"]) == ("pod/db-0", "kubelet", "probe failed")


def test_an_autoscaler_and_a_claim() -> None:
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 80}}}
    spec = {
        "scaleTargetRef": {"kind": "Deployment", "name": "api"},
        "minReplicas": 3,
        "maxReplicas": 20,
        "metrics": [cpu],
    }
    current = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 40}}}
    status = {"currentReplicas": 3, "currentMetrics": [current]}
    scaler = {"metadata": meta(), "spec": spec, "status": status}
    assert printed(kinds.HORIZONTAL_POD_AUTOSCALER, scaler)["Targets"] == "cpu: 40%/80%"
    assert printed(kinds.HORIZONTAL_POD_AUTOSCALER, scaler | {"status": {}})["Targets"] == "cpu: <unknown>/80%"
    bound = {"phase": "Bound", "capacity": {"storage": "8Gi"}, "accessModes": ["ReadWriteOnce"]}
    claim = {"metadata": meta(), "spec": {"volumeName": "pv-1", "storageClassName": "gp3"}, "status": bound}
    cells = printed(kinds.PERSISTENT_VOLUME_CLAIM, claim)
    assert (cells["Capacity"], cells["Access Modes"], cells["VolumeAttributesClass"]) == ("8Gi", "RWO", "<unset>")
