"""What a query must be beyond its grammar; each failure in Loki's words, and with a place."""

from collections.abc import Sequence

from labkit.errors import LabkitError, QueryError
from labkit.logql import syntax
from labkit.logql.failures import ParseError
from labkit.logql.pipeline import compiled
from labkit.logql.tokens import Token
from labkit.signals import regex
from labkit.signals.matcher import Matcher

_GROUPED = frozenset({
    "avg_over_time", "stddev_over_time", "stdvar_over_time", "quantile_over_time", "max_over_time", "min_over_time",
    "first_over_time", "last_over_time",
})  # fmt: skip
_UNWRAPPED = _GROUPED | {"sum_over_time", "rate", "rate_counter", "absent_over_time"}
_LINES = frozenset({"bytes_over_time", "bytes_rate", "count_over_time", "rate", "absent_over_time"})
_COUNTED = ("topk", "bottomk", "approx_topk")
_SETS = ("and", "or", "unless")


def check_selector(matchers: Sequence[Matcher], opening: Token) -> None:
    """A selector must leave something out: a query of every stream is refused."""
    if all(matcher.accepts("") for matcher in matchers):
        raise _wrong(
            "queries require at least one regexp or equality matcher that does not have an empty-compatible value. "
            'For instance, app=~".*" does not meet this requirement, but app=~".+" will',
            opening,
        )


def checked(stage: syntax.Stage, start: Token) -> syntax.Stage:
    """A stage, whose expressions and templates must be some."""
    try:
        compiled(stage)
    except (LabkitError, ValueError) as error:
        reason = error.what if isinstance(error, LabkitError) else str(error)
        raise _wrong(f"stage '{stage}' : {reason}", start) from error
    return stage


def check_leg(operator: Token, side: str, leg: syntax.Query) -> syntax.MetricQuery:
    """A side of an operator must be a metric query, and of a set operator a vector."""
    op = operator.text.lower()
    if isinstance(leg, syntax.LogQuery):
        kind = "PipelineExpr" if leg.stages else "MatchersExpr"
        if side == "argument":
            raise _wrong(f"{op} wants a metric query, such as count_over_time({leg} [5m]); got a log query", operator)
        raise _wrong(f"unexpected type for {side} leg of binary operation ({op}): *syntax.{kind}", operator)
    if op in _SETS and isinstance(leg, syntax.Literal) and not leg.vector:
        raise _wrong(
            f"unexpected literal for {side} leg of logical/set binary operation ({op}): {leg.value:f}", operator
        )
    return leg


def check_aggregation(node: syntax.RangeAggregation, function: Token) -> None:
    """A range aggregation must have the parameter, the grouping and the ``unwrap`` that its operation wants."""
    op = node.op
    if node.parameter is not None and op != "quantile_over_time":
        raise _wrong(f"parameter {node.parameter:g} not supported for operation {op}", function)
    if node.parameter is None and op == "quantile_over_time":
        raise _wrong(f"parameter required for operation {op}", function)
    if node.grouping is not None and op not in _GROUPED:
        raise _wrong(f"grouping not allowed for {op} aggregation", function)
    if node.range.unwrap is not None and op not in _UNWRAPPED:
        raise _wrong(f"invalid aggregation {op} with unwrap", function)
    if node.range.unwrap is None and op not in _LINES:
        raise _wrong(f"invalid aggregation {op} without unwrap", function)


def check_pattern(pattern: str, function: Token) -> None:
    """The pattern of ``label_replace`` must be one."""
    try:
        regex.compiled(pattern)
    except QueryError as error:
        raise _wrong(f"invalid regex in label_replace: {error.what}", function) from error


def counted(function: Token, parameter: Token | None, grouping: syntax.Grouping | None) -> int | None:
    """How many series ``topk`` and its like keep; ``None`` for the others."""
    op = function.value
    if op in ("sort", "sort_desc") and grouping is not None and grouping.names:
        raise _wrong("sort and sort_desc doesn't allow grouping by ", function)
    if op == "approx_topk" and grouping is not None:
        raise _wrong("grouping not allowed for approx_topk aggregation", function)
    if op not in _COUNTED:
        if parameter is not None:
            raise _wrong(f"unsupported parameter for operation {op}({parameter.text},", parameter)
        return None
    if parameter is None:
        raise _wrong(f"parameter required for operation {op}", function)
    if not parameter.text.isdecimal():
        raise _wrong(f"invalid parameter {op}({parameter.text},", parameter)
    if int(parameter.text) <= 0:
        raise _wrong(f"invalid parameter (must be greater than 0) {op}({parameter.text}", parameter)
    return int(parameter.text)


def _wrong(reason: str, token: Token) -> ParseError:
    return ParseError(reason, token.line, token.column)
