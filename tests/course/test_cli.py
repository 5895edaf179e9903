"""The course's verbs on the command line: what they print and how they exit."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from labkit.cli.course import app
from labkit.course import grade
from labkit.errors import CourseError


@pytest.fixture
def run(desk: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run ``labkit course``; no sandbox starts, for nothing is in these submissions that needs one."""

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--course", str(desk.root)])

    monkeypatch.setenv("COLUMNS", "200")
    return call


def test_from_release_to_report(run: Any, desk: Any, work: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert run("release", "exercise-1").output == "release/exercise-1/exercise-1.ipynb\n"

    inbox = tmp_path_factory.mktemp("inbox")
    with zipfile.ZipFile(inbox / "ada.zip", "w") as archive:
        archive.writestr("exercise-1.ipynb", json.dumps(desk.notebook()))
    collected = run("collect", "exercise-1", str(inbox), "--json")
    assert collected.exit_code == 0
    assert json.loads(collected.output) == [{"trainee": "ada", "status": "new", "notes": ["no journal.jsonl"]}]

    graded = run("grade", "exercise-1")
    assert graded.exit_code == 1
    assert "set aside" in graded.output
    assert "there is no journal" in graded.output

    assert run("feedback", "exercise-1").output == "feedback/ada/exercise-1/exercise-1.html\n"
    page = (desk.root / "feedback" / "ada" / "exercise-1" / "exercise-1.html").read_text()
    assert "could not be graded" in page
    assert str(desk.root) not in page

    (row,) = json.loads(run("report", "exercise-1", "--json").output)
    assert (row["trainee"], row["status"], row["points"]) == ("ada", "set aside", None)
    assert run("report", "exercise-1", "--csv").output.startswith(
        "trainee,status,points,out of,reasons\nada,set aside,,,"
    )
    assert "ada" in run("report", "exercise-1").output


def test_a_rejected_submission_makes_the_status(run: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    inbox = tmp_path_factory.mktemp("inbox")
    (inbox / "bob").mkdir()
    collected = run("collect", "exercise-1", str(inbox))
    assert collected.exit_code == 1
    assert "rejected" in collected.output


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("grade", "exercise-1"), "nothing is submitted yet"),
        (("grade", "exercise-1", "zoe"), "nothing is submitted by zoe"),
        (("feedback", "exercise-1"), "nothing is graded yet"),
        (("release", "exercise-7"), "no assignment 'exercise-7'"),
        (("collect", "exercise-1", "nowhere"), "not a folder"),
    ],
)
def test_mistakes_are_errors_of_the_course(run: Any, arguments: tuple[str, ...], reason: str) -> None:
    error = run(*arguments).exception
    assert isinstance(error, CourseError)
    assert reason in str(error)
    assert error.remedy


def test_only_those_named_are_graded(run: Any, desk: Any, work: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ada", "bob"):
        desk.submit(name, work.checks(), owner="nobody")
    run("grade", "exercise-1", "bob", "--jobs", "1")
    assert [path.parent.parent.name for path in Path(desk.root).glob("autograded/*/*/verdict.json")] == ["bob"]
    assert grade.trainees(desk.assignment) == ["ada", "bob"]
