"""From text to a syntax tree."""

import re
from datetime import UTC, datetime, timedelta

import promql_parser as ast

from labkit.clock import Millis
from labkit.promql.failures import MalformedQueryError, unsupported
from labkit.promql.options import Options
from labkit.promql.query import Query
from labkit.promql.values import Steps, Times
from labkit.signals.labels import NAME
from labkit.signals.matcher import Match, Matcher

_MILLISECOND = timedelta(milliseconds=1)
_DEEPEST = 150
"""Operators and opening parentheses a query may have: each may be a level of its syntax tree."""
_ASIDE = re.compile(r"""\"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|#.*""")
_NESTING = re.compile(r"[-+*/%^(\[]|[<>=!]+|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
_OPERATORS = (
    (ast.MatchOp.Equal, Match.EQUAL),
    (ast.MatchOp.NotEqual, Match.NOT_EQUAL),
    (ast.MatchOp.Re, Match.REGEX),
    (ast.MatchOp.NotRe, Match.NOT_REGEX),
)


def parse(query: str) -> ast.Expr:
    """The syntax tree of a query; :class:`MalformedQueryError` in the parser's words, which are mostly upstream's."""
    if len(_NESTING.findall(_ASIDE.sub("", query))) > _DEEPEST:  # the parser recurses, and would end the process
        raise MalformedQueryError("parse error: the query is too long", remedy="ask in several queries")
    try:
        tree = ast.parse(query)
        ast.walk(tree, _readable)
    except (ValueError, OverflowError) as error:
        raise MalformedQueryError(f"parse error: {error}", where=query, remedy="correct the query") from error
    return tree


def parsed(text: str, options: Options) -> Query:
    """A query, ready to be answered; :class:`MalformedQueryError` if it is none."""
    return Query(text, parse(text), options)


def _readable(node: ast.Expr) -> None:
    """Read what the parser converts only when it is asked for: raises if a time or duration is out of bounds."""
    if isinstance(node, ast.MatrixSelector):
        millis(node.range)
        _readable(node.vector_selector)
    if isinstance(node, ast.SubqueryExpr):
        millis(node.range or timedelta())
        millis(node.step or timedelta())
    if isinstance(node, ast.VectorSelector | ast.SubqueryExpr):
        millis(node.offset or timedelta())
        if node.at is not None and node.at.at is not None:
            moment(node.at.at)


def bare(node: ast.Expr) -> ast.Expr:
    """Without parentheses."""
    while isinstance(node, ast.ParenExpr):
        node = node.expr
    return node


def matchers(selector: ast.VectorSelector) -> tuple[Matcher, ...]:
    """What a selector asks of its series' labels."""
    if selector.matchers.or_matchers:
        raise unsupported("`or` between label matchers")
    found = [Matcher(m.name, _operator(m.op), m.value) for m in selector.matchers.matchers]
    if selector.name:
        found.insert(0, Matcher(NAME, Match.EQUAL, selector.name))
    return tuple(found)


def _operator(op: ast.MatchOp) -> Match:
    return next(ours for theirs, ours in _OPERATORS if theirs == op)  # the parser's enumeration cannot be hashed


def millis(duration: timedelta) -> Millis:
    """A duration in milliseconds."""
    return duration // _MILLISECOND


def moment(time: datetime) -> Millis:
    """A time in milliseconds since the epoch."""
    return (time - _ZERO) // _MILLISECOND


def ends(node: ast.VectorSelector | ast.SubqueryExpr, steps: Steps) -> Times:
    """When a selector or subquery looks, for each step: ``@`` fixes the time, ``offset`` moves it."""
    times = steps.times
    if node.at is not None:
        times = times * 0 + _fixed(node.at, steps)
    return times - millis(node.offset) if node.offset is not None else times


def _fixed(at: ast.AtModifier, steps: Steps) -> Millis:
    if at.type == ast.AtModifierType.Start:
        return steps.start
    if at.type == ast.AtModifierType.End or at.at is None:
        return steps.end
    return moment(at.at)


def selector_of(text: str) -> tuple[Matcher, ...]:
    """The matchers of a text that is nothing but a series selector; :class:`MalformedQueryError` if it is not."""
    node = parse(text)
    if not isinstance(node, ast.VectorSelector) or node.offset is not None or node.at is not None:
        raise MalformedQueryError("parse error: a series selector is wanted", where=text, remedy="name series only")
    return matchers(node)
