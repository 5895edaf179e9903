"""Tokens of LogQL, with their places.

Words are keywords whatever their case; the name of a function is one only before a parenthesis (or
before ``by (`` and ``without (``), so that a label may be called ``rate``. Names of token kinds are
those that Loki's messages have.
"""

import re
from dataclasses import dataclass
from typing import Any

from labkit.logql import units
from labkit.logql.failures import ParseError

LONGEST = 131_072
"""Characters a query may have, as in Loki."""

END = "$end"

RANGE_OPERATIONS = frozenset({
    "rate", "rate_counter", "count_over_time", "bytes_rate", "bytes_over_time", "avg_over_time", "sum_over_time",
    "min_over_time", "max_over_time", "stdvar_over_time", "stddev_over_time", "quantile_over_time", "first_over_time",
    "last_over_time", "absent_over_time",
})  # fmt: skip
VECTOR_OPERATIONS = frozenset({
    "sum", "avg", "max", "min", "count", "stddev", "stdvar", "bottomk", "topk", "approx_topk", "sort", "sort_desc",
})  # fmt: skip
CONVERSIONS = {"BYTES_CONV": "bytes", "DURATION_CONV": "duration", "DURATION_SECONDS_CONV": "duration_seconds"}

_FUNCTIONS = {name: name.upper() for name in (*RANGE_OPERATIONS, *VECTOR_OPERATIONS, "vector")} | {
    word: kind for kind, word in CONVERSIONS.items()
}
_KEYWORDS = frozenset({
    "unwrap", "by", "without", "bool", "label_replace", "offset", "on", "ignoring", "group_left", "group_right", "or",
    "and", "unless", "json", "regexp", "logfmt", "unpack", "pattern", "label_format", "line_format", "ip", "decolorize",
    "drop", "keep",
})  # fmt: skip
_SYMBOLS = re.compile(r"!=|=~|!~|!>|\|=|\|~|\|>|==|>=|<=|[,.{}=|()+\-*/%^<>]")
_SPACE = re.compile(r"(?:\s+|#[^\n]*)+")
_WORD = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_DURATION = re.compile(r"-?\d[\d.nuµmshdwy]*", re.ASCII)
_SIZE = re.compile(r"\d[\d.BikKMGTP]*", re.ASCII)
_FLAG = re.compile(r"--(?:strict|keep-empty)(?![\w-])")
_CALLED = re.compile(r"\s*(?:\(|(?:by|without)\s*\()", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`')
_ESCAPE = re.compile(r"\\(?:([abfnrtv\\\"'])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.|$))")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(frozen=True)
class Token:
    """One token: ``text`` as it stands in the query, ``value`` as it is meant."""

    kind: str
    text: str
    value: Any
    line: int
    column: int


def tokens(query: str) -> list[Token]:
    """All tokens of a query, with one of kind :data:`END` at the end; :class:`ParseError` with the place."""
    if len(query) >= LONGEST:
        raise ParseError(f"input size too long ({len(query)} > {LONGEST})")
    found: list[Token] = []
    place = 0
    while True:
        if space := _SPACE.match(query, place):
            place = space.end()
        line = query.count("\n", 0, place) + 1
        column = place - query.rfind("\n", 0, place)
        if place == len(query):
            return [*found, Token(END, "", None, line, column)]
        try:
            kind, value, end = _token(query, place)
        except ValueError as error:
            raise ParseError(str(error), line, column) from error
        found.append(Token(kind, query[place:end], value, line, column))
        place = end


def _token(query: str, place: int) -> tuple[str, Any, int]:
    """Kind and value of the token at ``place``, and where it ends."""
    first = query[place]
    if first in '"`':
        return _string(query, place)
    if first == "[":
        return _range(query, place)
    if word := _WORD.match(query, place):
        return _word(word, query)
    if (first.isdecimal() or first in "-.") and (found := _measured(query, place) or _plain(query, place)):
        return found
    symbol = _SYMBOLS.match(query, place)
    return (symbol[0], symbol[0], symbol.end()) if symbol else ("IDENTIFIER", first, place + 1)


def _plain(query: str, place: int) -> tuple[str, Any, int] | None:
    """A flag or a number, if one stands at ``place``."""
    for kind, form in (("FUNCTION_FLAG", _FLAG), ("NUMBER", _NUMBER)):
        if found := form.match(query, place):
            return kind, found[0], found.end()
    return None


def _measured(query: str, place: int) -> tuple[str, Any, int] | None:
    """A duration or a size, if one stands at ``place``."""
    for kind, form, read in (("DURATION", _DURATION, units.duration), ("BYTES", _SIZE, units.size)):
        found = form.match(query, place)
        if found and not _NUMBER.fullmatch(found[0].removeprefix("-")):
            try:
                return kind, read(found[0]), found.end()
            except ValueError:  # it may still be the other, or a number before a word
                continue
    return None


def _word(word: re.Match[str], query: str) -> tuple[str, Any, int]:
    lower = word[0].lower()
    called = _CALLED.match(query, word.end())
    if lower in _FUNCTIONS and called:
        return _FUNCTIONS[lower], lower, word.end()
    if lower in _KEYWORDS and (called or lower not in ("label_replace", "ip")):
        return lower, lower, word.end()
    return "IDENTIFIER", word[0], word.end()


def _range(query: str, place: int) -> tuple[str, Any, int]:
    end = query.find("]", place)
    if end < 0:
        raise ValueError("missing closing ']' in duration")
    return "RANGE", units.prometheus_duration(query[place + 1 : end]), end + 1


def _string(query: str, place: int) -> tuple[str, Any, int]:
    quoted = _QUOTED.match(query, place)
    if quoted is None:
        raise ValueError("literal not terminated")
    inner = quoted[0][1:-1]
    return "STRING", inner if query[place] == "`" else _ESCAPE.sub(_unescaped, inner), quoted.end()


def _unescaped(escape: re.Match[str]) -> str:
    letter, two, four, eight, octal, _ = escape.groups()
    if letter:
        return _ESCAPED.get(letter, letter)
    code = int(two or four or eight or "-1", 16) if not octal else int(octal, 8)
    if not 0 <= code < 0x110000 or 0xD800 <= code < 0xE000:
        raise ValueError("invalid syntax")
    return chr(code)


def quoted(text: str) -> str:
    """``text`` as a string of LogQL that is read back as the same."""
    if "`" not in text and ("\\" in text or '"' in text):
        return f"`{text}`"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
