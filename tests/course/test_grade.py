"""Grading: the twelve submissions of the issue, each with the points it deserves, and the gradebook."""

from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook, MissingEntry

from labkit.course.feedback import feedback
from labkit.course.grade import grade
from labkit.course.gradebook import gradebook
from labkit.course.report import as_csv, as_json, reasons
from labkit.errors import CourseError, SubmissionError

BOMB = "while True:\n    pass"
FLOOD = "print('x' * 100_000_000)"


def test_every_kind_of_submission_gets_what_it_deserves(desk: Any, work: Any) -> None:
    def delete(notebook: dict[str, Any]) -> None:
        notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] not in ("kafka", "step-4-work")]

    def duplicate(notebook: dict[str, Any]) -> None:
        notebook["cells"] += [cell for cell in notebook["cells"] if cell["id"] == "finding"]

    def retype(notebook: dict[str, Any]) -> None:
        for cell in notebook["cells"]:
            if cell["id"] in ("pods", "decision"):
                cell["cell_type"] = "markdown"

    def write(source: str) -> Any:
        def change(notebook: dict[str, Any]) -> None:
            cell = next(cell for cell in notebook["cells"] if cell["id"] == "step-2-work")
            cell["source"] = source

        return change

    submit, checks, right = desk.submit, work.checks(), work.right
    escalate = work.answers(
        state="degraded", component="kafka", object="experiments", decision="escalate", severity="P2", details="broken"
    )
    submit("right-crash", [*checks, *right("right-crash")])
    submit("right-healthy", [*checks, *right("right-healthy")])
    submit("wrong-topic", [*checks, *right("right-healthy")])
    submit("lazy-crash", right("lazy-crash"))
    submit("always-escalates", [*checks, *escalate])
    submit("deleted-crash", [*checks, *right("deleted-crash")], change=delete)
    submit("duplicated-crash", [*checks, *right("duplicated-crash")], change=duplicate)
    submit("retyped-crash", [*checks, *right("retyped-crash")], change=retype)
    submit("raises-postgres", [*checks, *right("raises-postgres")], change=write("raise SystemExit"))
    submit("loops-postgres", [*checks, *right("loops-postgres")], change=write(BOMB))
    submit("floods-topic", [*checks, *right("floods-topic")], change=write(FLOOD))
    claims = {"code": 200, "exit": 0, "stdout": "fine"}
    wrong = [{**action, "path": "/api/v1/namespaces/mine/pods"} if "path" in action else action for action in checks]
    submit("edited-healthy", [*wrong, *right("edited-healthy")], outcome=lambda action: claims)
    submit("classmate-crash", [*checks, *right("right-crash")], owner="right-crash")
    submit("relabelled-crash", [*checks, *right("right-crash")])

    results = desk.grade()

    assert {name: made.points for name, made in results.items()} == {
        "right-crash": 20,
        "right-healthy": 20,
        "wrong-topic": 12,
        "lazy-crash": 0,
        "always-escalates": 12,
        "deleted-crash": 20,
        "duplicated-crash": 20,
        "retyped-crash": 20,
        "raises-postgres": 20,
        "loops-postgres": 20,
        "floods-topic": 20,
        "edited-healthy": 9.57,
        "classmate-crash": 0,
        "relabelled-crash": 17.5,
    }
    assert {name for name, made in results.items() if made.status == "set aside"} == {"classmate-crash"}
    assert "sandbox of right-crash" in results["classmate-crash"].reason
    assert results["deleted-crash"].notes == ("cells step-4-work, kafka put back, had been deleted",)
    assert results["duplicated-crash"].notes == ("cell finding there more than once, the first counts",)
    assert results["retyped-crash"].notes == ("cells pods, decision of another type, turned back",)
    for made in results.values():
        assert made.points == made.out_of or all(reasons(made))
    _gradebook_agrees(desk, results)
    _pages_give_nothing_away(desk)
    _reports_agree(results)


def _gradebook_agrees(desk: Any, results: Any) -> None:
    with Gradebook(f"sqlite:///{desk.root / 'gradebook.db'}") as book:
        stored = {submission.student_id: submission.score for submission in book.assignment_submissions("exercise-1")}
    assert stored == {name: made.points for name, made in results.items() if made.status == "graded"}


def _pages_give_nothing_away(desk: Any) -> None:
    pages = {page.parent.parent.name: page.read_text() for page in feedback(desk.assignment)}
    assert len(pages) == 14
    assert "nothing in the journal before it shows what it says" in pages["lazy-crash"]
    assert "2025-11-28T12:00:" in pages["wrong-topic"]
    assert "could not be graded" in pages["classmate-crash"]
    keys = [case.why for case in desk.assignment.rubric.scenarios.values()] + list(desk.assignment.rubric.scenarios)
    keys.remove("healthy")
    for page in pages.values():
        assert not [key for key in keys if key in page]
    assert {path.suffix for path in (desk.root / "feedback").rglob("*") if path.is_file()} == {".html"}


def _reports_agree(results: Any) -> None:
    made = list(results.values())
    table = as_csv(made).splitlines()
    assert table[0] == "trainee,status,pods,api,database,kafka,restarts,finding,decision,points,out of,reasons"
    assert "right-crash,graded,3.0,3.0,2.0,3.0,1.0,5.0,3.0,20.0,20.0," in table
    told = {row["trainee"]: row for row in as_json(made)}
    assert told["right-healthy"]["lost"] == []
    assert told["wrong-topic"]["scenario"] == "topic-missing"
    assert {loss["key"] for loss in told["wrong-topic"]["lost"]} >= {"degraded", "kafka", "metrics-events", "escalate"}


def test_grading_twice_gives_the_same_bytes(desk: Any, work: Any) -> None:
    desk.submit("ada-crash", [*work.checks(), *work.right("ada-crash")])
    desk.submit("bob-topic", work.checks())
    desk.grade()
    files = [
        *sorted((desk.root / "autograded").rglob("verdict.json")),
        *sorted((desk.root / "autograded").rglob("*.ipynb")),
    ]
    first = [path.read_bytes() for path in files]
    desk.grade(force=True)
    assert [path.read_bytes() for path in files] == first
    assert len(first) == 4


def test_a_batch_that_was_broken_off_goes_on(desk: Any, work: Any) -> None:
    for name in ("ada", "bob", "cyd"):
        desk.submit(name, [*work.checks(), *work.right(name)])
    busy = list(grade(desk.assignment, ["ada", "bob", "cyd"], replays=_never))
    assert {step.result.status for step in busy} == {"set aside"}
    done = grade(desk.assignment, ["ada", "bob", "cyd"], replays=_here(work))
    assert next(done).fresh
    done.close()
    rest = list(grade(desk.assignment, ["ada", "bob", "cyd"], replays=_here(work)))
    assert [step.fresh for step in rest] == [False, True, True]
    (desk.assignment.folder("submitted", "ada") / "exercise-1.ipynb").write_text("{}")
    again = list(grade(desk.assignment, ["ada"], replays=_here(work)))
    assert again[0].fresh


def _here(work: Any) -> Any:
    class Replayed:
        digest = "0"

        def __init__(self, trainee: str, inputs: Any) -> None:
            self.truth = work.truth_of(trainee)
            self.entries = list(inputs)

    return lambda exercise, trainee, inputs, start: Replayed(trainee, inputs)


def _never(*_: object) -> Any:
    raise SubmissionError("the machine is busy")


def test_one_that_breaks_the_grader_does_not_stop_the_others(desk: Any, work: Any) -> None:
    for name in ("ada", "bob"):
        desk.submit(name, [*work.checks(), *work.right(name)])

    def breaks_on_ada(exercise: str, trainee: str, inputs: Any, start: int) -> Any:
        if trainee == "ada":
            raise ZeroDivisionError
        return _here(work)(exercise, trainee, inputs, start)

    ada, bob = (step.result for step in grade(desk.assignment, ["ada", "bob"], replays=breaks_on_ada))
    assert (ada.status, bob.status) == ("set aside", "graded")
    assert "ZeroDivisionError" in ada.reason


def test_a_fresh_gradebook_learns_of_the_assignment_first(desk: Any, work: Any) -> None:
    (desk.root / "gradebook.db").unlink()
    desk.submit("ada", [*work.checks(), *work.right("ada")])
    assert desk.grade()["ada"].points == 20
    _gradebook_agrees(desk, desk.grade())


def test_two_graders_at_once_are_refused(desk: Any, work: Any) -> None:
    desk.submit("ada", work.checks())
    first = grade(desk.assignment, ["ada"], replays=_here(work))
    next(first)
    with pytest.raises(CourseError, match="another labkit course grade"):
        next(grade(desk.assignment, ["ada"], replays=_here(work)))
    first.close()


def test_nothing_is_left_behind(desk: Any, work: Any) -> None:
    desk.submit("ada", work.checks())
    desk.grade()
    assert sorted(path.name for path in Path(desk.root).iterdir()) == [
        "autograded", "gradebook.db", "nbgrader_config.py", "release", "source", "submitted",
    ]  # fmt: skip


def test_a_resubmission_that_is_set_aside_keeps_no_old_points(desk: Any, work: Any) -> None:
    desk.submit("ada-crash", [*work.checks(), *work.right("ada-crash")])
    desk.grade()
    (desk.assignment.folder("submitted", "ada-crash") / "journal.jsonl").write_text("nonsense\n")
    desk.grade()
    with gradebook(desk.assignment.course) as book, pytest.raises(MissingEntry):
        book.find_submission(desk.assignment.name, "ada-crash")
