"""The functions there are: what they take and what they give (upstream ``promql/parser/functions.go``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Type(Enum):
    """The types of expressions, by the names Prometheus' messages give them."""

    SCALAR = "scalar"
    STRING = "string"
    VECTOR = "instant vector"
    MATRIX = "range vector"


@dataclass(frozen=True)
class Signature:
    """What a function takes and gives.

    ``optional`` is how many arguments more than all but the last may be given: 0 if exactly ``takes``
    are wanted, -1 without a limit (upstream ``Variadic``).
    """

    takes: tuple[Type, ...]
    gives: Type = Type.VECTOR
    optional: int = 0
    experimental: bool = False


_S, _T, _V, _M = Type.SCALAR, Type.STRING, Type.VECTOR, Type.MATRIX


def _all(names: str, signature: Signature) -> dict[str, Signature]:
    return dict.fromkeys(names.split(), signature)


SIGNATURES: Mapping[str, Signature] = MappingProxyType(
    _all("abs ceil exp floor ln log10 log2 sgn sqrt deg rad", Signature((_V,)))
    | _all("acos acosh asin asinh atan atanh cos cosh sin sinh tan tanh", Signature((_V,)))
    | _all("absent sort sort_desc timestamp", Signature((_V,)))
    | _all("histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar", Signature((_V,)))
    | _all("day_of_month day_of_week day_of_year days_in_month", Signature((_V,), optional=1))
    | _all("hour minute month year", Signature((_V,), optional=1))
    | _all("rate increase delta irate idelta deriv changes resets absent_over_time", Signature((_M,)))
    | _all("avg_over_time count_over_time last_over_time max_over_time min_over_time", Signature((_M,)))
    | _all("present_over_time stddev_over_time stdvar_over_time sum_over_time", Signature((_M,)))
    | _all("mad_over_time first_over_time", Signature((_M,), experimental=True))
    | _all("ts_of_max_over_time ts_of_min_over_time", Signature((_M,), experimental=True))
    | _all("ts_of_first_over_time ts_of_last_over_time", Signature((_M,), experimental=True))
    | _all("sort_by_label sort_by_label_desc", Signature((_V, _T), optional=-1, experimental=True))
    | _all("pi time", Signature((), _S))
    | {
        "clamp": Signature((_V, _S, _S)),
        "clamp_max": Signature((_V, _S)),
        "clamp_min": Signature((_V, _S)),
        "double_exponential_smoothing": Signature((_M, _S, _S), experimental=True),
        "histogram_fraction": Signature((_S, _S, _V)),
        "histogram_quantile": Signature((_S, _V)),
        "info": Signature((_V, _V), optional=1, experimental=True),
        "label_join": Signature((_V, _T, _T, _T), optional=-1),
        "label_replace": Signature((_V, _T, _T, _T, _T)),
        "predict_linear": Signature((_M, _S)),
        "quantile_over_time": Signature((_S, _M)),
        "round": Signature((_V, _S), optional=1),
        "scalar": Signature((_V,), _S),
        "vector": Signature((_S,)),
    }
)
"""By name. ``first_over_time`` and ``ts_of_first_over_time`` are upstream's since 3.6."""

NATIVE = frozenset(("histogram_avg", "histogram_count", "histogram_sum", "histogram_stddev", "histogram_stdvar"))
"""Functions of native histograms alone."""

PARAMETERS: Mapping[str, Type] = MappingProxyType(
    {"topk": _S, "bottomk": _S, "limitk": _S, "limit_ratio": _S, "quantile": _S, "count_values": _T}
)
"""Aggregations that take a parameter before the vector, and its type."""

EXPERIMENTAL_AGGREGATIONS = frozenset(("limitk", "limit_ratio"))

AGGREGATIONS = frozenset((*PARAMETERS, "sum", "avg", "count", "min", "max", "group", "stddev", "stdvar"))
"""All aggregations."""


def accepted(name: str, number: int) -> str:
    """What is wrong with ``number`` arguments for a function, in upstream's words; nothing if it may be called so."""
    signature = SIGNATURES[name]
    most = len(signature.takes)
    if not signature.optional:
        return "" if number == most else f'expected {most} argument(s) in call to "{name}", got {number}'
    least = most - 1
    if number < least:
        return f'expected at least {least} argument(s) in call to "{name}", got {number}'
    if 0 < signature.optional < number - least:
        return f'expected at most {least + signature.optional} argument(s) in call to "{name}", got {number}'
    return ""
