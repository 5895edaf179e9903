"""nbgrader's autograding with the judge's word in place of execution: no code of a trainee is run.

The points go into the outputs of the grade cells, as though ``lab.score`` had returned them there;
nbgrader's own preprocessors take them from there into its gradebook.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import MissingEntry
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute

from labkit.course.assignment import JOURNAL, Assignment
from labkit.course.converting import convert, directory
from labkit.course.gradebook import gradebook
from labkit.course.repair import node
from labkit.course.submission import Submission
from labkit.scenarios.verdict import Verdict, explain

Preprocessor = Callable[[NotebookNode, dict[str, Any]], tuple[NotebookNode, dict[str, Any]]]


def mark(assignment: Assignment, submission: Submission, verdict: Verdict) -> None:
    """Write the autograded notebook and the grades of a submission."""
    course = assignment.course
    with course.scratch() as staged:
        _stage(course.root / staged, assignment, submission)
        view = directory(
            course, assignment_id=assignment.name, student_id=submission.trainee, submitted_directory=staged
        )
        converter = Autograde(coursedir=view, config=course.config, force=True)
        converter.autograde_preprocessors = [
            _outputs(verdict) if step is Execute else step for step in converter.autograde_preprocessors
        ]
        convert(converter)


def _stage(folder: Path, assignment: Assignment, submission: Submission) -> None:
    """Lay the repaired notebook and the journal, and nothing else, where the converter takes them from."""
    target = folder / submission.trainee / assignment.name
    target.mkdir(parents=True)
    nbformat.write(submission.notebook, target / assignment.notebook)  # type: ignore[no-untyped-call]
    shutil.copyfile(assignment.folder("submitted", submission.trainee) / JOURNAL, target / JOURNAL)


def _outputs(verdict: Verdict) -> Preprocessor:
    """A preprocessor that writes each step's points and reasons under its grade cell."""

    def preprocess(notebook: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade"):
                step = verdict.step(cell.metadata.nbgrader.grade_id)
                cell.outputs = _told("\n".join(explain(step)) + "\n", step.points)
        return notebook, resources

    return preprocess


def _told(text: str, points: float) -> list[NotebookNode]:
    """What a cell gives that prints and ends in a number: nbgrader takes the number for partial credit."""
    value = {"data": {"text/plain": repr(points)}, "metadata": {}, "execution_count": 1}
    return [
        node({"output_type": "stream", "name": "stdout", "text": text}),
        node({"output_type": "execute_result", **value}),
    ]


def forget(assignment: Assignment, name: str) -> None:
    """Take a trainee's points and graded notebook away, if there are any."""
    with gradebook(assignment.course) as book:
        try:
            book.remove_submission(assignment.name, name)
        except MissingEntry:
            return
    (assignment.folder("autograded", name) / f"{assignment.name}.ipynb").unlink(missing_ok=True)
