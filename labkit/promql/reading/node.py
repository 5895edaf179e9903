"""An outline of an expression: what is where in the text, and of what type."""

from dataclasses import dataclass, field
from enum import Enum

from labkit.promql.signatures import Type


class Form(Enum):
    """The forms of expressions."""

    NUMBER = "number"
    STRING = "string"
    SELECTOR = "selector"
    MATRIX = "matrix"
    SUBQUERY = "subquery"
    CALL = "call"
    AGGREGATION = "aggregation"
    PAREN = "paren"
    UNARY = "unary"
    BINARY = "binary"


@dataclass
class Node:
    """An expression: ``start`` and ``end`` are places in the text, ``name`` is that of a function or an operator.

    ``operator`` is the place of a binary operator; ``modifiers`` are the words that follow it.
    ``metric`` and ``matchers`` (name, operator, value) are those of a selector, ``at`` is its
    time in seconds, if ``@`` gives one.
    """

    form: Form
    start: int
    end: int
    type: Type
    children: list["Node"] = field(default_factory=list)
    name: str = ""
    operator: int = 0
    modifiers: list[str] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)
    metric: str = ""
    matchers: list[tuple[str, str, str]] = field(default_factory=list)
    at: float | None = None
