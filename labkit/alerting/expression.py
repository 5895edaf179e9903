"""The expression of a rule: what it reads, and whether it may look beyond the time of its evaluation."""

from dataclasses import dataclass
from datetime import timedelta

import promql_parser as ast

from labkit.promql.parsing import matchers, parse
from labkit.signals.matcher import Matcher


@dataclass(frozen=True)
class Expression:
    """An expression, the matchers of each of its selectors, and whether it must be evaluated step by step.

    ``@`` and a negative offset make what is seen depend on more than the step's own past: ``@ end()``
    is the step itself in a rule but the last step of a range query, and a negative offset would see
    in a range query what at the time of the rule's evaluation had not happened.
    """

    text: str
    selectors: tuple[tuple[Matcher, ...], ...]
    stepwise: bool


def expression(text: str) -> Expression:
    """Read an expression; raises :class:`~labkit.errors.QueryError` if it is none."""
    found: list[tuple[Matcher, ...]] = []
    stepwise = False

    def visit(node: ast.Expr) -> None:
        nonlocal stepwise
        if isinstance(node, ast.MatrixSelector):
            visit(node.vector_selector)
        if isinstance(node, ast.VectorSelector):
            found.append(matchers(node))
        if isinstance(node, ast.VectorSelector | ast.SubqueryExpr):
            stepwise |= node.at is not None or (node.offset is not None and node.offset < timedelta())

    ast.walk(parse(text), visit)
    return Expression(text, tuple(found), stepwise)
