"""Giving back: a page for each trainee with every lost point, its reason and its evidence.

The page is nbgrader's own, of the autograded notebook. It never shows a key or the rubric: these
are in no notebook, and :mod:`labkit.course.marking` writes a trainee's lines only.
"""

from html import escape
from pathlib import Path

from nbgrader.converters import GenerateFeedback
from traitlets.config import Config

from labkit.course import result
from labkit.course.assignment import JOURNAL, Assignment
from labkit.course.converting import convert, directory
from labkit.course.result import Result
from labkit.errors import CourseError


def feedback(assignment: Assignment) -> list[Path]:
    """Write the pages of everyone who was graded or set aside; returns them in order of trainees."""
    results = result.every(assignment)
    if not results:
        raise CourseError(
            "nothing is graded yet",
            where=str(assignment.course.step("autograded")),
            remedy=f"labkit course grade {assignment.name}",
        )
    return [_page(assignment, made) for made in results]


def _page(assignment: Assignment, made: Result) -> Path:
    page = assignment.folder("feedback", made.trainee) / f"{assignment.name}.html"
    if made.status == "set aside":
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(_set_aside(made), encoding="utf-8")
        return page
    course = assignment.course
    ignored = [*directory(course).ignore, JOURNAL]
    view = directory(course, assignment_id=assignment.name, student_id=made.trainee, ignore=ignored)
    config = Config(course.config)
    config.HTMLExporter.sanitize_html = True  # the page shows what a trainee wrote
    convert(GenerateFeedback(coursedir=view, config=config, force=True))
    return page


def _set_aside(made: Result) -> str:
    """A page that says why there are no points yet."""
    reason = escape(made.reason.partition("\n")[0])
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(made.exercise)}</title></head>\n'
        f"<body><h1>{escape(made.exercise)}</h1>\n<p>This submission could not be graded: {reason}.</p>\n"
        "<p>Hand in the folder again, with the notebook and <code>journal.jsonl</code> as the sandbox wrote it,"
        " or speak to your instructor.</p></body></html>\n"
    )
