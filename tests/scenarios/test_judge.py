"""The judge: points for what was looked at and found, whatever the spelling, with reasons."""

import base64
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.clock import EPOCH, SECOND
from labkit.errors import ManifestError
from labkit.journal import Entry
from labkit.scenarios import evidence, rubric, verdict
from labkit.scenarios.judge import judge

RUBRIC = rubric.load(Path(__file__).parents[2] / "source" / "exercise-1" / "rubric.toml")
PROD, DATA = "llm-research-lab-prod", "llm-research-lab-data"
POD = "experiment-worker-7c9d8b6f5d-x2k4p"
HEALTHY = {"scenario": "healthy", "component": "none", "object": None}
CRASH = {"scenario": "worker-crash-loop", "component": "experiment-worker", "object": POD}
API = {"scenario": "api-not-ready", "component": "llm-research-api", "object": "llm-research-api"}
POSTGRES = {"scenario": "postgres-refusing", "component": "postgresql", "object": "postgres-0"}
TOPIC = {"scenario": "topic-missing", "component": "kafka", "object": "metrics-events"}
RESTART = {"scenario": "pod-restarted", "component": "experiment-worker", "object": POD}

Step = tuple[dict[str, Any], dict[str, Any]]


def get(path: str, code: int = 200, **query: str) -> Step:
    return {"type": "kube.request", "method": "GET", "path": path, "query": list(query.items())}, {"code": code}


def pods(namespace: str, code: int = 200, **query: str) -> Step:
    return get(f"/api/v1/namespaces/{namespace}/pods", code, **query)


def health(probe: str = "ready", code: int = 200, host: str = evidence.API_HOST) -> Step:
    return {"type": "http.request", "method": "GET", "path": f"/health/{probe}", "host": host}, {"code": code}


def run(pod: str, *command: str, status: int = 0, stdout: str = "ok", stderr: str = "", typed: str = "") -> Step:
    action = {
        "type": "kube.exec",
        "namespace": DATA if pod == "postgres-0" else PROD,
        "pod": pod,
        "command": list(command),
        "stdin": base64.b64encode(typed.encode()).decode(),
    }
    return action, {"exit": status, "stdout": stdout, "stderr": stderr}


def psql(**result: Any) -> Step:
    return run("postgres-0", "psql", "-U", "postgres", "-c", "SELECT 1", **result)


def topics(*arguments: str, **result: Any) -> Step:
    return run("kafka-0", "kafka-topics.sh", "--bootstrap-server", "localhost:9092", *arguments, **result)


def answer(question: str, value: Any) -> Step:
    return {"type": "lab.answer", "question": question, "value": value}, {}


def report(**answers: Any) -> list[Step]:
    return [answer(question, value) for question, value in answers.items()]


def journal(*steps: Step) -> list[Entry]:
    return [
        Entry(seq=index, time=EPOCH + index * SECOND, actor="trainee", face="any", action=action, outcome=outcome)
        for index, (action, outcome) in enumerate(steps)
    ]


REFUSED = 'psql: error: connection to server on socket "/tmp/.s.PGSQL.5432" failed: Connection refused'
BROKER = "kafka-0.kafka:9092 (id: 0 rack: zone-a) -> (\n\tProduce(0): 0 to 11 [usable: 11]\n)\n"
VERSIONS = run("kafka-0", "kafka-broker-api-versions.sh", "--bootstrap-server", "localhost:9092", stdout=BROKER)
ABSENT = "Error while executing topic command : Topic 'Optional[{}]' does not exist as expected\n"
DESCRIBED = "Topic: {0}\tTopicId: x\tPartitionCount: 1\n\tTopic: {0}\tPartition: 0\tLeader: 0\n"
NO_RELATION = 'ERROR:  relation "experiment" does not exist\nLINE 1: SELECT COUNT(*) FROM experiment'
NAMED = "echo psql kafka-broker-api-versions.sh kafka-topics.sh --list curl /health/ready /health/live 200"
UNREACHED = 'connection failed: connection to server at "127.0.0.1", port 5432 failed: Connection refused'


def sql(**outcome: Any) -> Step:
    return {"type": "sql.statement", "sql": "select 1"}, outcome


CHECKS = [pods(PROD), pods(DATA), health(), health("live"), psql(), VERSIONS, topics("--list")]
FINE = report(state="healthy", component="none", object="none", decision="close", severity="none")


def fault(component: str, name: str, severity: str, state: str = "degraded") -> list[Step]:
    details = f"{name} is failing since this morning"
    return report(
        state=state, component=component, object=name, decision="escalate", severity=severity, details=details
    )


def points(truth: dict[str, Any], *steps: Step) -> dict[str, float]:
    return {step.name: step.points for step in judge(journal(*steps), truth, RUBRIC).steps}


def looked(step: str, *steps: Step, truth: dict[str, Any] = HEALTHY) -> float:
    return points(truth, *steps)[step]


@pytest.mark.parametrize(
    ("truth", "checks", "told"),
    [
        (HEALTHY, CHECKS, FINE),
        (CRASH, CHECKS, fault("experiment-worker", POD, "P3")),
        (API, [*CHECKS, health(code=503)], fault("llm-research-api", "llm-research-api", "P0")),
        (API, CHECKS, fault("api", "llm-research-api-5d4f-abcde", "P0")),
        (
            POSTGRES,
            [*CHECKS[:4], psql(status=2, stdout="", stderr=REFUSED), *CHECKS[5:]],
            fault("PostgreSQL", "pod/postgres-0", "p0"),
        ),
        (TOPIC, CHECKS, fault("kafka", "metrics-events", "P3")),
        (TOPIC | {"object": "experiments"}, CHECKS, fault("kafka", "experiments", "P1")),
        (RESTART, CHECKS, fault("experiment-worker", POD, "P4")),
    ],
)
def test_full_marks_for_every_scenario(truth: dict[str, Any], checks: list[Step], told: list[Step]) -> None:
    given_verdict = judge(journal(*checks, *told), truth, RUBRIC)
    assert list(given_verdict.losses()) == []
    assert given_verdict.points == given_verdict.out_of == 20


@pytest.mark.parametrize(
    ("step", "done", "expected"),
    [
        ("pods", [get("/api/v1/pods")], 3),
        ("pods", [pods(PROD, limit="500")], 1.5),
        ("pods", [pods(PROD, labelSelector="app=kafka"), pods(DATA)], 2.25),
        ("pods", [pods(PROD, code=403), pods(DATA)], 1.5),
        ("pods", [pods("default"), pods("llm-research-lab-prdo", code=404)], 0),
        ("pods", [get(f"/api/v1/namespaces/{PROD}/pods/{POD}")], 0),
        ("pods", [get(f"/apis/apps/v1/namespaces/{PROD}/deployments")], 0),
        ("restarts", [get("/api/v1/pods")], 1),
        ("api", [health()], 2),
        ("api", [health(code=503), health("live")], 3),
        ("api", [health(code=404)], 0),
        ("api", [health(host="api.example.com")], 0),
        ("api", [run("kafka-0", "curl", "http://llm-research-api/health/ready", stdout='{"status":"ok"} 200')], 0),
        ("api", [run("kafka-0", *NAMED.split(), stdout=NAMED)], 0),
        ("api", [get(f"/api/v1/namespaces/{PROD}/services/llm-research-api/proxy/health/ready")], 0),
        ("database", [run("kafka-0", *NAMED.split(), stdout=NAMED)], 0),
        ("database", [run("postgres-0", "sh", "-c", "psql -c 'select count(*) from experiments'")], 0),
        ("database", [run("postgres-0", "bash", typed="psql -U postgres\nselect 1;\n", stdout=" 1")], 0),
        ("database", [run("postgres-0", "/usr/bin/psql", "-c", "select 1", stdout=" 1")], 2),
        ("database", [run("kafka-0", "psql", "-c", "select 1", stdout=" 1")], 0),
        ("database", [sql(rows=1)], 2),
        ("database", [sql(role="trainee")], 2),
        ("database", [sql(error='syntax error at or near "connection refused"')], 2),
        ("database", [sql(error=UNREACHED)], 0),
        ("database", [sql(error="server closed the connection unexpectedly\n\tThis probably means")], 0),
        ("database", [run("postgres-0", "pg_isready", "-q", stdout="")], 1),
        ("database", [run("postgres-0", "pg_isready", stdout="/var/run/postgresql:5432 - accepting connections")], 1),
        ("database", [run("postgres-0", "pg_isready", "--vers", stdout="pg_isready (PostgreSQL) 18")], 0),
        ("database", [run("postgres-0", "psql", "--version")], 0),
        ("database", [run("postgres-0", "psql", typed="selec 1;", stdout="", stderr="ERROR:  syntax error")], 2),
        ("database", [psql(status=2, stdout="", stderr=REFUSED)], 0),
        ("database", [psql(status=1, stdout="", stderr=NO_RELATION)], 2),
        ("database", [psql(status=1, stdout=" 1\n(1 row)\n", stderr=NO_RELATION)], 2),
        ("database", [psql(status=3, stdout="", stderr=f"psql:<stdin>:1: {NO_RELATION}")], 2),
        ("database", [psql(status=1, stdout="", stderr='psql: error: invalid value "\nERROR:  x" for -U')], 0),
        ("kafka", [VERSIONS], 1.5),
        ("kafka", [run("kafka-0", *NAMED.split(), stdout=NAMED)], 0),
        ("kafka", [run("kafka-0", "kafka-broker-api-versions.sh", "--version=x", stdout="3.9.0 (Commit:x)\n")], 0),
        ("kafka", [run("postgres-0", "kafka-topics.sh", "--list")], 0),
        ("kafka", [run("kafka-1", "/opt/kafka/bin/kafka-topics.sh", "--describe", stdout="")], 1.5),
        ("kafka", [topics("--list")], 1.5),
        ("kafka", [topics("--list", "--exclude-internal")], 1.5),
        ("kafka", [topics("--list", "--version", stdout="3.9.0")], 0),
        ("kafka", [topics("--describe", "--unavailable-partitions", stdout="")], 0),
        ("kafka", [topics("--describe", "--under-replicated-partitions", "--topic", "experiments", stdout="")], 0),
        (
            "kafka",
            [topics("--describe", "--at-min-isr-partitions", stdout=DESCRIBED.format("experiments"))],
            0.5,
        ),
        ("kafka", [topics("--list", "--topic", "metrics.*|experiments", stdout="\n")], 0),
        ("kafka", [topics("--list", "--topic", "exp.*", stdout="experiment-results\nexperiments\n")], 1),
        ("kafka", [topics("--list", "--topic", "metrics-events", stdout="\n")], 0.5),
        ("kafka", [topics("--describe", "--topic", "experiments", stdout=DESCRIBED.format("experiments"))], 0.5),
        (
            "kafka",
            [topics("--describe", "--topic=metrics-events", status=1, stdout=ABSENT.format("metrics-events"))],
            0.5,
        ),
        ("kafka", [topics("--describe", "--topic", "experiments", status=1, stdout=ABSENT.format("x"))], 0),
        ("kafka", [topics("--describe", "--topic", "experiments", status=1, stderr="x does not exist")], 0),
        ("kafka", [topics("--list", status=1, stdout="", stderr="Connection to node -1 could not be established")], 0),
        ("kafka", [topics("--help")], 0),
        (
            "kafka",
            [({"type": "kube.exec", "pod": "kafka-1", "command": ["kafka-topics.sh", "--list"]}, {"code": 403})],
            0,
        ),
    ],
)
def test_evidence_counts_by_effect(step: str, done: list[Step], expected: float) -> None:
    assert looked(step, *done) == expected


def test_a_refused_psql_is_the_finding_only_where_the_server_refuses() -> None:
    refused = psql(status=2, stdout="", stderr=REFUSED)
    assert looked("database", refused, truth=POSTGRES) == 2
    assert looked("database", refused, truth=CRASH) == 0
    assert looked("database", sql(error=UNREACHED), truth=POSTGRES) == 2
    assert looked("database", run("postgres-0", "pg_isready", "-q", status=2, stdout=""), truth=POSTGRES) == 2


def test_words_about_a_refusal_are_no_refusal() -> None:
    misused = psql(status=1, stdout="", stderr='psql: error: invalid value "connection refused" for -U')
    elsewhere = run("kafka-0", "psql", status=2, stdout="", stderr=REFUSED)
    assert looked("database", misused, elsewhere, truth=POSTGRES) == 0


def test_a_long_answer_is_quoted_in_short() -> None:
    told = [*CHECKS, *(answer(question, "\0x" * 5_000) for question in ("state", "component", "object", "severity"))]
    reasons = [mark.reason for _, mark in judge(journal(*told), CRASH, RUBRIC).losses()]
    assert any("'\\x00x" in reason for reason in reasons)
    assert max(map(len, reasons)) < 300


def test_lazy_answers_earn_nothing_however_right() -> None:
    assert sum(points(HEALTHY, *FINE).values()) == 0
    assert sum(points(CRASH, *fault("experiment-worker", POD, "P3")).values()) == 0


def test_looking_after_answering_does_not_bear_the_answer_out() -> None:
    told = fault("experiment-worker", POD, "P3")
    assert points(CRASH, *told, *CHECKS)["finding"] == 0
    assert points(CRASH, *told, *CHECKS, *told)["finding"] == 5


def test_a_healthy_report_is_worth_what_was_checked() -> None:
    reasons = {mark.name: mark for _, mark in judge(journal(pods(PROD), pods(DATA), *FINE), HEALTHY, RUBRIC).losses()}
    assert reasons["state"].points == round(2 * 2 / 7, 2)
    assert "a query to the database" in reasons["state"].reason


def test_always_escalating_fails_on_a_healthy_system() -> None:
    given_points = points(HEALTHY, *CHECKS, *fault("kafka", "experiments", "P2"))
    assert given_points["finding"] == given_points["decision"] == 0


def test_closing_a_fault_loses_the_decision() -> None:
    verdict_ = judge(
        journal(*CHECKS, *fault("experiment-worker", POD, "P3"), answer("decision", "close")), CRASH, RUBRIC
    )
    assert [mark.name for _, mark in verdict_.losses()] == ["decision"]


def test_one_wrong_part_does_not_sink_the_others() -> None:
    done = [pods(PROD), pods(DATA), health(code=503), *fault("llm-research-api", "llm-research-api", "P0")]
    lost = {mark.name for step, mark in judge(journal(*done), POSTGRES, RUBRIC).losses() if step.name != "database"}
    assert {"component", "object", "details"} <= lost
    assert not {"state", "decision", "severity"} & lost


@pytest.mark.parametrize(
    ("severity", "expected"), [("P3", 1), ("P2", 0.5), ("P4", 0.5), ("P1", 0), ("none", 0), ("urgent", 0)]
)
def test_severity_one_step_off_is_worth_half(severity: str, expected: float) -> None:
    marks = judge(journal(*CHECKS, *fault("experiment-worker", POD, severity)), CRASH, RUBRIC).step("decision").marks
    assert {mark.name: mark.points for mark in marks}["severity"] == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (POD, 1.5),
        (f"pod/{POD}", 1.5),
        ([POD], 1.5),
        ("experiment-worker", 0.75),
        (f"{POD}, kafka-0", 0.75),
        ("kafka-0", 0),
    ],
)
def test_the_object_may_be_written_in_several_ways(name: Any, expected: float) -> None:
    marks = judge(journal(*CHECKS, answer("object", name)), CRASH, RUBRIC).step("finding").marks
    assert {mark.name: mark.points for mark in marks}["object"] == expected


def test_details_must_hold_the_whole_name() -> None:
    truth = TOPIC | {"object": "experiments"}
    for text, expected in [("topic `experiments` is gone", 1), ("experiment-results is gone", 0), ("it is gone.", 0)]:
        marks = judge(journal(*CHECKS, answer("details", text)), truth, RUBRIC).step("decision").marks
        assert {mark.name: mark.points for mark in marks}["details"] == expected


def test_each_lost_point_has_a_reason_that_gives_no_key_away() -> None:
    for truth in (HEALTHY, CRASH, API, POSTGRES, TOPIC, RESTART):
        given_verdict = judge(journal(*fault("redis", "redis-0", "P2")), truth, RUBRIC)
        told = "\n".join(line for step in given_verdict.steps for line in verdict.explain(step))
        assert all(mark.reason for _, mark in given_verdict.losses())
        assert RUBRIC.scenarios[str(truth["scenario"])].why not in told
        assert str(truth["object"]) not in told or truth in (API, TOPIC)
        assert str(truth["scenario"]) not in told


def test_an_unknown_scenario_is_an_error_of_the_rubric() -> None:
    with pytest.raises(ManifestError, match="add the scenario"):
        judge([], {"scenario": "meteor", "component": "x", "object": None}, RUBRIC)


STEPS = st.lists(
    st.sampled_from([*CHECKS, health(code=503), pods(PROD, code=403), *FINE, *fault("kafka", "metrics-events", "P3")])
)


@given(STEPS, st.sampled_from([HEALTHY, CRASH, API, POSTGRES, TOPIC, RESTART]))
def test_marks_stay_in_bounds_and_are_repeatable(steps: list[Step], truth: dict[str, Any]) -> None:
    first, second = (judge(journal(*steps), truth, RUBRIC) for _ in range(2))
    assert verdict.to_json(first) == verdict.to_json(second)
    assert all(0 <= mark.points <= mark.out_of for step in first.steps for mark in step.marks)


@given(st.permutations(CHECKS), st.lists(st.sampled_from(CHECKS)))
def test_order_and_repetition_are_free(order: list[Step], again: list[Step]) -> None:
    assert judge(journal(*order, *again, *FINE), HEALTHY, RUBRIC).points == 20


WORDS = st.text(max_size=8) | st.sampled_from(
    ["psql", "kafka-topics.sh --list", "/health/ready", "curl", "--help", "GET"]
)


@given(
    st.sampled_from(["kube.request", "kube.exec", "http.request", "sql.statement", "lab.answer", "other"]),
    st.dictionaries(st.sampled_from(["method", "path", "stdin", "host", "question", "value"]), WORDS, max_size=4),
    st.lists(WORDS, max_size=3),
    st.dictionaries(st.sampled_from(["stdout", "stderr", "error"]), WORDS, max_size=3),
    st.none() | st.integers(-1, 600),
)
def test_no_entry_however_odd_brings_the_judge_down(
    kind: str, action: dict[str, Any], command: list[str], outcome: dict[str, Any], status: int | None
) -> None:
    entry = {**action, "type": kind, "command": command}, {**outcome, "exit": status, "code": status}
    assert 0 <= judge(journal(entry), HEALTHY, RUBRIC).points <= 10
