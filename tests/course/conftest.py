"""A course in a folder of its own, submissions made to order, and a sandbox's stand-in."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from labkit.clock import EPOCH, SECOND, Millis
from labkit.course.assignment import Assignment
from labkit.course.course import Course
from labkit.course.grade import grade, trainees
from labkit.course.release import release
from labkit.course.result import Result
from labkit.journal import Entry, Header, Journal

EXERCISE = "exercise-1"
CLONE = Path(__file__).parents[2]
PROD, DATA = "llm-research-lab-prod", "llm-research-lab-data"
Action = dict[str, Any]

BROKER = "kafka-0.kafka:9092 (id: 0 rack: zone-a) -> (\n\tProduce(0): 0 to 11 [usable: 11]\n)\n"

TRUTHS: dict[str, tuple[str, str, str]] = {
    "crash": ("worker-crash-loop", "experiment-worker", "experiment-worker-{id}"),
    "topic": ("topic-missing", "kafka", "metrics-events"),
    "postgres": ("postgres-refusing", "postgresql", "postgres-0"),
}


class Replayed(msgspec.Struct):
    entries: list[Entry]
    truth: dict[str, Any]
    digest: str


def truth_of(trainee: str) -> dict[str, Any]:
    """What is the matter in a trainee's world: told by the name, as ``ada-crash``; else nothing."""
    scenario, component, name = TRUTHS.get(trainee.rpartition("-")[2], ("healthy", "none", ""))
    return {"scenario": scenario, "component": component, "object": name.format(id=identity(trainee)) or None}


def identity(trainee: str) -> str:
    """What tells the pods of one trainee's world from those of another's."""
    return hashlib.sha256(trainee.encode()).hexdigest()[:5]


def replay(exercise: str, trainee: str, inputs: Sequence[Entry], start: Millis) -> Replayed:
    """The stand-in for a sandbox: outcomes follow from the trainee's world and the input alone."""
    truth = truth_of(trainee)
    entries = [msgspec.structs.replace(entry, outcome=outcome_of(entry.action, truth)) for entry in inputs]
    return Replayed(entries, truth, hashlib.sha256(trainee.encode()).hexdigest())


def outcome_of(action: Action, truth: dict[str, Any]) -> dict[str, Any]:
    kind = action["type"]
    if kind == "kube.request":
        known = [f"/api/v1/namespaces/{namespace}/pods" for namespace in (PROD, DATA)]
        own = truth["object"] and action["path"].endswith(truth["object"])
        return {"code": 200 if action["path"] in known or own else 404}
    if kind == "http.request":
        return {"code": 503 if truth["component"] == "postgresql" else 200}
    if kind == "kube.exec" and action["command"][0] == "psql" and truth["component"] == "postgresql":
        return {"exit": 2, "stdout": "", "stderr": "psql: error: connection to server failed: Connection refused"}
    return {"exit": 0, "stdout": BROKER, "stderr": ""} if kind == "kube.exec" else {}


def checks() -> list[Action]:
    """Everything the runbook asks to be looked at."""
    listed = [
        {"type": "kube.request", "method": "GET", "path": f"/api/v1/namespaces/{namespace}/pods", "query": []}
        for namespace in (PROD, DATA)
    ]
    asked = [
        {"type": "http.request", "method": "GET", "path": path, "host": "api.llm-research-lab.company.com"}
        for path in ("/health/live", "/health/ready")
    ]
    commands = [
        (DATA, "postgres-0", ["psql", "-U", "postgres", "-c", "SELECT 1"]),
        (PROD, "kafka-0", ["kafka-broker-api-versions.sh", "--bootstrap-server", "localhost:9092"]),
        (PROD, "kafka-0", ["kafka-topics.sh", "--bootstrap-server", "localhost:9092", "--list"]),
    ]
    ran = [
        {"type": "kube.exec", "namespace": namespace, "pod": pod, "command": command}
        for namespace, pod, command in commands
    ]
    return [*listed, *asked, *ran]


def answers(**given: str) -> list[Action]:
    return [{"type": "lab.answer", "question": question, "value": value} for question, value in given.items()]


def right(trainee: str) -> list[Action]:
    """The right report on a trainee's own world."""
    truth = truth_of(trainee)
    if truth["object"] is None:
        return answers(state="healthy", component="none", object="none", decision="close", severity="none")
    severity = {"worker-crash-loop": "P3", "topic-missing": "P3", "postgres-refusing": "P0"}[truth["scenario"]]
    return answers(
        state="degraded",
        component=truth["component"],
        object=truth["object"],
        decision="escalate",
        severity=severity,
        details=f"{truth['object']} is not well",
    )


@dataclass
class Desk:
    """An instructor's desk: a released course, and hands to submit and to grade."""

    assignment: Assignment

    @property
    def root(self) -> Path:
        return self.assignment.course.root

    def notebook(self) -> dict[str, Any]:
        """The released notebook, as plain JSON."""
        path = self.assignment.folder("release") / self.assignment.notebook
        notebook: dict[str, Any] = json.loads(path.read_text())
        return notebook

    def submit(
        self,
        trainee: str,
        actions: Sequence[Action],
        *,
        owner: str | None = None,
        change: Callable[[dict[str, Any]], None] | None = None,
        outcome: Callable[[Action], dict[str, Any]] = lambda action: {},
    ) -> Path:
        """Lay down a submission: a notebook, changed, and a journal that claims ``outcome`` of each action."""
        folder = self.assignment.folder("submitted", trainee)
        folder.mkdir(parents=True)
        notebook = self.notebook()
        if change:
            change(notebook)
        (folder / self.assignment.notebook).write_text(json.dumps(notebook))
        header = Header(seed=0, start=EPOCH, exercise=EXERCISE, trainee=owner or trainee)
        journal = Journal.create(folder / "journal.jsonl", header)
        for number, action in enumerate(actions, start=1):
            journal.append(EPOCH + number * SECOND, "trainee", "any", action, outcome(action))
        journal.close()
        return folder

    def grade(self, **options: Any) -> dict[str, Result]:
        """Grade everything; the results by trainee."""
        done = grade(self.assignment, trainees(self.assignment), replays=replay, **options)
        return {step.result.trainee: step.result for step in done}


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this course, released: notebook, rubric and gradebook."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(CLONE / "nbgrader_config.py", root)
    shutil.copytree(CLONE / "source", root / "source")
    release(Assignment.open(Course.find(root), EXERCISE))
    return root


@pytest.fixture
def desk(released: Path, tmp_path: Path) -> Desk:
    """A desk of one test's own."""
    shutil.copytree(released, tmp_path, dirs_exist_ok=True)
    return Desk(Assignment.open(Course.find(tmp_path), EXERCISE))


@pytest.fixture
def work() -> Any:
    """How actions are written: ``work.checks()``, ``work.right(trainee)``, ``work.answers(...)``."""

    class Work:
        checks = staticmethod(checks)
        right = staticmethod(right)
        answers = staticmethod(answers)
        outcome_of = staticmethod(outcome_of)
        truth_of = staticmethod(truth_of)

    return Work
