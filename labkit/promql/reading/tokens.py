"""From text to tokens (upstream ``promql/parser/lex.go``)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

KEYWORDS = frozenset(("offset", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "start", "end"))
WORDS = frozenset(("and", "or", "unless", "atan2"))
"""Operators that are words."""

_SPACE = " \t\n\r"
_OPERATOR = re.compile(r"==|!=|<=|>=|=~|[-+*/%^<>=@]")
_NUMBER = re.compile(r"0[xX]_?[0-9a-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?")
_DURATION = re.compile(r"\d+(?:ms|[smhdwy])(?:\d+(?:ms|[smhdw]))*")
_ORDERED = re.compile(r"(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?")
_WRONG = re.compile(r"\d*\.?\d*\.|\w+")
_WORD = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_QUOTED = re.compile(r'"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'|`[^`]*`", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL)
_LETTERS = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}


class Fault(Exception):
    """What is wrong with a text, in upstream's words, and the place where it is."""

    def __init__(self, message: str, place: int) -> None:
        super().__init__(message)
        self.message = message
        self.place = place


class Kind(Enum):
    """The kinds of tokens; the values are upstream's names of those that have one."""

    END = "end of input"
    NAME = "identifier"
    METRIC = "metric identifier"
    NUMBER = "number"
    DURATION = "duration"
    STRING = "string"
    WORD = "word"
    SIGN = "sign"


@dataclass(frozen=True)
class Token:
    """A piece of a query. Keywords, aggregations and word operators are of kind ``WORD``, in lower case."""

    kind: Kind
    text: str
    place: int
    raw: str = ""

    @property
    def end(self) -> int:
        """The place after it."""
        return self.place + len(self.raw or self.text)


def tokens(text: str, words: frozenset[str]) -> Iterator[Token]:
    """The tokens of a query, the end included; ``words`` are the names of aggregations. Raises :class:`Fault`."""
    scanner = _Scanner(text, words | KEYWORDS | WORDS)
    while scanner.place < len(text):
        token = scanner.braced() if scanner.braces else scanner.plain()
        if token is not None:
            yield token
    if scanner.braces:
        raise Fault("unexpected end of input inside braces", len(text))
    if scanner.parens:
        raise Fault("unclosed left parenthesis", len(text))
    if scanner.bracket:
        empty = text.rstrip(_SPACE).endswith("[")
        raise Fault(
            f"{'unexpected end of input in duration expression' if empty else 'unclosed left bracket'}", len(text)
        )
    yield Token(Kind.END, "", len(text))


class _Scanner:
    """Where a scan stands: inside how many parentheses, inside braces, inside brackets."""

    def __init__(self, text: str, words: frozenset[str]) -> None:
        self.text = text
        self.place = 0
        self.parens = 0
        self.braces = False
        self.bracket = False
        self._words = words

    def _skipped(self) -> bool:
        """Go over a space or a comment."""
        if self.text[self.place] in _SPACE:
            self.place += 1
            return True
        if self.text[self.place] == "#":
            found = self.text.find("\n", self.place)
            self.place = len(self.text) if found < 0 else found
            return True
        return False

    def _token(self, kind: Kind, size: int, text: str | None = None) -> Token:
        raw = self.text[self.place : self.place + size]
        token = Token(kind, raw if text is None else text, self.place, raw)
        self.place += size
        return token

    def _string(self) -> Token:
        found = _QUOTED.match(self.text, self.place)
        if found is None:
            raw = self.text[self.place] == "`"
            raise Fault("unterminated raw string" if raw else "unterminated quoted string", self.place)
        strange = re.search(r"(?<!\\)(?:\\\\)*\\([^abfnrtvxuU0-7\\\"'])", found[0]) if found[0][0] != "`" else None
        if strange:
            raise Fault(f"unknown escape sequence U+{ord(strange[1]):04X} '{strange[1]}'", self.place)
        return self._token(Kind.STRING, len(found[0]))

    def braced(self) -> Token | None:
        """The next token inside the braces of a selector."""
        if self._skipped():
            return None
        here = self.text[self.place]
        if here in "\"'`":
            return self._string()
        if found := _LABEL.match(self.text, self.place):
            return self._token(Kind.NAME, len(found[0]))
        for sign in ("=~", "!~", "!=", "=", ",", "}"):
            if self.text.startswith(sign, self.place):
                self.braces = sign != "}"
                return self._token(Kind.SIGN, len(sign))
        after = f"'{self.text[self.place + 1 : self.place + 2]}'"
        if here == "!":
            raise Fault(f"unexpected character after '!' inside braces: {after}", self.place)
        if here == "{":
            raise Fault("unexpected left brace '{'", self.place)
        raise Fault(f"unexpected character inside braces: '{here}'", self.place)

    def plain(self) -> Token | None:
        """The next token outside braces."""
        return None if self._skipped() else self._plain(self.text[self.place])

    def _plain(self, here: str) -> Token:
        if here in "\"'`":
            return self._string()
        if here in "(){},[]":
            return self._bracket(here)
        if here.isdecimal() or (here == "." and self.text[self.place + 1 : self.place + 2].isdecimal()):
            return self._number()
        if self.bracket and here == ":":
            return self._token(Kind.SIGN, 1)
        if found := _WORD.match(self.text, self.place):
            return self._word(found[0])
        return self._operator(here)

    def _operator(self, here: str) -> Token:
        if found := _OPERATOR.match(self.text, self.place):
            if found[0] == "=~":
                raise Fault("unexpected character after '=': '~'", self.place)
            return self._token(Kind.SIGN, len(found[0]))
        if here == "!":
            raise Fault(f"unexpected character after '!': '{self.text[self.place + 1 : self.place + 2]}'", self.place)
        raise Fault(f"unexpected character: '{here}'", self.place)

    def _bracket(self, here: str) -> Token:
        self.parens += (here == "(") - (here == ")")
        if self.parens < 0:
            raise Fault("unexpected right parenthesis ')'", self.place)
        if (here == "[" and self.bracket) or (here == "]" and not self.bracket):
            raise Fault(f"unexpected {'left' if here == '[' else 'right'} bracket '{here}'", self.place)
        self.bracket = here == "[" or (self.bracket and here != "]")
        if here == "}":
            raise Fault("unexpected character: '}'", self.place)
        self.braces = here == "{"
        return self._token(Kind.SIGN, 1)

    def _number(self) -> Token:
        for kind, pattern in ((Kind.DURATION, _DURATION), (Kind.NUMBER, _NUMBER)):
            found = pattern.match(self.text, self.place)
            follows = self.text[found.end() : found.end() + 1] if found else "_"
            if found and not (follows.isalnum() or follows in ("_", ".")):
                if kind is Kind.DURATION and not _ORDERED.fullmatch(found[0]):
                    raise Fault(f'not a valid duration string: "{found[0]}"', self.place)
                return self._token(kind, len(found[0]))
        wrong = _WRONG.match(self.text, self.place)
        raise Fault(f'bad number or duration syntax: "{wrong[0] if wrong else ""}"', self.place)

    def _word(self, word: str) -> Token:
        lower = word.lower()
        if lower in ("inf", "nan"):
            return self._token(Kind.NUMBER, len(word))
        if lower in self._words:
            return self._token(Kind.WORD, len(word), lower)
        return self._token(Kind.METRIC if ":" in word else Kind.NAME, len(word))


def without_zero_offsets(text: str) -> str:
    """A text with every ``offset`` of nothing made blank, so that all else stays in its place."""
    blank = list(text)
    try:
        found = list(tokens(text, frozenset()))
    except Fault:
        return text
    for place, token in enumerate(found):
        if token.kind is Kind.WORD and token.text == "offset":
            amount = place + 1 + (found[place + 1].raw in ("-", "+"))
            if found[amount].kind in (Kind.NUMBER, Kind.DURATION) and not found[amount].raw.strip("0._smhdwy"):
                blank[token.place : found[amount].end] = " " * (found[amount].end - token.place)
    return "".join(blank)


def string_at(text: str, place: int) -> str | None:
    """The quoted string at a place, if there is one."""
    found = _QUOTED.match(text, place)
    return found[0] if found else None


def string_bytes(literal: str) -> bytes:
    """The bytes of a quoted string; its escapes may be of bytes that are not UTF-8."""
    if literal.startswith("`"):
        return literal[1:-1].encode()
    content, parts, place = literal[1:-1], [], 0
    for found in _ESCAPE.finditer(content):
        parts.append(content[place : found.start()].encode())
        place = found.end()
        octet, short, long, octal, letter = found.groups()
        if octet or octal:
            parts.append(bytes([int(octet, 16) if octet else int(octal, 8) & 255]))
        elif short or long:
            parts.append(chr(int(short or long, 16)).encode(errors="surrogatepass"))
        else:
            parts.append(bytes([_LETTERS[letter]]) if letter in _LETTERS else letter.encode())
    return b"".join((*parts, content[place:].encode()))
