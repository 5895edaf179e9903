r"""Regular expressions in RE2's syntax (https://github.com/google/re2/wiki/Syntax), run by Python's ``re``.

What differs: flags in the middle of a pattern hold to the end of their group, ``\z`` is the end of
the text, classes such as ``[[:alpha:]]`` have names, and ``\d``, ``\w``, ``\s``, ``\b`` are ASCII's.
What RE2 has not, look-around and back-references, is refused.
"""

import re

from labkit.errors import QueryError

_TOKEN = re.compile(
    r"(?P<escape>\\.)"
    r"|(?P<class>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])"
    r"|\(\?(?P<flags>[imsU]*(?:-[imsU]+)?)\)"
    r"|(?P<refused>\(\?(?:[=!]|<[=!]|>|\(|P=))"
    r"|\(\?P?<(?P<name>\w+)>"
    r"|(?P<open>\()|(?P<close>\))|(?P<either>\|)",
    re.DOTALL,
)
_NAMED = {
    "alpha": "A-Za-z", "digit": "0-9", "alnum": "0-9A-Za-z", "upper": "A-Z", "lower": "a-z", "word": r"\w",
    "space": r"\t\n\v\f\r ", "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9A-Fa-f", "blank": r"\t ",
}  # fmt: skip
_ESCAPES = {r"\z": r"\Z"}


def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern as Prometheus means it, where ``.`` matches a newline too; :class:`QueryError` if it is none."""
    try:
        return re.compile(_translated(pattern), re.DOTALL | re.ASCII)
    except re.error as error:
        what = f"error parsing regexp: {error.msg}: `{pattern}`"
        raise QueryError(what, where=pattern, remedy="correct the pattern") from error


def _translated(pattern: str) -> str:
    """The pattern in Python's syntax."""
    written, place = [], 0
    groups: list[list[str]] = [[]]
    """For every group that is open, the flags set within it."""
    for found in _TOKEN.finditer(pattern):
        written.append(pattern[place : found.start()])
        place = found.end()
        written.append(_token(found, groups))
    if len(groups) > 1:
        raise re.error("missing closing )")
    return "".join([*written, pattern[place:], ")" * len(groups[0])])


def _token(found: re.Match[str], groups: list[list[str]]) -> str:
    text = found[0]
    if found["refused"] or (found["escape"] and text[1] in "123456789"):
        raise re.error("invalid or unsupported Perl syntax")
    if found["escape"]:
        return _ESCAPES.get(text, text)
    if found["class"]:
        return re.sub(r"\[:(\w+):\]", lambda one: _NAMED.get(one[1], one[0]), text)
    if found["flags"] is not None:
        groups[-1].append(f"(?{found['flags'].replace('U', '')}:")
        return groups[-1][-1]
    if found["either"]:  # a flag outlives the alternative it was set in
        return ")" * len(groups[-1]) + "|" + "".join(groups[-1])
    if found["close"]:
        if len(groups) == 1:
            raise re.error("unexpected )")
        return ")" * len(groups.pop()) + ")"
    groups.append([])
    return f"(?P<{found['name']}>" if found["name"] else text
