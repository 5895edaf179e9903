"""From a template's text to its tokens: text between the actions, and the words inside them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from labkit.gotemplate.failure import misread

_OPEN = re.compile(r"\{\{(?:-(?=\s))?")
_COMMENT = re.compile(r"\s*/\*.*?\*/", re.DOTALL)
_CLOSE = re.compile(r"\s*\}\}|\s+-\}\}")
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>"(?:\\.|[^"\\\n])*")
    |(?P<raw>`[^`]*`)
    |(?P<char>'(?:\\.[^']*|[^'\\\n])')
    |(?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))
    |(?P<variable>\$\w*)
    |(?P<field>\.[^\W\d]\w*)
    |(?P<word>[^\W\d]\w*)
    |(?P<declare>:=)
    |(?P<mark>[|(),=.])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A word of an action, or (``kind == "text"``) what stands between actions, or an action's end.

    The end is ``"close"``, or ``"comment"`` where the action was nothing but that.
    """

    kind: str
    text: str
    offset: int


def tokens(source: str) -> Iterator[Token]:
    """All tokens of a template, in order; :class:`~labkit.gotemplate.failure.TemplateError` where there is none."""
    position, trimmed = 0, False
    while True:
        opening = _OPEN.search(source, position)
        text = source[position : opening.start()] if opening else source[position:]
        text = text.lstrip() if trimmed else text
        if opening and opening[0].endswith("-"):
            text = text.rstrip()
        if text:
            yield Token("text", text, position)
        if opening is None:
            return
        for token in _action(source, opening.end()):
            if token.kind in ("close", "comment"):
                position, trimmed = token.offset + len(token.text), "-" in token.text
            yield token


def _action(source: str, position: int) -> Iterator[Token]:
    """The tokens of one action up to its ``}}``, which comes last; a comment has none but that."""
    begun = position
    comment = _COMMENT.match(source, position)
    position = comment.end() if comment else position
    while True:
        if end := _CLOSE.match(source, position):
            yield Token("comment" if comment else "close", end[0], position)
            return
        found = _TOKEN.match(source, position)
        if found is None and position >= len(source):
            raise misread("unclosed action", source, begun)
        if found is None or comment:
            raise misread(f"unexpected {source[position]!r} in an action", source, position)
        position = found.end()
        if found.lastgroup and found.lastgroup != "space":
            yield Token(found.lastgroup, found[0], found.start())
