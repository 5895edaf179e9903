"""From tokens to a tree (the grammar of https://pkg.go.dev/text/template)."""

import ast
import re
from collections.abc import Container, Iterable

from labkit.gotemplate.failure import TemplateError, misread
from labkit.gotemplate.nodes import (
    Body,
    Branch,
    Call,
    Field,
    Include,
    Jump,
    Literal,
    Node,
    Operand,
    Pipeline,
    Print,
    Range,
    Text,
    Variable,
)
from labkit.gotemplate.tokens import Token, tokens

_CONSTANTS = {"true": True, "false": False, "nil": None}
_ENDS = ("end", "else")
_ESCAPED = re.compile(
    r"""(?:[^\\]|\\(?:[abfnrtv\\'"]|[0-7]{3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}))*""", re.DOTALL
)
_DEEPEST = 100
"""Levels of blocks and parentheses that a template may have."""


class Parser:
    """Reads one template; ``functions`` are the names that may be called."""

    def __init__(self, source: str, functions: Container[str], variables: Iterable[str]) -> None:
        self._source = source
        self._functions = functions
        self._variables = ["$", *variables]
        self._tokens = list(tokens(source))
        self._place = 0
        self._depth = 0
        self._loops = 0
        self.named: dict[str, Body] = {}

    def parse(self) -> Body:
        """The whole template; what it defines is in :attr:`named`."""
        body, end = self._body()
        if end:
            raise self._error(f"unexpected {{{{{end.text}}}}}", end)
        return body

    # ── blocks ────────────────────────────────────────────────────────────────────────────────

    def _body(self) -> tuple[Body, Token | None]:
        """Nodes up to ``end`` or ``else``, whose token is given; it is taken, what follows it is not."""
        nodes: list[Node] = []
        while self._place < len(self._tokens):
            token = self._next()
            if token.kind == "text":
                nodes.append(Text(token.text))
            elif token.kind == "word" and token.text in _ENDS:
                return tuple(nodes), token
            elif token.kind != "comment":
                nodes += self._action(token)
        return tuple(nodes), None

    def _action(self, token: Token) -> list[Node]:
        block = {
            "if": self._branch, "with": self._branch, "range": self._range, "define": self._define,
            "block": self._block, "template": self._include, "break": self._jump, "continue": self._jump,
        }.get(token.text) if token.kind == "word" else None  # fmt: skip
        if block is not None:
            return block(token)
        self._place -= 1
        return [Print(self._pipeline("close"))]

    def _branch(self, token: Token) -> list[Node]:
        known = len(self._variables)
        pipeline = self._pipeline("close")
        then, otherwise = self._arms(token)
        del self._variables[known:]
        return [Branch(pipeline, then, otherwise, dotted=token.text == "with")]

    def _range(self, token: Token) -> list[Node]:
        known = len(self._variables)
        pipeline = self._pipeline("close", most=2)
        self._loops += 1
        body, otherwise = self._arms(token)
        self._loops -= 1
        del self._variables[known:]
        return [Range(pipeline, body, otherwise)]

    def _arms(self, opened: Token) -> tuple[Body, Body]:
        """What stands in a block, and what in its ``else``."""
        self._deeper(opened)
        known = len(self._variables)
        then, end = self._body()
        del self._variables[known:]
        otherwise: Body = ()
        if end is not None and end.text == "else":
            follower = self._peek()
            if follower.kind == "word" and follower.text == opened.text and opened.text in ("if", "with"):
                otherwise = tuple(self._branch(self._next()))
                self._depth -= 1
                return then, otherwise  # its end is ours
            self._close("else")
            otherwise, end = self._body()
        if end is None or end.text != "end":
            raise self._error(f"{opened.text} has no end", opened)
        self._close("end")
        self._depth -= 1
        return then, otherwise

    def _define(self, token: Token) -> list[Node]:
        name = self._name(token)
        self._close("define")
        self.named[name] = self._closed(token)
        return []

    def _block(self, token: Token) -> list[Node]:
        name, pipeline = self._name(token), self._pipeline("close")
        self.named[name] = self._closed(token)
        return [Include(name, pipeline, token.offset)]

    def _closed(self, opened: Token) -> Body:
        outer, self._variables = self._variables, ["$"]
        body, otherwise = self._arms(opened)
        self._variables = outer
        if otherwise:
            raise self._error(f"unexpected {{{{else}}}} in {opened.text}", opened)
        return body

    def _include(self, token: Token) -> list[Node]:
        name = self._name(token)
        if self._peek().kind == "close":
            self._next()
            return [Include(name, None, token.offset)]
        return [Include(name, self._pipeline("close"), token.offset)]

    def _jump(self, token: Token) -> list[Node]:
        if not self._loops:
            raise self._error(f"{{{{{token.text}}}}} outside {{{{range}}}}", token)
        self._close(token.text)
        return [Jump(leave=token.text == "break")]

    def _name(self, opened: Token) -> str:
        token = self._next()
        if token.kind not in ("string", "raw"):
            raise self._error(f"unexpected {token.text!r} in {opened.text} clause", token)
        return str(self._string(token))

    # ── pipelines ─────────────────────────────────────────────────────────────────────────────

    def _pipeline(self, end: str, most: int = 1) -> Pipeline:
        """A pipeline up to the token of kind (or text) ``end``, which is taken."""
        first = self._peek()
        self._deeper(first)
        variables, assign = self._declared(most)
        commands = [self._command()]
        while (token := self._next()).text == "|" and token.kind == "mark":
            commands.append(self._command())
            if not isinstance(commands[-1], Call):
                raise self._error("non executable command in pipeline", token)
        if end not in (token.kind, token.text):
            raise self._error(f"unexpected {token.text!r} in command", token)
        if not assign:
            self._variables += variables
        self._depth -= 1
        return Pipeline(tuple(commands), variables, assign, first.offset)

    def _declared(self, most: int) -> tuple[tuple[str, ...], bool]:
        """The variables before ``:=`` or ``=``, if there are any."""
        begun = self._place
        names: list[Token] = []
        while self._peek().kind == "variable" and len(names) < most:
            names.append(self._next())
            if self._peek().text != ",":
                break
            self._next()
        mark = self._peek()
        if not names or mark.text not in (":=", "="):
            self._place = begun
            return (), False
        self._next()
        for name in names if mark.text == "=" else ():
            self._known(name)
        return tuple(name.text for name in names), mark.text == "="

    def _command(self) -> Operand:
        first = self._peek()
        if self._ends(first):
            raise self._error("missing value for command", first)
        if first.kind == "word" and first.text not in _CONSTANTS:
            return self._call()
        operand = self._operand()
        if not self._ends(self._peek()):
            raise self._error(f"can't give argument to non-function {first.text}", first)
        return operand

    def _call(self) -> Call:
        name = self._function()
        arguments = []
        while not self._ends(self._peek()):
            arguments.append(self._operand())
        return Call(name.text, tuple(arguments), name.offset)

    def _operand(self) -> Operand:
        """A value, with the fields that stand right behind it."""
        token = self._next()
        operand: Operand
        if token.kind == "field" or token.text == ".":
            operand = Field((token.text[1:],) if token.kind == "field" else (), None, token.offset)
        elif token.kind == "variable":
            self._known(token)
            operand = Variable(token.text, token.offset)
        elif token.text == "(" and token.kind == "mark":
            operand = self._pipeline(")")
        elif token.kind == "word" and token.text not in _CONSTANTS:
            self._place -= 1
            operand = Call(self._function().text, (), token.offset)
        else:
            return Literal(self._constant(token))
        end = token.offset + len(token.text) if token.text != "(" else self._tokens[self._place - 1].offset + 1
        while self._place < len(self._tokens) and self._peek().kind == "field" and self._peek().offset == end:
            field = self._next()
            end = field.offset + len(field.text)
            operand = Field((field.text[1:],), operand, field.offset)
        return operand

    def _function(self) -> Token:
        token = self._next()
        if token.text not in self._functions:
            raise self._error(f'function "{token.text}" not defined', token)
        return token

    def _constant(self, token: Token) -> str | float | bool | None:
        if token.kind in ("string", "raw"):
            return self._string(token)
        if token.kind == "number":
            return _number(token.text)
        if token.kind == "word":
            return _CONSTANTS[token.text]
        if token.kind == "char":
            return ord(_unquoted(token.text))
        raise self._error(f"missing value for command, not {token.text!r}", token)

    def _string(self, token: Token) -> str:
        try:
            return token.text[1:-1] if token.kind == "raw" else _unquoted(token.text)
        except (ValueError, SyntaxError) as error:
            raise self._error(f"invalid syntax in the string {token.text}", token) from error

    # ── tokens ────────────────────────────────────────────────────────────────────────────────

    def _next(self) -> Token:
        token = self._peek()
        self._place += 1
        return token

    def _peek(self) -> Token:
        if self._place >= len(self._tokens):
            raise misread("unexpected end of the template", self._source, len(self._source))
        return self._tokens[self._place]

    def _close(self, what: str) -> None:
        token = self._next()
        if token.kind != "close":
            raise self._error(f"unexpected {token.text!r} in {what}", token)

    @staticmethod
    def _ends(token: Token) -> bool:
        return token.kind == "close" or token.text in ("|", ")")

    def _known(self, token: Token) -> None:
        if token.text not in self._variables:
            raise self._error(f'undefined variable "{token.text}"', token)

    def _deeper(self, token: Token) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("the template is nested too deeply", token)

    def _error(self, what: str, token: Token) -> TemplateError:
        return misread(what, self._source, token.offset)


def _number(text: str) -> int | float:
    digits = text.replace("_", "")
    if re.fullmatch(r"[+-]?(0[xXbBoO].+|\d+)", digits):
        octal = re.fullmatch(r"([+-]?)0(\d+)", digits)
        return int(f"{octal[1]}0o{octal[2]}", 0) if octal else int(digits, 0)
    return float(digits)


def _unquoted(text: str) -> str:
    """A Go string or character: the escapes that it has are Python's too."""
    if not _ESCAPED.fullmatch(text):
        raise ValueError(text)
    return str(ast.literal_eval(text))
