"""Regular expressions as Prometheus and Loki mean them: RE2's syntax, and RE2's promise.

A match takes time linear in the text, whatever the pattern, so no query can hang by its regex.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Protocol

import re2

from labkit.errors import QueryError


def _options(*, dot_all: bool) -> re2.Options:
    options = re2.Options()
    options.dot_nl = dot_all
    options.log_errors = False
    return options


_MATCHERS = _options(dot_all=True)  # Prometheus compiles matchers as (?s:...)
_SEARCHES = _options(dot_all=False)


class Pattern(Protocol):
    """A compiled pattern; its matches are as those of Python's ``re``."""

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """The match of the whole text, if there is one."""

    def search(self, text: str) -> re.Match[str] | None:
        """The first match anywhere in the text, if there is one."""

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """All matches, from left to right."""

    @property
    def groupindex(self) -> Mapping[str, int]:
        """The named groups, each with its number."""


LONGEST = 100_000
"""Characters a pattern may have."""


def compiled(pattern: str, *, dot_all: bool = True) -> Pattern:
    """A pattern, ready to match; :class:`QueryError` if it is none.

    No longer pattern than :data:`LONGEST` is read, since that takes seconds. ``dot_all`` is whether a dot matches an end of line too: in matchers of labels it does, in what is
    looked for in log lines it does not.
    """
    if len(pattern) > LONGEST:
        raise QueryError(
            f"error parsing regexp: the pattern is longer than {LONGEST} characters", remedy="write a shorter pattern"
        )
    try:
        found: Pattern = re2.compile(pattern, options=_MATCHERS if dot_all else _SEARCHES)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace")
        raise QueryError(f"error parsing regexp: {reason}", where=pattern, remedy="correct the pattern") from error
    return found


_REFERENCE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")


def expanded(template: str, found: re.Match[str]) -> str:
    """``template`` with ``$1``, ``${1}`` and ``$name`` filled in (Go's ``Regexp.Expand``); what is not there is empty."""

    def fill(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        try:
            return found[int(name) if name.isdigit() else name] or ""
        except (IndexError, KeyError):
            return ""

    return _REFERENCE.sub(fill, template)


def quoted(text: str) -> str:
    """A pattern that matches just ``text``."""
    return str(re2.escape(text))
