"""Where the nodes of a parser's tree begin in the text."""

from dataclasses import dataclass, field
from typing import Any

import promql_parser as ast

from labkit.clock import SECOND, Millis
from labkit.promql.reading.node import Form, Node
from labkit.promql.reading.outline import outlined
from labkit.promql.reading.tokens import Fault

_FORMS: dict[type[ast.Expr], Form] = {
    ast.NumberLiteral: Form.NUMBER,
    ast.StringLiteral: Form.STRING,
    ast.VectorSelector: Form.SELECTOR,
    ast.MatrixSelector: Form.MATRIX,
    ast.SubqueryExpr: Form.SUBQUERY,
    ast.Call: Form.CALL,
    ast.AggregateExpr: Form.AGGREGATION,
    ast.ParenExpr: Form.PAREN,
    ast.UnaryExpr: Form.UNARY,
    ast.BinaryExpr: Form.BINARY,
}


@dataclass(frozen=True)
class Places:
    """What is known of a tree's nodes, by their ids: where they begin, and the times (milliseconds) that ``@`` names.

    The parser's own times are of no use before 1970: asking for one ends in a panic.
    """

    starts: dict[int, int] = field(default_factory=dict)
    moments: dict[int, Millis] = field(default_factory=dict)


NOWHERE = Places()


def places(text: str, tree: ast.Expr) -> Places:
    """Where the nodes of ``tree``, which ``text`` was parsed into, begin.

    Nodes of which the two readings do not agree are left out.
    """
    found = Places({}, {})
    try:
        _align(tree, outlined(text), found)
    except (Fault, RecursionError):
        return NOWHERE
    return found


def _align(node: Any, outline: Node, found: Places) -> None:
    form = _FORMS.get(type(node))
    if outline.name == "+" and outline.form is Form.UNARY and form is not Form.NUMBER:  # which the parser leaves out
        _align(node, outline.children[0], found)
        return
    if form is Form.NUMBER and outline.form is Form.UNARY:  # the parser takes the sign of a number for its own
        form = Form.UNARY
    if form is not outline.form:
        return
    found.starts[id(node)] = outline.start
    its = children(node)
    if outline.at is not None:  # of a range selector the parser keeps it with the selector inside
        found.moments[id(its[0] if form is Form.MATRIX else node)] = round(outline.at * SECOND)
    if len(its) == len(outline.children):
        for child, inner in zip(its, outline.children, strict=True):
            _align(child, inner, found)


def children(node: Any) -> list[Any]:
    """The expressions an expression has as its parts, in the order of the text."""
    match node:
        case ast.Call():
            return list(node.args)
        case ast.AggregateExpr():
            return [node.expr] if node.param is None else [node.param, node.expr]
        case ast.BinaryExpr():
            return [node.lhs, node.rhs]
        case ast.MatrixSelector():
            return [node.vector_selector]
        case ast.ParenExpr() | ast.UnaryExpr() | ast.SubqueryExpr():
            return [node.expr]
        case _:
            return []
