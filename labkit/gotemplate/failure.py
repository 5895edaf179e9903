"""How a template fails."""

from labkit.errors import LabkitError


class TemplateError(LabkitError):
    """A template cannot be read or carried out; ``where`` is its line and column."""


def at(text: str, offset: int) -> str:
    """The place of ``offset`` in ``text`` for people: line and column, both from 1."""
    line = text.count("\n", 0, offset) + 1
    return f"line {line}, column {offset - text.rfind(chr(10), 0, offset)}"


def misread(what: str, text: str, offset: int) -> TemplateError:
    """A :class:`TemplateError` of the parser, at ``offset``."""
    return TemplateError(what, where=at(text, offset), remedy="correct the template")
