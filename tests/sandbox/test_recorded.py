"""A recording that is served: real clients find the same faces, time stands still, nothing can be changed."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from labkit import control, endpoints
from labkit.clock import EPOCH, HOUR, MINUTE, SECOND
from labkit.errors import SandboxError
from labkit.kube.kinds import POD as POD_KIND
from labkit.kube.store import Store
from labkit.sandbox import lifecycle
from labkit.sandbox.options import Options
from labkit.sandbox.recorded.logs import RecordedLogs
from labkit.signals import dataset_writer
from labkit.signals.dataset_writer import About, Signals
from labkit.signals.labels import Labels
from labkit.signals.samples import SampleStore
from labkit.signals.streams import StreamStore

END = EPOCH + HOUR
SHOP = {"namespace": "shop"}
POD = {
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "till-0", "uid": "u-1", "resourceVersion": "77", "creationTimestamp": "2025-11-28T11:00:00Z", **SHOP},
    "spec": {"nodeName": "n", "containers": [{"name": "till", "image": "till:1"}]},
    "status": {
        "phase": "Running", "podIP": "10.0.0.1", "startTime": "2025-11-28T11:00:00Z",
        "containerStatuses": [{
            "name": "till", "ready": True, "restartCount": 1, "image": "till:1", "imageID": "", "containerID": "c://1",
            "state": {"running": {"startedAt": "2025-11-28T12:30:00Z"}},
            "lastState": {"terminated": {"startedAt": "2025-11-28T11:00:00Z", "finishedAt": "2025-11-28T12:29:00Z", "exitCode": 137, "reason": "OOMKilled"}},
        }],
    },
}  # fmt: skip
NAMESPACE = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": "shop", "resourceVersion": "5"},
    "status": {"phase": "Active"},
}
STRANGE = {"apiVersion": "example.com/v1", "kind": "Till", "metadata": {"name": "x"}}


RULES = """
groups:
- name: shop
  rules:
  - {record: 'shop:sales:rate5m', expr: 'rate(sales_total[5m])'}
  - {alert: NoRush, expr: 'rate(sales_total[5m]) < 1', for: 5m, labels: {severity: P3}, annotations: {summary: 'till {{ $labels.till }}'}}
"""
ROUTES = "route: {receiver: desk, group_wait: 10s}\nreceivers: [{name: desk}]\n"


def shop(folder):
    series, streams = SampleStore(), StreamStore()
    times = np.arange(EPOCH, END + 1, MINUTE, dtype=np.int64)
    series.append(Labels({"__name__": "sales_total", "till": "0"}.items()), times, np.arange(len(times), dtype=float))
    labels = {"pod": "till-0", "container": "till", **SHOP}
    for level, at, line in (
        ("info", 5, "first run"),
        ("info", 31, "second run"),
        ("error", 32, "no paper"),
        ("info", 33, "paper"),
    ):
        streams.write(Labels({**labels, "level": level}.items()), (EPOCH + at * MINUTE) * 1_000_000, line)
    about = About(name=folder.name, title="A shop", origin="us", licence="CC0-1.0", start=EPOCH, end=END)
    dataset_writer.write(
        folder,
        about,
        Signals(
            series=series,
            streams=streams,
            objects=[NAMESPACE, POD, STRANGE],
            rules={"shop.yaml": RULES},
            alertmanager=ROUTES,
        ),
    )
    return folder


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The home of a served recording, and the way to run a shell line in it."""
    root = tmp_path_factory.mktemp("recorded")
    home = root / "home"
    lifecycle.start(Options(home=home, recorded=shop(root / "datasets" / "shop")))
    environ = os.environ | endpoints.environment(home, endpoints.read(home))

    def run(line):
        return subprocess.run(
            ["bash", "-c", line], env=environ, cwd=root, capture_output=True, text=True, timeout=60, check=False
        )

    yield home, run
    lifecycle.stop(home)


def test_prometheus_answers_at_the_time_where_the_recording_ends(served):
    _, run = served
    answer = json.loads(run('curl -s "$PROMETHEUS_URL/api/v1/query?query=increase(sales_total\\[10m\\])"').stdout)
    ((time, value),) = (one["value"] for one in answer["data"]["result"])
    assert (time, float(value)) == (END / SECOND, pytest.approx(10, rel=0.2))


def test_its_rules_and_alerts_are_evaluated_over_it(served):
    _, run = served
    told = run('curl -s "$PROMETHEUS_URL/api/v1/query?query=shop:sales:rate5m"').stdout
    ((_, rate),) = (one["value"] for one in json.loads(told)["data"]["result"])
    assert float(rate) == pytest.approx(1 / 60)
    (alert,) = json.loads(run('curl -s "$PROMETHEUS_URL/api/v1/alerts"').stdout)["data"]["alerts"]
    assert (alert["state"], alert["annotations"]) == ("firing", {"summary": "till 0"})
    (group,) = json.loads(run('curl -s "$PROMETHEUS_URL/api/v1/rules"').stdout)["data"]["groups"]
    assert [rule["health"] for rule in group["rules"]] == ["ok", "ok"]
    (alert,) = json.loads(run('curl -s "$ALERTMANAGER_URL/api/v2/alerts"').stdout)
    assert (alert["labels"]["alertname"], alert["receivers"]) == ("NoRush", [{"name": "desk"}])


def test_no_silence_is_made_in_it(served):
    _, run = served
    silence = {
        "matchers": [{"name": "a", "value": "b", "isRegex": False}], "startsAt": "2025-11-28T13:00:00Z",
        "endsAt": "2035-11-28T14:00:00Z", "createdBy": "me", "comment": "c",
    }  # fmt: skip
    ask = "curl -s -w '%{http_code}' -H 'Content-Type: application/json' \"$ALERTMANAGER_URL/api/v2/silences\""
    told = run(f"{ask} -d '{json.dumps(silence)}'").stdout
    assert told.endswith("405")
    assert "nothing in it can be changed" in told


def test_logs_and_traces_have_their_faces(served):
    _, run = served
    line = """curl -sG "$LOKI_URL/loki/api/v1/query" --data-urlencode 'query=sum(count_over_time({pod="till-0"} |= "run" [2h]))'"""
    assert json.loads(run(line).stdout)["data"]["result"][0]["value"][1] == "2"
    assert json.loads(run('curl -s "$JAEGER_URL/api/services"').stdout)["data"] in ([], None)


def test_kubectl_reads_what_was_recorded(served):
    _, run = served
    assert run("kubectl get pods").stdout.splitlines()[1].split() == [
        "till-0",
        "1/1",
        "Running",
        "1",
        "(31m",
        "ago)",
        "120m",
    ]
    described = run("kubectl describe pod till-0").stdout
    assert "OOMKilled" in described
    assert "u-1" in run("kubectl get pod till-0 -o yaml").stdout
    assert run("kubectl logs till-0").stdout == "second run\nno paper\npaper\n"
    assert run("kubectl logs -p till-0").stdout == "first run\n"
    assert run("kubectl auth can-i get pods").stdout == "yes\n"


@pytest.mark.parametrize(
    "line", ["kubectl delete pod till-0", "kubectl label pod till-0 a=b", "kubectl create namespace other"]
)
def test_kubectl_changes_nothing(served, line):
    _, run = served
    ended = run(line)
    assert ended.returncode == 1
    assert "this is a recording: nothing in it can be changed" in ended.stderr


def test_no_command_runs_in_its_containers(served):
    _, run = served
    assert "no command runs in its containers" in run("kubectl exec till-0 -- ls").stderr


def test_its_time_stands_still_and_it_says_so(served):
    home, _ = served
    face = control.required(home)[1]
    assert (face.status().now, face.status().recorded, face.status().clock) == (END, "shop", "recorded")
    with pytest.raises(SandboxError, match="time stands still"):
        face.wait(MINUTE)
    for refused in (lambda: face.answer("a", "b"), lambda: face.check("exercise-1"), face.journal):
        with pytest.raises(SandboxError) as caught:
            refused()
        assert "labkit up" in caught.value.remedy


def test_the_command_line_and_the_shell_know_that_it_is_a_recording(served):
    home, run = served
    told = run(f"{sys.executable} -m labkit status").stdout
    assert "recording   shop, clock recorded, now 2025-11-28T13:00:00Z" in told
    assert "database" not in told
    variables = json.loads(run(f"{sys.executable} -m labkit env --json").stdout)
    assert variables["LABKIT_HOME"] == str(home)
    assert not {"DATABASE_URL", "RESEARCH_API_URL", "CURL_HOME"} & variables.keys()


CONNECT = """
import json, labkit
lab = labkit.connect()
said = {"recorded": lab.endpoints.recorded and lab.endpoints.recorded.name, "sales": float(lab.promql("sales_total").value[0]), "shown": repr(lab)}
try: lab.sql("SELECT 1")
except labkit.LabkitError as error: said["sql"] = error.what
print(json.dumps(said))
"""


def connect(folder, **environ):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LABKIT_")}
    return subprocess.run(
        [sys.executable, "-c", CONNECT],
        env=kept | environ,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_connecting_finds_the_recording_that_runs(served):
    home, _ = served
    said = json.loads(connect(home, LABKIT_HOME=str(home)).stdout)
    assert (said["recorded"], said["sales"], said["sql"]) == ("shop", 60.0, "there is no database in a recording")
    assert "recording shop" in said["shown"]


def test_a_target_is_served_for_the_notebook_that_connects(served, tmp_path):
    home, _ = served
    (tmp_path / "datasets").symlink_to(home.parent / "datasets")
    by_variable = connect(tmp_path, LABKIT_TARGET="recorded:shop")
    assert json.loads(by_variable.stdout)["recorded"] == "shop", by_variable.stderr
    (tmp_path / "labkit.toml").write_text('target = "recorded:shop"\n')
    assert json.loads(connect(tmp_path).stdout)["recorded"] == "shop"
    missing = connect(tmp_path, LABKIT_TARGET="recorded:none")
    assert "there is no recording 'none'" in missing.stderr


def test_a_damaged_recording_is_not_served(tmp_path):
    folder = shop(tmp_path / "shop")
    (folder / "series.parquet").write_bytes(b"PAR1")
    with pytest.raises(SandboxError, match=r"series.parquet: it has 4 bytes where"):
        lifecycle.start(Options(home=tmp_path / "home", recorded=folder))


def test_runs_are_told_apart_by_when_they_began():
    store, streams = Store(lambda: END, 0), StreamStore()
    store.restore(POD_KIND, POD)
    labels = Labels({"pod": "till-0", "container": "till", **SHOP}.items())
    for at in (29, 30, 31):
        streams.write(labels, (EPOCH + at * MINUTE) * 1_000_000, str(at))
    logs = RecordedLogs(streams, store)
    assert [line for _, line in logs.lines("shop", "till-0", "till")] == ["30", "31"]
    assert [line for _, line in logs.lines("shop", "till-0", "till", previous=True)] == ["29"]
