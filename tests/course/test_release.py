"""Releasing: what trainees get is the committed release tree, whole, and gives nothing away."""

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from labkit.course.assignment import Assignment, grade_cells
from labkit.course.course import Course
from labkit.course.release import register, release
from labkit.errors import CourseError, ManifestError

CLONE = Path(__file__).parents[2]
SOURCE = CLONE / "source" / "exercise-1"


def edit(desk: Any, file: str, old: str, new: str) -> Assignment:
    """The desk's assignment, opened afresh with a change in one of its source files."""
    path = desk.assignment.folder("source") / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return Assignment.open(desk.assignment.course, desk.assignment.name)


def test_the_committed_release_is_what_the_source_gives(released: Path) -> None:
    made = {
        path.relative_to(released): path.read_bytes() for path in (released / "release").rglob("*") if path.is_file()
    }
    committed = CLONE / "release" / "exercise-1"
    kept = {path.relative_to(CLONE): path.read_bytes() for path in committed.rglob("*") if path.is_file()}
    assert made == kept, "run: labkit course release exercise-1"


def test_the_notebook_is_sound_and_worth_twenty_points(desk: Any) -> None:
    for step in ("source", "release"):
        notebook = desk.assignment.read(step)
        nbformat.validate(notebook)
        MetadataValidator().validate_nb(notebook)
        assert sum(grade_cells(notebook).values()) == 20
        assert all(not cell.get("outputs") for cell in notebook.cells)
        assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
        for cell in notebook.cells:
            if cell.metadata.nbgrader.grade:
                assert cell.source == f'lab.score("{cell.metadata.nbgrader.grade_id}")'


def test_the_text_has_every_section_of_the_exercise_template(desk: Any) -> None:
    text = "\n".join(cell.source for cell in desk.assignment.read("release").cells if cell.cell_type == "markdown")
    heads = ("Objective", "Prerequisites", "Scenario", "Steps", "Validation", "Troubleshooting", "Estimated Time")
    assert [head for head in heads if f"\n## {head}\n" not in f"\n{text}\n"] == []
    steps = re.split(r"^### Step \d: ", text, flags=re.MULTILINE)[1:]
    assert len(steps) == 7
    assert all("**Expected Result:**" in step for step in steps)


def test_a_rubric_that_does_not_fit_is_refused(desk: Any) -> None:
    with pytest.raises(ManifestError, match="come to 21 points, not 20"):
        release(edit(desk, "rubric.toml", '"api/live" = 1.0', '"api/live" = 2.0'))
    with pytest.raises(ManifestError, match="Object contains unknown field `stat`"):
        release(edit(desk, "rubric.toml", 'state = "healthy"', 'stat = "healthy"'))


def test_a_notebook_that_does_not_fit_is_refused(desk: Any) -> None:
    with pytest.raises(CourseError, match=r"grade cells .* differ"):
        release(edit(desk, "exercise-1.ipynb", '"points": 5', '"points": 4'))


def test_a_notebook_that_would_tell_is_refused_and_the_release_stays(desk: Any) -> None:
    before = (desk.assignment.folder("release") / "exercise-1.ipynb").read_bytes()
    with pytest.raises(CourseError, match=r"nbgrader: RuntimeError|released notebook holds"):
        release(edit(desk, "exercise-1.ipynb", "### END SOLUTION", "### END SOLUTIN"))
    assert (desk.assignment.folder("release") / "exercise-1.ipynb").read_bytes() == before


def test_a_file_that_would_be_released_is_refused(desk: Any) -> None:
    (desk.assignment.folder("source") / "answers.txt").write_text("P0")
    with pytest.raises(CourseError, match=r"answers.txt would be released"):
        release(desk.assignment)
    assert [path.name for path in desk.assignment.folder("release").iterdir()] == ["exercise-1.ipynb"]


def test_an_unknown_assignment_and_no_course_are_told(desk: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(CourseError, match="one of: exercise-1"):
        Assignment.open(desk.assignment.course, "exercise-9")
    with pytest.raises(CourseError, match=r"no nbgrader_config\.py"):
        Course.find(tmp_path_factory.mktemp("elsewhere"))


def test_registering_twice_is_once(desk: Any) -> None:
    register(desk.assignment)
    register(desk.assignment)


def secrets() -> dict[str, str]:
    """Whatever must not reach a trainee, by where it stands: sentences of the instructor's side, and marks."""
    rubric = tomllib.loads((SOURCE / "rubric.toml").read_text())
    found = {f"rubric: why of {name}": case["why"] for name, case in rubric["scenarios"].items()}
    found |= {f"mark {mark}": mark for mark in ("BEGIN SOLUTION", "HIDDEN TESTS", "MARK SCHEME", "BEGIN PRIVATE KEY")}
    instructor = (SOURCE / "INSTRUCTOR.md").read_text()
    lines = [line.strip() for line in instructor.splitlines() if len(line.strip()) > 60]
    found |= {f"INSTRUCTOR.md: {number}": line for number, line in enumerate(lines)}
    for cell in json.loads((SOURCE / "exercise-1.ipynb").read_text())["cells"]:
        if cell["metadata"]["nbgrader"]["solution"]:
            text = "".join(cell["source"]).partition("### BEGIN SOLUTION\n")[2].partition("\n### END SOLUTION")[0]
            if cell["id"] in ("step-6-work", "step-7-work"):  # the others are the runbook's own commands
                told = [
                    line for line in text.splitlines() if len(line) > 20 and not line.startswith(("from ", "import "))
                ]
                found |= {f"solution of {cell['id']}: {line}": line for line in told}
    for name, case in rubric["scenarios"].items():
        found[f"rubric: table of {name}"] = f'severity = "{case["severity"]}"'
    return found


def test_what_trainees_get_holds_no_key(tmp_path: Path) -> None:
    """Build the wheel, unpack it beside release/, and search both, file names included."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(CLONE)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        files = {name: wheel.read(name) for name in wheel.namelist()}
    assert "labkit/scenarios/judge.py" in files
    files |= {str(path): path.read_bytes() for path in (CLONE / "release").rglob("*") if path.is_file()}

    forbidden = re.compile(
        r"rubric\.toml|INSTRUCTOR|verdict\.json|gradebook|(^|/)(source|submitted|autograded)/|\.pem$"
    )
    assert [
        name for name in files if forbidden.search(name.removeprefix(str(CLONE))) and "course/gradebook.py" not in name
    ] == []
    known = secrets()
    assert len(known) > 20
    told = {
        f"{name}: {what}"
        for name, content in files.items()
        for what, secret in known.items()
        if secret.encode() in content and not (what.startswith("mark") and name == "labkit/course/release.py")
    }
    assert told == set()


def test_a_release_does_not_delete_somebodys_work(desk: Any) -> None:
    work = desk.assignment.folder("release") / "journal.jsonl"
    work.parent.mkdir(parents=True, exist_ok=True)
    work.write_text("mine\n")
    with pytest.raises(CourseError, match="somebody's work"):
        release(desk.assignment)
    assert work.read_text() == "mine\n"
