"""nbgrader's gradebook: opened by one process at a time, made ready before a converter needs it."""

import os
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager

from nbgrader.api import Gradebook

from labkit.course.converting import directory
from labkit.course.course import Course


@contextmanager
def gradebook(course: Course) -> Iterator[Gradebook]:
    """The course's gradebook, made if there is none."""
    view = directory(course)
    with _scripts_on_path(), Gradebook(view.db_url, view.course_id) as book:
        yield book


@contextmanager
def _scripts_on_path() -> Iterator[None]:
    """Let nbgrader call ``alembic`` by its bare name in an environment that is not activated."""
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
