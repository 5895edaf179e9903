"""Stages that write lines and labels anew: ``line_format``, ``label_format``, ``decolorize``."""

import re
from collections.abc import Callable, Sequence

from labkit import gotemplate
from labkit.logql import syntax
from labkit.logql.functions import functions
from labkit.logql.record import ERROR, Record

Step = Callable[[Record], bool]
FAILED = "TemplateFormatErr"
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


class _Writer:
    """A template over the labels of a record, which also knows ``__line__`` and ``__timestamp__``."""

    def __init__(self, template: str) -> None:
        self._record: Record | None = None
        self._template = gotemplate.parse(template, functions(self._current))

    def __call__(self, record: Record) -> str:
        self._record = record
        return self._template.render(record.named())

    def _current(self) -> Record:
        assert self._record is not None  # functions are called while a record is written
        return self._record


def line_format(template: str) -> Step:
    """The line becomes what the template gives; if it fails, the line stays, with an error."""
    try:
        write = _Writer(template)
    except gotemplate.TemplateError as error:
        raise ValueError(f"invalid line template: {_told(error)}") from error

    def apply(record: Record) -> bool:
        try:
            record.line = write(record)
        except gotemplate.TemplateError as error:
            record.fail(FAILED, _told(error))
        return True

    return apply


def label_format(assignments: Sequence[syntax.Assignment]) -> Step:
    """Labels renamed, or written from templates, in the order in which they stand."""
    names = [assignment.name for assignment in assignments]
    for name in names:
        if name == ERROR:
            raise ValueError(f"{name} cannot be formatted")
        if names.count(name) > 1:
            raise ValueError(f"multiple label name '{name}' not allowed in a single format operation")
    steps = [_renamed(one) if one.rename else _written(one) for one in assignments]

    def apply(record: Record) -> bool:
        for step in steps:
            step(record)
        return True

    return apply


def _renamed(assignment: syntax.Assignment) -> Callable[[Record], None]:
    def rename(record: Record) -> None:
        if assignment.value in record.labels:
            value = record.labels[assignment.value]
            record.remove(assignment.value)
            record.set(assignment.name, value)

    return rename


def _written(assignment: syntax.Assignment) -> Callable[[Record], None]:
    try:
        write = _Writer(assignment.value)
    except gotemplate.TemplateError as error:
        raise ValueError(f"invalid template for label '{assignment.name}': {_told(error)}") from error

    def apply(record: Record) -> None:
        try:
            record.set(assignment.name, write(record))
        except gotemplate.TemplateError as error:
            record.fail(FAILED, _told(error))

    return apply


def decolorize(record: Record) -> bool:
    """The line without the control sequences that colour it on a terminal."""
    if "\x1b" in record.line:
        record.line = _COLOUR.sub("", record.line)
    return True


def _told(error: gotemplate.TemplateError) -> str:
    return f"template: {error.where}: {error.what}" if error.where else f"template: {error.what}"
