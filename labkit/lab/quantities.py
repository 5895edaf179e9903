"""What a PromQL query measures, read from the names of its metrics and from its shape.

Names: https://prometheus.io/docs/practices/naming/ (a base unit as suffix, ``_total`` for what accumulates), and for
recording rules ``level:metric:operations``. The shape is followed as a physicist would: a rate is per second, a
quotient of equals is a share, seconds per request are seconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import promql_parser as ast

from labkit.errors import QueryError
from labkit.lab.draw import units
from labkit.lab.draw.units import Unit
from labkit.promql.parsing import parse


@dataclass(frozen=True)
class Quantity:
    """``base`` is ``s``, ``B``, ``1`` (a count), ``share``, ``%``, ``time`` or empty if unknown; ``rate`` if it is per second.

    ``of`` is what is counted, where the name says: ``requests``.
    """

    base: str = ""
    rate: bool = False
    of: str = ""


UNKNOWN, COUNT, SHARE, NUMBER = Quantity(), Quantity("1"), Quantity("share"), Quantity("number")

_SUFFIXES = (
    ("_timestamp_seconds", Quantity("time")), ("_time_seconds", Quantity("time")), ("_seconds", Quantity("s")), ("_milliseconds", Quantity("ms")),
    ("_ms", Quantity("ms")), ("_bytes", Quantity("B")), ("_ratio", SHARE), ("utilization", SHARE), ("_percent", Quantity("%")),
    ("latency", Quantity("s")), ("_celsius", Quantity("°C")), ("duration", Quantity("s")),
)  # fmt: skip
_UNITS: Mapping[tuple[str, bool], Unit] = {
    ("s", False): units.SECONDS, ("ms", False): units.grafana("ms"), ("B", False): units.BYTES, ("B", True): units.BYTES_A_SECOND,
    ("share", False): units.SHARE, ("s", True): units.SHARE, ("%", False): units.PERCENT, ("1", True): units.PER_SECOND,
    ("1", False): units.SHORT, ("time", False): units.EPOCH_SECONDS, ("°C", False): units.grafana("celsius"),
}  # fmt: skip
_KEEPING = frozenset((
    "sum", "avg", "min", "max", "topk", "bottomk", "quantile", "stddev", "limitk", "limit_ratio", "abs", "ceil", "floor", "round", "clamp",
    "clamp_max", "clamp_min", "sort", "sort_desc", "sort_by_label", "sort_by_label_desc", "label_replace", "label_join", "scalar", "vector",
    "increase", "delta", "idelta", "avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "quantile_over_time", "stddev_over_time",
    "last_over_time", "first_over_time", "mad_over_time", "predict_linear", "holt_winters", "double_exponential_smoothing", "histogram_quantile",
))  # fmt: skip
_RATES = frozenset(("rate", "irate", "deriv"))
_COUNTS = frozenset(("count", "count_values", "group", "count_over_time", "changes", "resets", "present_over_time"))
_COMPARISONS = frozenset(("==", "!=", ">", "<", ">=", "<="))


def unit_of(query: str) -> Unit:
    """The unit of the values that ``query`` gives; :data:`units.NONE` if it cannot be told."""
    try:
        found = quantity(parse(query))
    except QueryError:
        return units.NONE
    if found.base == "1" and found.rate and "request" in found.of:
        return units.REQUESTS_A_SECOND
    return _UNITS.get((found.base, found.rate), units.NONE)


def named(metric: str) -> Quantity:
    """What a metric's name says: ``api_request_duration_seconds_bucket`` counts, its ``_sum`` is in seconds."""
    if metric.count(":") >= 1:
        _, name, *operations = metric.split(":")
        found = named(name)
        per_second = any(operation.startswith("rate") for operation in operations)
        return replace(found, base=found.base or "1", rate=True, of=name) if per_second else found
    for suffix in ("_total", "_count", "_bucket"):
        if metric.endswith(suffix):
            inner = named(metric.removesuffix(suffix)) if suffix == "_total" else UNKNOWN
            return inner if inner.base else Quantity("1", of=metric)
    name = metric.removesuffix("_sum")
    return next((quantity for suffix, quantity in _SUFFIXES if name.endswith(suffix)), UNKNOWN)


def quantity(node: ast.Expr) -> Quantity:
    """What the value of a syntax tree is."""
    return next((rule(node) for kind, rule in _RULES.items() if isinstance(node, kind)), UNKNOWN)


def metrics(node: ast.Expr) -> list[str]:
    """The names of the metrics below ``node``, in the order in which they are written."""
    if isinstance(node, ast.MatrixSelector):
        node = node.vector_selector
    if isinstance(node, ast.VectorSelector):
        return [node.name or next((m.value for m in node.matchers.matchers if m.name == "__name__"), "")]
    return [name for child in children(node) for name in metrics(child)]


def children(node: ast.Expr) -> list[ast.Expr]:
    """What a syntax tree is made of, one level down."""
    if isinstance(node, ast.BinaryExpr):
        return [node.lhs, node.rhs]
    if isinstance(node, ast.Call):
        return list(node.args)
    if isinstance(node, ast.AggregateExpr | ast.ParenExpr | ast.UnaryExpr | ast.SubqueryExpr):
        return [node.expr]
    return []


def _call(node: ast.Expr) -> Quantity:
    assert isinstance(node, ast.Call)
    name = node.func.name
    if name in {"time", "timestamp"}:
        return Quantity("time")
    if name in {"histogram_quantile", "histogram_avg"}:
        return next((_observed(metric) for metric in metrics(node)), UNKNOWN)
    inner = next((found for argument in node.args if (found := quantity(argument)) not in {NUMBER, UNKNOWN}), UNKNOWN)
    return _applied(name, inner)


def _observed(metric: str) -> Quantity:
    """What a histogram holds."""
    return named(metric.removesuffix("_bucket"))


def _aggregate(node: ast.Expr) -> Quantity:
    assert isinstance(node, ast.AggregateExpr)
    return _applied(str(node.op), quantity(node.expr))


def _applied(name: str, inner: Quantity) -> Quantity:
    if name in _RATES:
        return Quantity("1" if inner.base in {"", "number"} else inner.base, rate=True, of=inner.of)
    if name in _COUNTS:
        return COUNT
    return inner if name in _KEEPING else UNKNOWN


def _binary(node: ast.Expr) -> Quantity:
    assert isinstance(node, ast.BinaryExpr)
    operator, left, right = str(node.op), quantity(node.lhs), quantity(node.rhs)
    if operator in _COMPARISONS:
        return UNKNOWN if node.modifier is not None and node.modifier.return_bool else left
    if operator in {"and", "unless"}:
        return left
    if operator == "/":
        return _quotient(left, right)
    if operator == "*":
        return _product(node, left, right)
    if operator == "-" and left.base == right.base == "time":
        return Quantity("s")
    return left if right in {left, NUMBER} else right if left == NUMBER else UNKNOWN


def _quotient(left: Quantity, right: Quantity) -> Quantity:
    if left in {NUMBER, UNKNOWN} or right in {NUMBER, UNKNOWN}:
        return UNKNOWN if left.base != "1" else COUNT if not left.rate else left
    if left.rate != right.rate:
        return UNKNOWN
    if left.base == right.base:
        return SHARE
    return Quantity(left.base) if right.base == "1" else UNKNOWN


def _product(node: ast.BinaryExpr, left: Quantity, right: Quantity) -> Quantity:
    """A share times 100 is a percentage, seconds times 1000 are milliseconds; any other factor changes the unit."""
    factor, other = (node.lhs, right) if left == NUMBER else (node.rhs, left)
    value = factor.val if isinstance(factor, ast.NumberLiteral) else None
    if value == 100 and (other == SHARE or (other.base, other.rate) == ("s", True)):
        return Quantity("%")
    if value == 1000 and other == Quantity("s"):
        return Quantity("ms")
    return replace(other, rate=False, of="") if value == 60 and other.rate and other.base == "1" else UNKNOWN


def _inside(node: ast.Expr) -> Quantity:
    return quantity(children(node)[0])


def _selector(node: ast.Expr) -> Quantity:
    return next((named(metric) for metric in metrics(node)), UNKNOWN)


_RULES: Mapping[type, Callable[[ast.Expr], Quantity]] = {
    ast.VectorSelector: _selector, ast.MatrixSelector: _selector, ast.Call: _call, ast.AggregateExpr: _aggregate, ast.BinaryExpr: _binary,
    ast.NumberLiteral: lambda _: NUMBER, ast.ParenExpr: _inside, ast.UnaryExpr: _inside, ast.SubqueryExpr: _inside,
}  # fmt: skip
