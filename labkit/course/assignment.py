"""An assignment: the instructor's notebook and rubric, and whether the two agree."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from labkit.course.course import Course
from labkit.errors import CourseError
from labkit.scenarios import rubric
from labkit.scenarios.rubric import Rubric

JOURNAL = "journal.jsonl"


@dataclass(frozen=True)
class Assignment:
    """An assignment of a course; its one notebook has its name."""

    course: Course
    name: str

    @classmethod
    def open(cls, course: Course, name: str) -> "Assignment":
        """The assignment called ``name``; :class:`CourseError` says which there are."""
        folder = course.step("source")
        if not (folder / name / f"{name}.ipynb").is_file():
            known = sorted(path.parent.name for path in folder.glob("*/*.ipynb") if path.stem == path.parent.name)
            raise CourseError(
                f"no assignment {name!r}", where=str(folder), remedy=f"one of: {', '.join(known) or '(none yet)'}"
            )
        return cls(course, name)

    @property
    def notebook(self) -> str:
        """The file name of the notebook."""
        return f"{self.name}.ipynb"

    def folder(self, step: str, trainee: str | None = None) -> Path:
        """Where the assignment lies in one of nbgrader's steps."""
        base = self.course.step(step)
        return base / trainee / self.name if trainee else base / self.name

    def check(self) -> None:
        """Raise :class:`CourseError` or :class:`ManifestError` unless rubric and notebook are sound and agree."""
        _ = self.rubric

    @cached_property
    def rubric(self) -> Rubric:
        """The rubric, checked against the notebook's grade cells."""
        path = self.folder("source") / "rubric.toml"
        loaded = rubric.load(path)
        cells, worth = grade_cells(self.read("source")), loaded.points()
        if cells != worth:
            raise CourseError(
                f"the notebook's grade cells {cells} and the rubric's steps {worth} differ",
                where=str(path),
                remedy="give each step of the rubric one grade cell with the same points",
            )
        return loaded

    def read(self, step: str) -> NotebookNode:
        """The source or released notebook."""
        path = self.folder(step) / self.notebook
        try:
            notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        except FileNotFoundError:
            raise CourseError("there is no such notebook", where=str(path), remedy="labkit course release") from None
        except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
            raise CourseError(f"not a notebook: {error}", where=str(path), remedy="restore the file") from error
        return notebook


def grade_cells(notebook: NotebookNode) -> dict[str, float]:
    """The points of each grade cell of a notebook, by its id."""
    marks = (cell.metadata.get("nbgrader", {}) for cell in notebook.cells)
    return {mark["grade_id"]: float(mark["points"]) for mark in marks if mark.get("grade")}
