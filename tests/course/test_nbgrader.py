"""Against the real sandbox and the real nbgrader: honest work gets the same points by both ways."""

import json
import os
import subprocess
import sys
import sysconfig
from itertools import count
from typing import Any

import pytest
from nbgrader.api import Gradebook

from labkit.course.grade import grade, trainees
from labkit.scenarios.exercise import scenario_of, world_seed

pytestmark = [pytest.mark.notebooks, pytest.mark.timeout(600)]

WORK = {
    "step-2-work": "raise RuntimeError('mine')",
    "step-3-work": "while True: pass",
    "step-4-work": "print('x' * 10**8)",
}


def trainee_with(scenario: str) -> str:
    """A trainee in whose world ``scenario`` is laid."""
    names = (f"trainee-{number}" for number in count())
    return next(name for name in names if scenario_of("exercise-1", world_seed("exercise-1", name)).id == scenario)


def autograde(desk: Any, *options: str) -> dict[str, float]:
    """Run plain ``nbgrader autograde``; the scores in its gradebook."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    command = [sys.executable, "-m", "nbgrader", "autograde", "exercise-1", "--force", *options]
    done = subprocess.run(
        command, cwd=desk.root, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with Gradebook(f"sqlite:///{desk.root / 'gradebook.db'}") as book:
        return {submission.student_id: submission.score for submission in book.assignment_submissions("exercise-1")}


def test_plain_autograde_gives_the_same_points(desk: Any, work: Any) -> None:
    healthy, refusing = trainee_with("healthy"), trainee_with("postgres-refusing")
    told = work.answers(
        state="degraded",
        component="postgresql",
        object="postgres-0",
        decision="escalate",
        severity="P1",
        details="postgres-0 refuses connections",
    )
    desk.submit(healthy, [*work.checks(), *work.right("healthy")])
    desk.submit(refusing, [*work.checks(), *told])
    ours = {step.result.trainee: step.result for step in grade(desk.assignment, trainees(desk.assignment))}
    assert {name: made.points for name, made in ours.items()} == {healthy: 20, refusing: 19.5}
    assert autograde(desk) == {healthy: 20, refusing: 19.5}


def test_hostile_work_is_bounded_under_plain_autograde(desk: Any, work: Any) -> None:
    def hostile(notebook: dict[str, Any]) -> None:
        for cell in notebook["cells"]:
            cell["source"] = WORK.get(cell["id"], cell["source"])

    name = trainee_with("healthy")
    desk.submit(name, [*work.checks(), *work.right("healthy")], change=hostile)
    assert autograde(desk, "--Execute.timeout=30") == {name: 20}
    notebook = desk.assignment.folder("autograded", name) / "exercise-1.ipynb"
    assert notebook.stat().st_size < 120_000_000


def graded(desk: Any) -> bytes:
    """The one submission's verdict, made afresh."""
    for _ in grade(desk.assignment, trainees(desk.assignment), force=True):
        pass
    (path,) = desk.root.glob("autograded/*/*/verdict.json")
    return bytes(path.read_bytes())


@pytest.mark.parametrize(
    "scenario",
    ["healthy", "worker-crash-loop", "api-not-ready", "postgres-refusing", "topic-missing", "pod-restarted"],
)
def test_the_reference_solution_gets_full_marks_and_the_same_bytes_twice(scenario: str, desk: Any) -> None:
    """Do the exercise for real, in a live sandbox; hand in what it left; grade it in another."""
    name = trainee_with(scenario)
    folder = desk.assignment.folder("submitted", name)
    folder.mkdir(parents=True)
    command = [
        sys.executable,
        "-m",
        "papermill",
        str(desk.assignment.folder("source") / "exercise-1.ipynb"),
        "exercise-1.ipynb",
    ]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"LABKIT_TRAINEE": name}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    first, second = graded(desk), graded(desk)
    assert first == second
    result = json.loads(first)
    assert (result["verdict"]["scenario"], result["points"], result["notes"]) == (scenario, 20, [])
