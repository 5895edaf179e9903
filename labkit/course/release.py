"""Releasing: from the instructor's notebook to the one that trainees get, and into the gradebook."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbgrader.api import MissingEntry
from nbgrader.converters import GenerateAssignment

from labkit.course.assignment import JOURNAL, Assignment
from labkit.course.converting import convert, directory
from labkit.course.gradebook import gradebook
from labkit.errors import CourseError

SECRET_MARKS = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME")


def release(assignment: Assignment) -> list[Path]:
    """Write the release tree and register the assignment in the gradebook; returns the files written.

    Raises :class:`CourseError` if notebook and rubric disagree or a secret would be released; the
    release tree is then as it was.
    """
    _check_source(assignment)
    target = assignment.folder("release")
    with _generated(assignment) as made:
        files = sorted(path for path in made.rglob("*") if path.is_file())
        _check_released(assignment, files)
        names = [path.relative_to(made) for path in files]
        _check_unused(target)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(made, target)
    return [target / name for name in names]


def register(assignment: Assignment) -> None:
    """Make sure that the gradebook knows the assignment: a fresh one would grade everything 0."""
    with gradebook(assignment.course) as book:
        try:
            book.find_notebook(assignment.name, assignment.name)
        except MissingEntry:
            known = False
        else:
            known = True
    if not known:
        with _generated(assignment):
            return


@contextmanager
def _generated(assignment: Assignment) -> Iterator[Path]:
    """The assignment as nbgrader would release it, in a folder of its own, and in the gradebook."""
    course = assignment.course
    with gradebook(course), course.scratch() as folder:
        view = directory(course, assignment_id=assignment.name, release_directory=folder)
        convert(GenerateAssignment(coursedir=view, config=course.config))
        yield course.root / folder / assignment.name


def _check_source(assignment: Assignment) -> None:
    """Rubric and notebook agree, and every cell has an id of its own by which it can be repaired."""
    assignment.check()
    bare = [number for number, cell in enumerate(assignment.read("source").cells, 1) if "nbgrader" not in cell.metadata]
    if bare:
        raise CourseError(
            f"cells {', '.join(map(str, bare))} have no nbgrader metadata",
            where=str(assignment.folder("source") / assignment.notebook),
            remedy="mark text as read-only, so that a damaged submission can be put together again",
        )


def _check_released(assignment: Assignment, files: list[Path]) -> None:
    for file in files:
        if file.name != assignment.notebook:
            raise CourseError(
                f"{file.name} would be released",
                where=str(assignment.folder("source")),
                remedy="list it in CourseDirectory.ignore, or move it away",
            )
        text = file.read_text(encoding="utf-8")
        if left := [mark for mark in SECRET_MARKS if mark in text]:
            raise CourseError(f"the released notebook holds {left[0]!r}", where=str(assignment.folder("source")))


def _check_unused(target: Path) -> None:
    """Refuse to write over the work of somebody who did the exercise in the released folder itself."""
    if (target / JOURNAL).exists():
        raise CourseError(
            "somebody's work lies here: releasing again would delete it",
            where=str(target / JOURNAL),
            remedy="move it away, or delete it, then release again",
        )
