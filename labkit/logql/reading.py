"""Going through the tokens of a query: what both halves of the parser stand on."""

from collections.abc import Callable
from typing import TypeVar

from labkit.errors import QueryError
from labkit.logql.failures import ParseError
from labkit.logql.tokens import Token, tokens
from labkit.logql.units import number
from labkit.signals.matcher import Match, Matcher

DEEPEST = 150
"""Operators and opening parentheses a query may have: each may be a level of its syntax tree."""

MATCHES = {"=": Match.EQUAL, "!=": Match.NOT_EQUAL, "=~": Match.REGEX, "!~": Match.NOT_REGEX}

T = TypeVar("T")


class Reader:
    """The tokens of ``query``, and which of them comes next."""

    def __init__(self, query: str) -> None:
        self._tokens = tokens(query)
        self._place = 0
        self._levels = 0

    @property
    def next(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._place]

    def ahead(self, number: int = 1) -> str:
        """The kind of the token ``number`` after the next."""
        return self._tokens[min(self._place + number, len(self._tokens) - 1)].kind

    def at(self, *kinds: str) -> bool:
        """Whether the next token is of one of ``kinds``."""
        return self.next.kind in kinds

    def take(self) -> Token:
        """The next token, which then has passed."""
        token = self.next
        self._place += 1
        return token

    def taken(self, *kinds: str) -> bool:
        """Whether the next token is of one of ``kinds``; if so it has passed."""
        found = self.at(*kinds)
        self._place += found
        return found

    def expect(self, *kinds: str) -> Token:
        """The next token, which must be of one of ``kinds``."""
        if not self.at(*kinds):
            raise self.unexpected(*kinds)
        return self.take()

    def unexpected(self, *expected: str) -> ParseError:
        """The error that the next token is none that may stand here."""
        wanted = f", expecting {' or '.join(expected)}" if expected else ""
        return self.wrong(f"syntax error: unexpected {self.next.kind}{wanted}", self.next)

    def wrong(self, reason: str, token: Token) -> ParseError:
        """An error at a token."""
        return ParseError(reason, token.line, token.column)

    def deeper(self) -> None:
        """Count a level of the tree; raises if there are too many for those who walk down it."""
        self._levels += 1
        if self._levels > DEEPEST:
            raise self.wrong("the query has too many operators and parentheses", self.next)

    def separated(self, one: Callable[[], T]) -> list[T]:
        """One or more, with commas between them."""
        found = [one()]
        while self.taken(","):
            found.append(one())
        return found

    def names(self) -> tuple[str, ...]:
        """Labels in parentheses, perhaps none."""
        self.expect("(")
        if self.taken(")"):
            return ()
        found = [self.expect("IDENTIFIER", ")").text]
        while self.taken(","):
            found.append(self.expect("IDENTIFIER").text)
        self.expect(")", ",")
        return tuple(found)

    def number(self, token: Token, sign: str = "") -> float:
        """The value of a number's token."""
        try:
            return number(sign + token.text)
        except ValueError as error:
            raise self.wrong(f"unable to parse literal as a float: {error}", token) from error

    def matcher(self, name: Token, op: str) -> Matcher:
        """A matcher, of whose tokens only the text is left."""
        value = self.expect("STRING")
        try:
            return Matcher(name.text, MATCHES[op], value.value)
        except QueryError as error:
            raise self.wrong(error.what, value) from error
