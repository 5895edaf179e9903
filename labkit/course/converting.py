"""nbgrader's converters, run in this process: their errors become :class:`CourseError`."""

import logging
import warnings
from typing import Any

from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory

from labkit.course.course import Course
from labkit.errors import CourseError


class _Heard(logging.Handler):
    """Keeps what a converter logs as an error; the converter itself only says 'see above'."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def directory(course: Course, **traits: Any) -> CourseDirectory:
    """A course as nbgrader sees it; ``traits`` say which assignment and trainee, and other folders."""
    return CourseDirectory(config=course.config, root=str(course.root), **traits)


def convert(converter: BaseConverter) -> None:
    """Run ``converter``; raises :class:`CourseError` with what it complained of."""
    heard, log = _Heard(), logging.getLogger("labkit.course.nbgrader")
    log.addHandler(heard)
    log.propagate = False
    converter.log = log
    try:
        with warnings.catch_warnings():
            # SQLAlchemy warns of nbgrader's own way with sessions: nothing that a user could mend.
            warnings.simplefilter("ignore")
            converter.start()
    except NbGraderException as error:
        raise CourseError(
            f"nbgrader: {_cause(heard.messages) or error}", where=converter.coursedir.assignment_id
        ) from error
    finally:
        log.removeHandler(heard)


def _cause(messages: list[str]) -> str:
    """The last line of the first traceback, or the first message."""
    trace = next((message for message in messages if message.startswith("Traceback")), None)
    return trace.strip().splitlines()[-1] if trace else next(iter(messages), "")
