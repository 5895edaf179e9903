"""Which function is computed by what: the implementations of :mod:`labkit.promql.signatures`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import promql_parser as ast

from labkit.promql import (
    histogram,
    maths,
    moments,
    over_time,
    rates,
    regression,
    relabel,
    smoothing,
    sorting,
    transitions,
)
from labkit.promql.dates import PARTS, part
from labkit.promql.failures import unsupported
from labkit.promql.numbers import general
from labkit.promql.query import Query
from labkit.promql.signatures import NATIVE
from labkit.promql.values import Lines, Numbers, Ranges, Steps, Value
from labkit.signals.labels import Labels

_COUNTERS = ("_total", "_sum", "_count", "_bucket")
"""How the names of counters end."""


@dataclass(frozen=True)
class Invocation:
    """A function that is called: by what name, with what arguments (and the nodes they are the values of), and when."""

    name: str
    arguments: list[Any]
    nodes: list[ast.Expr]
    steps: Steps
    query: Query


_RANGE: dict[str, Callable[[Ranges], Lines]] = {
    "delta": rates.delta, "irate": rates.irate, "idelta": rates.idelta, "deriv": regression.deriv,
    "changes": transitions.changes, "resets": transitions.resets,
    "sum_over_time": over_time.sum_over_time, "avg_over_time": over_time.avg_over_time,
    "min_over_time": over_time.min_over_time, "max_over_time": over_time.max_over_time,
    "count_over_time": over_time.count_over_time, "present_over_time": over_time.present_over_time,
    "first_over_time": over_time.first_over_time, "last_over_time": over_time.last_over_time,
    "stddev_over_time": over_time.stddev_over_time, "stdvar_over_time": over_time.stdvar_over_time,
    "mad_over_time": over_time.mad_over_time,
    "ts_of_first_over_time": moments.of_first, "ts_of_last_over_time": moments.of_last,
    "ts_of_min_over_time": moments.of_least, "ts_of_max_over_time": moments.of_greatest,
}  # fmt: skip
"""Functions of a range vector alone."""

_FIXED: dict[str, Callable[..., Value]] = {
    "clamp": maths.clamp, "clamp_min": maths.clamp_min, "clamp_max": maths.clamp_max, "round": maths.rounded,
    "label_replace": relabel.label_replace, "label_join": relabel.label_join,
    "double_exponential_smoothing": smoothing.double_exponential_smoothing,
}  # fmt: skip
"""Functions of their arguments alone."""


def call(invocation: Invocation) -> Value:
    """The value of a function; :class:`~labkit.promql.failures.UnsupportedError` if it is not here."""
    name, arguments = invocation.name, invocation.arguments
    if name in _RANGE:
        return _RANGE[name](*arguments)
    if name in maths.SIMPLE:
        return maths.applied(maths.SIMPLE[name], *arguments)
    if name in PARTS:
        return part(name, *(arguments or [vector(_time(invocation))]))
    if name in _FIXED:
        return _FIXED[name](*arguments)
    if name in _OTHERS:
        return _OTHERS[name](invocation)
    if name in NATIVE:
        raise unsupported(f"the function {name}(), which is of native histograms alone,")
    raise unsupported(f"the function {name}()")


def vector(numbers: Numbers) -> Lines:
    """A scalar as the one series without labels."""
    return Lines([Labels()], numbers.values[None, :], np.ones((1, len(numbers.values)), bool))


def _counted(function: Callable[[Ranges], Lines]) -> Callable[[Invocation], Lines]:
    """A function of counters: it is said where a metric does not look like one."""

    def compute(invocation: Invocation) -> Lines:
        ranges: Ranges = invocation.arguments[0]
        result = function(ranges)
        names = {ranges.labels[row].name for row in np.flatnonzero(result.present.any(axis=1))}
        for name in sorted(names - {""}):
            if not name.endswith(_COUNTERS):
                invocation.query.inform(
                    f'metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "{name}"',
                    invocation.nodes[0],
                )
        return result

    return compute


def invalid_quantiles(query: Query, levels: np.ndarray, node: ast.Expr) -> None:
    """Say which of the quantiles asked for are none (upstream ``NewInvalidQuantileWarning``)."""
    for level in np.unique(levels[np.isnan(levels) | (levels < 0) | (levels > 1)]).tolist():
        query.warn(f"quantile value should be between 0 and 1, got {general(level)}", node)


def _scalar(invocation: Invocation) -> Numbers:
    """The value of the one series there is, else NaN."""
    lines: Lines = invocation.arguments[0]
    alone = lines.present.sum(axis=0) == 1
    return Numbers(np.where(alone, np.where(lines.present, lines.values, 0.0).sum(axis=0), np.nan))


def _time(invocation: Invocation) -> Numbers:
    return Numbers(invocation.steps.times / 1000)


def _timestamp(invocation: Invocation) -> Lines:
    """The time of the evaluation; the engine answers itself for a selector, whose samples have times."""
    lines: Lines = invocation.arguments[0]
    times = np.broadcast_to(invocation.steps.times / 1000, lines.values.shape)
    return Lines(lines.labels, times, lines.present).nameless()


def _quantile_over_time(invocation: Invocation) -> Lines:
    levels, ranges = invocation.arguments
    if ranges.bundles:
        invalid_quantiles(invocation.query, levels.values, invocation.nodes[0])
    return over_time.quantile_over_time(levels.values, ranges)


def _histogram_quantile(invocation: Invocation) -> Lines:
    levels, lines = invocation.arguments
    invalid_quantiles(invocation.query, levels.values, invocation.nodes[0])
    return histogram.histogram_quantile(levels, lines, lambda about: _say(invocation, 1, about))


def _histogram_fraction(invocation: Invocation) -> Lines:
    lower, upper, lines = invocation.arguments
    return histogram.histogram_fraction(lower, upper, lines, lambda about: _say(invocation, 2, about))


def _say(invocation: Invocation, argument: int, about: histogram.Trouble) -> None:
    say = invocation.query.warn if about.warning else invocation.query.inform
    say(about.text, invocation.nodes[argument])


def _predict_linear(invocation: Invocation) -> Lines:
    ranges, ahead = invocation.arguments
    return regression.predict_linear(ranges, invocation.steps.times, ahead.values)


_OTHERS: dict[str, Callable[[Invocation], Value]] = {
    "rate": _counted(rates.rate),
    "increase": _counted(rates.increase),
    "time": _time,
    "pi": lambda one: Numbers(np.full(len(one.steps.times), np.pi)),
    "vector": lambda one: vector(*one.arguments),
    "scalar": _scalar,
    "timestamp": _timestamp,
    "sort": lambda one: sorting.by_value(*one.arguments, descending=False),
    "sort_desc": lambda one: sorting.by_value(*one.arguments, descending=True),
    "sort_by_label": lambda one: sorting.by_label(*one.arguments, descending=False),
    "sort_by_label_desc": lambda one: sorting.by_label(*one.arguments, descending=True),
    "quantile_over_time": _quantile_over_time,
    "predict_linear": _predict_linear,
    "histogram_quantile": _histogram_quantile,
    "histogram_fraction": _histogram_fraction,
}
"""Functions that depend on when they are called, or have something to say."""
