"""A template that is ready, and how it is carried out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labkit.gotemplate.bounds import LONGEST, bounded
from labkit.gotemplate.builtins import BUILTINS, SHORT_CIRCUIT, Function
from labkit.gotemplate.failure import TemplateError, at
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
from labkit.gotemplate.parser import Parser
from labkit.gotemplate.values import field, printed, truth

_STEPS = 100_000
"""Nodes that may be carried out: a template that includes itself ends here."""
_CHARACTERS = 16
"""Characters given to functions, or made by them, that cost as much as a node."""
_DEEPEST = 50
"""Templates that may be included in one another."""


def parse(source: str, functions: Mapping[str, Function] | None = None, variables: Iterable[str] = ()) -> "Template":
    """Read a template; ``variables`` (``"$labels"``) are those that will be given when it is rendered.

    Raises :class:`TemplateError` with line and column if it cannot be read or calls what is not among
    ``functions`` and the built-in ones.
    """
    known = {**BUILTINS, **(functions or {})}
    parser = Parser(source, {*known, *SHORT_CIRCUIT}, variables)
    return Template(source, parser.parse(), parser.named, known)


class _Jumped(Exception):
    """``break`` or ``continue`` on its way to the innermost ``range``."""

    def __init__(self, *, leave: bool) -> None:
        self.leave = leave


@dataclass(frozen=True)
class Template:
    """A template that was read."""

    source: str
    body: Body
    named: Mapping[str, Body]
    functions: Mapping[str, Function]

    def render(self, data: Any, variables: Mapping[str, Any] | None = None) -> str:
        """The text for ``data`` (the dot); raises :class:`TemplateError` where a step cannot be taken."""
        try:
            return _Run(self).text(data, {"$": data, **(variables or {})})
        except RecursionError as error:
            raise TemplateError("a value is nested too deeply", remedy="take what you need out of it") from error


class _Run:
    """One rendering."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._out: list[str] = []
        self._length = 0
        self._steps = 0
        self._depth = 0

    def text(self, data: Any, variables: dict[str, Any]) -> str:
        self._body(self._template.body, data, [variables])
        return "".join(self._out)

    def _body(self, body: Body, dot: Any, scopes: list[dict[str, Any]]) -> None:
        inner = [*scopes, {}]
        self._spend(1 + len(body))
        for node in body:
            self._node(node, dot, inner)

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps > _STEPS:
            raise TemplateError("the template takes too many steps", remedy="write it without so long a loop")

    def _node(self, node: Node, dot: Any, scopes: list[dict[str, Any]]) -> None:
        match node:
            case Text(text):
                self._write(text)
            case Print(pipeline):
                value = self._pipeline(pipeline, dot, scopes)
                if not pipeline.variables:
                    self._write(printed(value))
            case Branch():
                self._branch(node, dot, scopes)
            case Range():
                self._range(node, dot, scopes)
            case Include():
                self._include(node, dot, scopes)
            case Jump(leave):
                raise _Jumped(leave=leave)

    def _write(self, text: str) -> None:
        self._length += len(text)
        if self._length > LONGEST:
            raise TemplateError(f"the text is longer than {LONGEST} characters", remedy="write a shorter template")
        self._out.append(text)

    def _branch(self, node: Branch, dot: Any, scopes: list[dict[str, Any]]) -> None:
        inner = [*scopes, {}]
        value = self._pipeline(node.pipeline, dot, inner)
        if truth(value):
            self._body(node.then, value if node.dotted else dot, inner)
        else:
            self._body(node.otherwise, dot, inner)

    def _range(self, node: Range, dot: Any, scopes: list[dict[str, Any]]) -> None:
        quiet = Pipeline(node.pipeline.commands, offset=node.pipeline.offset)
        pairs = list(self._elements(self._pipeline(quiet, dot, scopes), node))
        for key, element in pairs:
            names = node.pipeline.variables
            given = dict(zip(names, (element,) if len(names) == 1 else (key, element), strict=False))
            try:
                self._body(node.body, element, [*scopes, given])
            except _Jumped as jumped:
                if jumped.leave:
                    break
        if not pairs:
            self._body(node.otherwise, dot, scopes)

    def _elements(self, value: Any, node: Range) -> Iterator[tuple[Any, Any]]:
        if isinstance(value, Mapping):
            yield from ((key, value[key]) for key in sorted(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            yield from ((number, number) for number in range(min(value, _STEPS)))
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield from enumerate(value)
        elif value is not None:
            raise self._error(f"range can't iterate over {printed(value)}", node.pipeline.offset)

    def _include(self, node: Include, dot: Any, scopes: list[dict[str, Any]]) -> None:
        body = self._template.named.get(node.name)
        if body is None:
            raise self._error(f'template "{node.name}" not defined', node.offset)
        given = None if node.pipeline is None else self._pipeline(node.pipeline, dot, scopes)
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("exceeded maximum template depth", node.offset)
        self._body(body, given, [{"$": given}])
        self._depth -= 1

    # ── values ────────────────────────────────────────────────────────────────────────────────

    def _pipeline(self, pipeline: Pipeline, dot: Any, scopes: list[dict[str, Any]]) -> Any:
        value: tuple[Any, ...] = ()
        for command in pipeline.commands:
            value = (self._value(command, dot, scopes, *value),)
        for name in pipeline.variables:
            scope = next(known for known in reversed(scopes) if name in known) if pipeline.assign else scopes[-1]
            scope[name] = value[0]
        return value[0]

    def _value(self, node: Operand, dot: Any, scopes: list[dict[str, Any]], *piped: Any) -> Any:
        match node:
            case Literal(value):
                return value
            case Variable(name, offset):
                return self._variable(name, offset, scopes)
            case Pipeline():
                return self._pipeline(node, dot, scopes)
            case Call():
                return self._call(node, dot, scopes, piped)
            case Field():
                return self._field(node, dot, scopes)

    def _variable(self, name: str, offset: int, scopes: list[dict[str, Any]]) -> Any:
        for scope in reversed(scopes):
            if name in scope:
                return scope[name]
        raise self._error(f"the variable {name} was not given", offset)

    def _field(self, node: Field, dot: Any, scopes: list[dict[str, Any]]) -> Any:
        value = dot if node.base is None else self._value(node.base, dot, scopes)
        for name in node.names:
            try:
                value = field(value, name)
            except TypeError as error:
                raise self._error(str(error), node.offset) from error
        return value

    def _call(self, node: Call, dot: Any, scopes: list[dict[str, Any]], piped: tuple[Any, ...]) -> Any:
        if node.function in SHORT_CIRCUIT:
            return self._short_circuit(node, dot, scopes, piped)
        arguments = (*(self._value(argument, dot, scopes) for argument in node.arguments), *piped)
        try:
            self._spend(1 + bounded(_characters(arguments)) // _CHARACTERS)
            value = self._template.functions[node.function](*arguments)
            self._spend(bounded(_characters((value,))) // _CHARACTERS)
            return value
        except TemplateError as error:
            if error.where:
                raise
            raise self._error(f"error calling {node.function}: {error.what}", node.offset) from error
        except (TypeError, ValueError, ArithmeticError) as error:
            raise self._error(f"error calling {node.function}: {error}", node.offset) from error

    def _short_circuit(self, node: Call, dot: Any, scopes: list[dict[str, Any]], piped: tuple[Any, ...]) -> Any:
        if not node.arguments and not piped:
            raise self._error(f"wrong number of args for {node.function}: want at least 1 got 0", node.offset)
        value: Any = None
        for argument in node.arguments:
            value = self._value(argument, dot, scopes)
            if truth(value) is (node.function == "or"):
                return value
        return piped[0] if piped else value

    def _error(self, what: str, offset: int) -> TemplateError:
        return TemplateError(what, where=at(self._template.source, offset), remedy="correct the template")


def _characters(values: Iterable[Any]) -> int:
    return sum(len(value) for value in values if isinstance(value, str))
