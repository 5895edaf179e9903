"""Matchers as Alertmanager writes them: ``severity=~"P0|P1"``, ``{"naïve label"=yes, other!="x"}``.

Two grammars, as upstream: that of version 0.27 and later (``matcher/parse``), in which names and
values may be any text, and where a text is none of it the classic one (``pkg/labels/parse.go``). A text
that both read differently means what it meant before.
"""

import re
import sys
from collections.abc import Iterable, Mapping

from labkit.errors import LabkitError, QueryError
from labkit.signals.matcher import Match, Matcher

_TOKEN = re.compile(
    r"""\s*(?:(?P<brace>[{}])|(?P<comma>,)|(?P<operator>=~|!~|!=|=)|(?P<quoted>"(?:\\.|[^"\\])*")"""
    r"""|(?P<word>[^\s{}!=~,\\"'`]+))""",
    re.DOTALL,
)
_CLASSIC = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*?)\s*", re.DOTALL | re.ASCII)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", '"': '"'}
_HALVES = (0xD800, 0xDFFF)
_ESCAPED = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL)


class MatcherError(LabkitError):
    """A text that is no matcher."""


def parsed(text: str) -> tuple[Matcher, ...]:
    """The matchers of a text; raises :class:`MatcherError` in upstream's words."""
    try:
        modern = _modern(text)
    except MatcherError as error:
        try:
            return _classic(text)
        except MatcherError:
            raise error from None
    try:
        classic = _classic(text)
    except MatcherError:
        return modern
    return modern if modern == classic else classic


def one(text: str) -> Matcher:
    """The matcher that a text is; raises :class:`MatcherError` if it is none, or several."""
    found = parsed(text)
    if len(found) != 1:
        raise _error(f"expected 1 matcher, found {len(found)}" if found else "no matchers", text)
    return found[0]


def matcher(name: str, op: Match, value: str) -> Matcher:
    """A matcher; raises :class:`MatcherError` if its value is no regular expression where it should be one."""
    try:
        return Matcher(name, op, value)
    except QueryError as error:
        raise _error(error.what, f"{name}{op.value}{value}") from error


def written(one: Matcher) -> str:
    """A matcher as upstream prints it."""
    value = one.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{one.name}{one.op.value}"{value}"'


def accepts(wanted: Iterable[Matcher], values: Mapping[str, str]) -> bool:
    """Whether a filter of the API accepts labels: an empty value asks whether there is such a label at all."""
    for one in wanted:
        negative = one.op in (Match.NOT_EQUAL, Match.NOT_REGEX)
        asks = bool(one.value) or (one.name in values) is not negative
        if asks and not one.accepts(values.get(one.name, "")):
            return False
    return True


def _error(what: str, text: str) -> MatcherError:
    return MatcherError(what, where=text, remedy='write it like severity="P1" or alertname=~"api_.*"')


# ── the grammar of 0.27 ──────────────────────────────────────────────────────────────────────────


def _modern(text: str) -> tuple[Matcher, ...]:
    tokens = _tokens(text)
    opened = bool(tokens) and tokens[0] == ("brace", "{")
    if opened:
        tokens = tokens[1:]
        if not tokens or tokens.pop() != ("brace", "}"):
            raise _error(f"0:{len(text)}: end of input: expected close brace", text)
    found = []
    while tokens:
        found.append(_take(tokens, text))
        if tokens and tokens.pop(0)[0] != "comma":
            raise _error("expected a comma or close brace", text)
    return tuple(found)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position, length = [], 0, len(text.rstrip())
    while position < length:
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise _error(f"{position}:{length}: {text[position:length]}: invalid input", text)
        tokens.append((found.lastgroup, found[found.lastgroup]))
        position = found.end()
    return tokens


def _take(tokens: list[tuple[str, str]], text: str) -> Matcher:
    if tokens[0][0] not in ("quoted", "word"):
        raise _error(f"unexpected {tokens[0][1]}: expected label name", text)
    name = _plain(*tokens.pop(0), text)
    if not tokens or tokens[0][0] != "operator":
        raise _error("expected an operator such as '=', '!=', '=~' or '!~'", text)
    operator = Match(tokens.pop(0)[1])
    if not tokens or tokens[0][0] not in ("quoted", "word"):
        raise _error("expected label value", text)
    return matcher(name, operator, _plain(*tokens.pop(0), text))


def _plain(kind: str, value: str, text: str) -> str:
    if kind == "word":
        return value

    def character(found: re.Match[str]) -> str:
        number = found[1] or found[2] or found[3]
        if number or found[4]:
            return _character(int(number, 16) if number else int(found[4], 8), value, text)
        if found[5] not in _ESCAPES:
            raise _error(f"{value}: invalid input", text)
        return _ESCAPES[found[5]]

    return _ESCAPED.sub(character, value[1:-1])


def _character(code: int, value: str, text: str) -> str:
    """The character of a code; half a pair is none, and Go writes the replacement character for it."""
    if code > sys.maxunicode:
        raise _error(f"{value}: invalid input", text)
    return "\ufffd" if _HALVES[0] <= code <= _HALVES[1] else chr(code)


# ── the classic grammar ──────────────────────────────────────────────────────────────────────────


def _classic(text: str) -> tuple[Matcher, ...]:
    inner = text.removeprefix("{").removesuffix("}")
    parts = re.findall(r'((?:\\.|"(?:\\.|[^"\\])*"|[^,\\"]|["\\])+)(?:,|$)|,', inner, re.DOTALL)
    if parts and not parts[-1].strip():
        parts.pop()
    return tuple(map(_classic_one, parts))


def _classic_one(text: str) -> Matcher:
    found = _CLASSIC.fullmatch(text)
    if found is None:
        raise _error(f"bad matcher format: {text}", text)
    raw = found[3]
    inner = raw[1:-1] if len(raw) > 1 and raw[0] == raw[-1] == '"' else raw
    if re.search(r'(?<!\\)(?:\\\\)*"', inner) or raw == '"':
        raise _error(f"matcher value contains unescaped double quote: {raw}", text)
    value = re.sub(r'\\([n"\\])', lambda escape: _ESCAPES[escape[1]], inner)
    return matcher(found[1], Match(found[2]), value)
