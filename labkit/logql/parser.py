"""From text to a syntax tree: a parser by recursive descent, which knows at every token what may follow.

Grammar: https://grafana.com/docs/loki/latest/query/ and upstream ``pkg/logql/syntax/syntax.y``.
"""

from collections.abc import Callable

from labkit.logql import syntax
from labkit.logql.checks import check_aggregation, check_leg, check_pattern, check_selector, counted
from labkit.logql.conditions import condition, literal
from labkit.logql.failures import ParseError
from labkit.logql.reading import MATCHES, Reader
from labkit.logql.stages import pipeline
from labkit.logql.tokens import CONVERSIONS, END, RANGE_OPERATIONS, VECTOR_OPERATIONS, Token
from labkit.signals.matcher import Matcher
from labkit.signals.streams import Nanos

_PRECEDENCE = {"or": 1, "and": 2, "unless": 2, "==": 3, "!=": 3, ">": 3, ">=": 3, "<": 3, "<=": 3,
               "+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "^": 6}  # fmt: skip


def parse(query: str) -> syntax.Query:
    """The syntax tree of a query; :class:`ParseError` in Loki's words, with line and column."""
    reader = Reader(query)
    tree = _expression(reader)
    if not reader.at(END):
        raise reader.unexpected()
    return tree


def parse_selector(text: str) -> tuple[Matcher, ...]:
    """The matchers of a text that is nothing but a stream selector."""
    tree = parse(text)
    if not isinstance(tree, syntax.LogQuery) or tree.stages:
        raise ParseError("only label matchers are supported")
    return tree.matchers


def _expression(reader: Reader, binding: int = 1) -> syntax.Query:
    """Operands and the operators that bind at least as closely as ``binding``; only ``^`` binds to the right."""
    left = _operand(reader)
    while _PRECEDENCE.get(reader.next.kind, 0) >= binding:
        reader.deeper()
        operator = reader.take()
        matching = _matching(reader)
        closeness = _PRECEDENCE[operator.kind]
        right = _expression(reader, closeness if operator.kind == "^" else closeness + 1)
        left = syntax.BinaryOperation(
            operator.kind, check_leg(operator, "left", left), check_leg(operator, "right", right), matching
        )
    return left


def _operand(reader: Reader) -> syntax.Query:
    if reader.next.kind not in _OPERANDS:
        raise reader.unexpected()
    return _OPERANDS[reader.next.kind](reader)


def _parenthesis(reader: Reader) -> syntax.Query:
    reader.deeper()
    reader.take()
    inner = _expression(reader)
    reader.expect(")")
    return inner


def _number(reader: Reader) -> syntax.Query:
    return syntax.Literal(literal(reader))


def _selector(reader: Reader) -> tuple[Matcher, ...]:
    opening = reader.expect("{")
    matchers: list[Matcher] = []
    if not reader.at("}"):
        matchers.append(_matcher(reader, "IDENTIFIER", "}"))
        while reader.taken(","):
            matchers.append(_matcher(reader, "IDENTIFIER"))
    reader.expect("}", ",")
    check_selector(matchers, opening)
    return tuple(matchers)


def _matcher(reader: Reader, *expected: str) -> Matcher:
    name = reader.expect(*expected)
    if not reader.at(*MATCHES):
        raise reader.unexpected(*MATCHES)
    return reader.matcher(name, reader.take().kind)


def _log_query(reader: Reader) -> syntax.LogQuery:
    return syntax.LogQuery(_selector(reader), pipeline(reader))


# ── ranges ────────────────────────────────────────────────────────────────────────────────────────


def _log_range(reader: Reader) -> syntax.LogRange:
    """A selector with its range, before the pipeline or behind it; parentheses may enclose both or leave the range out."""
    if not reader.taken("("):
        return _ranged(reader, _log_query(reader), _unwrap(reader))
    reader.deeper()
    if reader.at("("):
        inner = _log_range(reader)
        reader.expect(")")
        return inner
    query, unwrap = _log_query(reader), _unwrap(reader)
    if reader.at("RANGE"):
        inner = _ranged(reader, query, unwrap)
        reader.expect(")")
        return inner
    reader.expect(")", "RANGE")
    return _ranged(reader, query, unwrap)


def _ranged(reader: Reader, query: syntax.LogQuery, unwrap: syntax.Unwrap | None) -> syntax.LogRange:
    length = reader.expect("RANGE")
    offset = _offset(reader)
    if not query.stages and unwrap is None:
        query = syntax.LogQuery(query.matchers, pipeline(reader))
        unwrap = _unwrap(reader)
    return syntax.LogRange(query, length.value, offset, unwrap)


def _offset(reader: Reader) -> Nanos:
    return int(reader.expect("DURATION").value) if reader.taken("offset") else 0


def _unwrap(reader: Reader) -> syntax.Unwrap | None:
    if not reader.at("|") or reader.ahead() != "unwrap":
        return None
    reader.take()
    reader.take()
    conversion = ""
    if reader.at(*CONVERSIONS):
        conversion = CONVERSIONS[reader.take().kind]
        reader.expect("(")
        label = reader.expect("IDENTIFIER").text
        reader.expect(")")
    else:
        label = reader.expect("IDENTIFIER").text
    conditions = []
    while reader.taken("|"):
        conditions.append(condition(reader))
    return syntax.Unwrap(label, conversion, tuple(conditions))


# ── metric queries ────────────────────────────────────────────────────────────────────────────────


def _range_aggregation(reader: Reader) -> syntax.MetricQuery:
    function = reader.take()
    reader.deeper()
    reader.expect("(")
    parameter: Token | None = None
    if reader.at("NUMBER"):
        parameter = reader.take()
        reader.expect(",")
    elif not reader.at("{", "("):
        raise reader.unexpected("NUMBER", "{", "(")
    inner = _log_range(reader)
    reader.expect(")")
    node = syntax.RangeAggregation(
        function.value, inner, reader.number(parameter) if parameter else None, _grouping(reader)
    )
    check_aggregation(node, function)
    return node


def _vector_aggregation(reader: Reader) -> syntax.MetricQuery:
    function = reader.take()
    reader.deeper()
    before = _grouping(reader)
    reader.expect("(")
    parameter: Token | None = None
    if reader.at("NUMBER") and reader.ahead() == ",":
        parameter = reader.take()
        reader.take()
    inner = check_leg(function, "argument", _expression(reader))
    reader.expect(")")
    grouping = before if before is not None else _grouping(reader)
    return syntax.VectorAggregation(function.value, inner, counted(function, parameter, grouping), grouping)


def _grouping(reader: Reader) -> syntax.Grouping | None:
    if not reader.at("by", "without"):
        return None
    without = reader.take().kind == "without"
    return syntax.Grouping(without, reader.names())


def _vector(reader: Reader) -> syntax.MetricQuery:
    reader.take()
    reader.expect("(")
    value = reader.number(reader.expect("NUMBER"))
    reader.expect(")")
    return syntax.Literal(value, vector=True)


def _label_replace(reader: Reader) -> syntax.MetricQuery:
    function = reader.take()
    reader.deeper()
    reader.expect("(")
    inner = check_leg(function, "argument", _expression(reader))
    texts = []
    for _ in range(4):
        reader.expect(",")
        texts.append(reader.expect("STRING").value)
    reader.expect(")")
    check_pattern(texts[3], function)
    return syntax.LabelReplace(inner, *texts)


def _matching(reader: Reader) -> syntax.Matching:
    as_bool = reader.taken("bool")
    if not reader.at("on", "ignoring"):
        return syntax.Matching(as_bool)
    on = reader.take().kind == "on"
    names = reader.names()
    group, include = "", tuple[str, ...]()
    if reader.at("group_left", "group_right"):
        group = reader.take().kind.removeprefix("group_")
        include = reader.names() if reader.at("(") and _is_labels(reader) else ()
    return syntax.Matching(as_bool, on, names, group, include)


def _is_labels(reader: Reader) -> bool:
    """Whether the parenthesis that comes next holds labels, not the operator's right side."""
    return reader.ahead() in ("IDENTIFIER", ")")


_OPERANDS: dict[str, Callable[[Reader], syntax.Query]] = {
    "{": _log_query,
    "(": _parenthesis,
    **dict.fromkeys(("NUMBER", "+", "-"), _number),
    **dict.fromkeys(map(str.upper, RANGE_OPERATIONS), _range_aggregation),
    **dict.fromkeys(map(str.upper, VECTOR_OPERATIONS), _vector_aggregation),
    "VECTOR": _vector,
    "label_replace": _label_replace,
}
"""How what begins with a token of each kind is read."""
