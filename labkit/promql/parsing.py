"""From text to a syntax tree."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import promql_parser as ast

from labkit.clock import Millis
from labkit.promql.failures import MalformedQueryError, unsupported
from labkit.promql.options import DEFAULT, Options
from labkit.promql.query import Query, position
from labkit.promql.reading import Fault, Places, children, diagnosed, places, without_zero_offsets
from labkit.promql.signatures import EXPERIMENTAL_AGGREGATIONS, SIGNATURES
from labkit.promql.values import Steps, Times
from labkit.signals.labels import NAME
from labkit.signals.matcher import Match, Matcher

_MILLISECOND = timedelta(milliseconds=1)
_DEEPEST = 150
"""Operators and opening parentheses a query may have: each may be a level of its syntax tree."""
_LONGEST = 2**18
"""Characters a query may have: reading takes a second for a million, and no deadline ends it."""
_ASIDE = re.compile(r"""\"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|#.*""")
_NESTING = re.compile(r"[-+*/%^(\[]|[<>=!]+|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
_COMPUTED = re.compile(
    r"\[(?!\s*-\s*\w+\s*\])[^\]]*[-+*/%^(][^\]]*\]|\boffset\s*[-+]?\s*(?:[a-z]+\s*)?\(", re.IGNORECASE
)
"""An expression in the place of a duration, which upstream parses behind a flag."""
_EXTENDED = re.compile(r"[\]\w}]\s+(anchored|smoothed)\b", re.IGNORECASE)
"""Modifiers of selectors that upstream parses behind a flag since 3.7."""
_BEFORE = re.compile(r"@\s*-")
_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
_OPERATORS = (
    (ast.MatchOp.Equal, Match.EQUAL),
    (ast.MatchOp.NotEqual, Match.NOT_EQUAL),
    (ast.MatchOp.Re, Match.REGEX),
    (ast.MatchOp.NotRe, Match.NOT_REGEX),
)


def parsed(text: str, options: Options = DEFAULT) -> Query:
    """A query, ready to be answered; :class:`MalformedQueryError` if it is none."""
    tree, found = _placed(text)
    query = Query(text, tree, options, found)
    for node in nodes(tree):
        _allowed(node, query)
    return query


@lru_cache(maxsize=1024)
def _placed(text: str) -> tuple[ast.Expr, Places]:
    """A tree and its places, kept: dashboards and rules ask the same again and again."""
    tree = _read(text)
    return tree, places(text, tree)


def nodes(tree: ast.Expr) -> Iterator[ast.Expr]:
    """A tree's nodes, each before its parts; the parser's own walk makes nodes anew, whose ids say nothing."""
    yield tree
    for child in children(tree):
        yield from nodes(child)


def parse(text: str) -> ast.Expr:
    """The syntax tree of a query.

    Raises :class:`MalformedQueryError` in upstream's words and with the position, as far as these can be
    found, else in the parser's; :class:`~labkit.promql.failures.UnsupportedError` for what upstream parses
    behind a flag.
    """
    return parsed(text).tree


def _read(text: str) -> ast.Expr:
    """What the parser makes of a text, each part of it readable."""
    # the parser recurses, and would end the process
    if len(text) > _LONGEST or len(_NESTING.findall(_ASIDE.sub("", text))) > _DEEPEST:
        raise MalformedQueryError("parse error: the query is too long", remedy="ask in several queries")
    try:
        tree = _tree(text)
        before_1970 = _BEFORE.search(_ASIDE.sub('""', text)) is not None
        for node in nodes(tree):
            _readable(node, before_1970=before_1970)
    except (ValueError, OverflowError) as error:
        if _COMPUTED.search(_ASIDE.sub('""', text)):
            raise unsupported("a duration that is computed") from error
        if extended := _EXTENDED.search(_ASIDE.sub('""', text)):
            raise unsupported(f"the modifier {extended[1]}") from error
        raise _malformed(text, diagnosed(text), str(error)) from error
    return tree


def _tree(text: str) -> ast.Expr:
    """What the parser makes of a text: of ``offset 0s``, which it refuses, nothing."""
    try:
        return _made(text)
    except ValueError:
        shorter = without_zero_offsets(text)
        if shorter == text:
            raise
        return _made(shorter)


def _made(text: str) -> ast.Expr:
    try:
        return ast.parse(text)
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of the parser's Rust: no Exception, and nowhere to import from
            raise
        raise ValueError("duration out of range") from error


def _malformed(text: str, fault: Fault | None, otherwise: str) -> MalformedQueryError:
    what = f"{position(text, fault.place)}: parse error: {fault.message}" if fault else f"parse error: {otherwise}"
    error = MalformedQueryError(what, where=text, remedy="correct the query")
    error.position = fault.place if fault else None
    return error


def _allowed(node: ast.Expr, query: Query) -> None:
    """Raise for a function that the parser knows and Prometheus does not, or not without its flag."""
    if isinstance(node, ast.AggregateExpr) and not query.options.experimental:
        if str(node.op) in EXPERIMENTAL_AGGREGATIONS:
            message = (
                f"{node.op}() is experimental and must be enabled with --enable-feature=promql-experimental-functions"
            )
            raise _malformed(query.text, Fault(message, query.places.starts.get(id(node), 0)), message)
    elif isinstance(node, ast.VectorSelector) and node.matchers.or_matchers:
        raise _malformed(query.text, diagnosed(query.text), 'unexpected "or" in label matching')
    elif isinstance(node, ast.Call):
        name = node.func.name
        message = "" if name in SIGNATURES else f'unknown function with name "{name}"'
        if not message and SIGNATURES[name].experimental and not query.options.experimental:
            message = f'function "{name}" is not enabled'
        if message:
            raise _malformed(query.text, Fault(message, query.places.starts.get(id(node), 0)), message)


def _readable(node: ast.Expr, *, before_1970: bool) -> None:
    """Read what the parser converts only when it is asked for: raises if a time or duration is out of bounds."""
    if isinstance(node, ast.MatrixSelector):
        millis(node.range)
    if isinstance(node, ast.SubqueryExpr):
        millis(node.range or timedelta())
        millis(node.step or timedelta())
    if isinstance(node, ast.VectorSelector | ast.SubqueryExpr):
        millis(node.offset or timedelta())
        if node.at is not None and not before_1970 and node.at.at is not None:
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
    if id(node) in steps.moments:
        times = times * 0 + steps.moments[id(node)]
    elif node.at is not None:
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
