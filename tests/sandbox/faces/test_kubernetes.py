"""The Kubernetes face, driven by the real kubectl: what an operator types, and what must come back."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

PROD, DATA = "-n llm-research-lab-prod", "-n llm-research-lab-data"
OLD = shutil.which("kubectl", path="/usr/bin:/usr/local/bin")

READS = [
    # command, a pattern that standard output must match
    ("config use-context llm-research-lab-prod", r'Switched to context "llm-research-lab-prod"'),
    ("config view --minify -o jsonpath={..namespace}", r"^llm-research-lab-prod$"),
    (f"get pods {PROD}", r"NAME +READY +STATUS +RESTARTS +AGE\n(.*1/1 +Running +.*\n){10}"),
    (
        f"get pods {DATA} -o wide",
        r"NAME .*IP +NODE +NOMINATED NODE +READINESS GATES\n(.*10\.\d+.*node-[abc]-[12].*\n){3}",
    ),
    ("get pods -l app=kafka", r"kafka-0.*\nkafka-1.*\nkafka-2.*\n"),
    ("get pods -l 'app in (kafka,none),app!=x' -o name", r"^pod/kafka-0\npod/kafka-1\npod/kafka-2\n$"),
    ("get pods --field-selector metadata.name=kafka-1 -o name", r"^pod/kafka-1\n$"),
    ("get pod kafka-0 -o jsonpath={.status.phase}", r"^Running$"),
    ("get pods -o yaml", r"(?s)^apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod"),
    ("get pods --sort-by=.metadata.name -o custom-columns=N:.metadata.name", r"^N\nexperiment-worker"),
    ("get pods --chunk-size=2 -o name", r"^(pod/.*\n){10}$"),
    ("get svc", r"llm-research-api +ClusterIP +10\.100\.14\.201 +<none> +80/TCP,9090/TCP"),
    (
        "get deploy -o wide",
        r"NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR\nexperiment-worker +4/4",
    ),
    ("get deploy,rs,sts", r"(?s)deployment.apps/.*replicaset.apps/.*statefulset.apps/kafka +3/3"),
    ("get nodes", r"NAME +STATUS +ROLES +AGE +VERSION\n(node-[abc]-[12] +Ready +<none> +\d+d +v1\.36\.3\n){6}"),
    ("get endpoints llm-research-api", r":8080.*\+ 3 more\.\.\."),
    ("get ingress", r"nginx +api\.llm-research-lab\.company\.com .* 80, 443"),
    ("get ns", r"llm-research-lab-data +Active"),
    (
        "describe pod kafka-0",
        r"(?s)Name: +kafka-0.*Controlled By: +StatefulSet/kafka.*Readiness: +tcp-socket :9092.*Ready +True",
    ),
    ("describe deployment llm-research-api", r"(?s)Replicas: +3 desired \| 3 updated \| 3 total \| 3 available"),
    ("describe node node-a-1", r"(?s)Ready +True +.*KubeletReady.*Kubelet Version: +v1\.36\.3"),
    ("logs deployment/llm-research-api --tail=2", r'^(\{"timestamp".*\}\n){2}$'),
    ("logs -l app=kafka --tail=1 --prefix --timestamps", r"(\[pod/kafka-\d/kafka\] \d{4}-.*Kafka Server started\n){3}"),
    ("logs kafka-0 --since=1s", r"^$"),
    ("auth can-i list pods", r"^yes\n$"),
    ("auth can-i create pods/kafka-0 --subresource=exec", r"^yes\n$"),
    ("auth can-i get pods/log", r"^yes\n$"),
    ("auth whoami", r"Username +trainee\nGroups +\[llm-research-lab:training system:authenticated\]"),
    ("auth can-i --list", r"pods/exec +\[\] +\[kafka-0\] +\[get create\]"),
    ("api-resources --api-group=apps", r"deployments +deploy +apps/v1 +true +Deployment"),
    ("version", r"Server Version: v1\.36\.3"),
    ("rollout status deployment/llm-research-api", r"successfully rolled out"),
    ("wait --for=condition=Ready pod/kafka-0 --timeout=5s", r"pod/kafka-0 condition met"),
]

REFUSALS = [
    # command, exit status, a pattern that standard error must match
    ("get pod nope", 1, r'Error from server \(NotFound\): pods "nope" not found'),
    (
        "get pods -n nope",
        1,
        r'pods is forbidden: User "trainee" cannot list resource "pods" in API group "" in the namespace "nope"',
    ),
    ("get foos", 1, r"the server doesn't have a resource type \"foos\""),
    ("get pods --nope", 1, r"unknown flag: --nope"),
    ("get pods --context nope", 1, r"context was not found for specified context: nope"),
    ("get pods -l 'a=(b'", 1, r"unable to parse requirement"),
    ("get secrets", 1, r"Forbidden"),
    ("delete pod kafka-0", 1, r'pods "kafka-0" is forbidden: User "trainee" cannot delete resource "pods"'),
    (
        "scale deployment llm-research-api --replicas=0",
        1,
        r'cannot patch resource "deployments/scale" in API group "apps"',
    ),
    ("create configmap x", 1, r"configmaps is forbidden: User \"trainee\" cannot create resource"),
    ("get pods --as=system:admin", 1, r'cannot impersonate resource "users"'),
    ("logs kafka-0 --previous", 1, r'previous terminated container "kafka" in pod "kafka-0" not found'),
    ("logs kafka-0 -c nope", 1, r"container nope is not valid for pod kafka-0"),
    ("exec kafka-1 -- env", 1, r'pods "kafka-1" is forbidden: User "trainee" cannot create resource "pods/exec"'),
    ("exec nope -- env", 1, r'pods "nope" not found'),
    ("exec kafka-0 -- nope", 1, r'exec: "nope": executable file not found in \$PATH'),
    ("exec kafka-0 -- kafka-topics.sh --nope", 1, r"nope is not a recognized option"),
    (f"exec {DATA} postgres-0 -- psql -U postgres -c 'SELEC 1'", 1, r'syntax error at or near "SELEC"'),
    (f"exec {DATA} postgres-0 -- psql -U postgres -d nope -c 'SELECT 1'", 2, r'database "nope" does not exist'),
]


@pytest.mark.parametrize(("command", "pattern"), READS)
def test_kubectl_reads(healthy: Run, command: str, pattern: str) -> None:
    done = healthy(f"kubectl {command}")
    assert done.returncode == 0, done.stderr
    assert re.search(pattern, done.stdout), done.stdout


@pytest.mark.parametrize(("command", "code", "pattern"), REFUSALS)
def test_kubectl_is_refused_in_upstreams_words(healthy: Run, command: str, code: int, pattern: str) -> None:
    done = healthy(f"kubectl {command}")
    assert done.returncode == code
    assert re.search(pattern, done.stderr), done.stderr


def test_exec_carries_streams_and_exit_status(healthy: Run) -> None:
    done = healthy(f"kubectl exec -i {DATA} postgres-0 -- psql -U postgres -tA", stdin="SELECT 40 + 2;\n")
    assert (done.returncode, done.stdout) == (0, "42\n")
    assert (
        healthy(f"kubectl exec {DATA} postgres-0 -- psql -U postgres -tAc 'SELECT current_user'").stdout == "trainee\n"
    )


def test_a_wrong_token_is_unauthorized(healthy: Run) -> None:
    done = healthy("kubectl get pods --token=forged")
    assert done.returncode == 1
    assert "Unauthorized" in done.stderr


def test_get_watch_streams_a_table(healthy: Run) -> None:
    done = healthy("timeout 2 kubectl get pods -w")
    assert done.stdout.count("Running") == 10


def test_a_wait_that_cannot_end_ends_by_its_timeout(start: Callable[[str], Run]) -> None:
    run = start("api-not-ready")
    done = run("timeout 20 kubectl rollout status deployment/llm-research-api --timeout=2s")
    assert done.returncode == 1
    assert "timed out" in done.stderr


def test_a_crash_loop_looks_as_it_does_in_production(start: Callable[[str], Run]) -> None:
    run = start("worker-crash-loop")
    pods = json.loads(run("kubectl get pods -l app=experiment-worker -o json").stdout)["items"]
    [bad] = [pod["metadata"]["name"] for pod in pods if not pod["status"]["containerStatuses"][0]["ready"]]
    assert re.search(rf"{bad} +0/1 +(CrashLoopBackOff|Error|Running) +\d+ \(\w+ ago\)", run("kubectl get pods").stdout)
    described = run(f"kubectl describe pod {bad}").stdout
    assert "Exit Code:    101" in described
    assert "Back-off restarting failed container" in described
    assert "corrupt checkpoint" in run(f"kubectl logs {bad} --previous").stdout
    assert "BackOff" in run("kubectl get events").stdout


@pytest.mark.skipif(OLD is None, reason="no kubectl on this machine's own PATH")
@pytest.mark.parametrize("command", ["get pods", "describe pod kafka-0", "logs kafka-0", "auth can-i list pods"])
def test_the_kubectl_of_this_machine_works_too(healthy: Run, command: str) -> None:
    done = healthy(f"{OLD} {command}")
    assert done.returncode == 0, done.stderr
