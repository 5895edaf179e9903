"""Regular expressions as Prometheus and Loki mean them: RE2's syntax, and RE2's promise.

A match takes time linear in the text, whatever the pattern, so no query can hang by its regex.
"""

import re
from typing import Protocol

import re2

from labkit.errors import QueryError

_OPTIONS = re2.Options()
_OPTIONS.dot_nl = True  # Prometheus compiles matchers as (?s:...)
_OPTIONS.log_errors = False


class Pattern(Protocol):
    """A compiled pattern; its matches are as those of Python's ``re``."""

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """The match of the whole text, if there is one."""


def quoted(text: str) -> str:
    """A pattern that matches just ``text``."""
    return str(re2.escape(text))


def compiled(pattern: str) -> Pattern:
    """A pattern, ready to match; :class:`QueryError` if it is none."""
    try:
        found: Pattern = re2.compile(pattern, options=_OPTIONS)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace")
        raise QueryError(f"error parsing regexp: {reason}", where=pattern, remedy="correct the pattern") from error
    return found
