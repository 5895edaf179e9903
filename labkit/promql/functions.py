"""Which function is computed by what."""

from collections.abc import Callable

import numpy as np

from labkit.promql import histogram, maths, over_time, rates, regression, relabel, transitions
from labkit.promql.dates import PARTS, part
from labkit.promql.failures import unsupported
from labkit.promql.values import Lines, Numbers, Ranges, Steps, Value, unnamed
from labkit.signals.labels import Labels

_RANGE: dict[str, Callable[[Ranges], Lines]] = {
    "rate": rates.rate, "increase": rates.increase, "delta": rates.delta, "irate": rates.irate,
    "idelta": rates.idelta, "changes": transitions.changes, "resets": transitions.resets, "deriv": regression.deriv,
    "sum_over_time": over_time.sum_over_time, "avg_over_time": over_time.avg_over_time,
    "min_over_time": over_time.min_over_time, "max_over_time": over_time.max_over_time,
    "count_over_time": over_time.count_over_time, "last_over_time": over_time.last_over_time,
    "present_over_time": over_time.present_over_time, "stddev_over_time": over_time.stddev_over_time,
    "stdvar_over_time": over_time.stdvar_over_time,
}  # fmt: skip
_FIXED: dict[str, Callable[..., Value]] = {
    "clamp": maths.clamp, "clamp_min": maths.clamp_min, "clamp_max": maths.clamp_max, "round": maths.rounded,
    "label_replace": relabel.label_replace, "label_join": relabel.label_join,
    "histogram_quantile": histogram.histogram_quantile, "histogram_fraction": histogram.histogram_fraction,
}  # fmt: skip


def call(name: str, arguments: list[Value], steps: Steps) -> Value:
    """The value of the function ``name``; :class:`~labkit.promql.failures.ExecutionError` if there is none here."""
    if name in _RANGE:
        return _RANGE[name](*arguments)  # type: ignore[arg-type]  # the parser has checked the types
    if name in maths.SIMPLE:
        return maths.applied(maths.SIMPLE[name], *arguments)  # type: ignore[arg-type]
    if name in PARTS:
        return part(name, *(arguments or [vector(_time(steps))]))  # type: ignore[arg-type]
    if name in _FIXED:
        return _FIXED[name](*arguments)
    if name in _OTHERS:
        return _OTHERS[name](steps, *arguments)
    raise unsupported(f"the function {name}()")


def vector(numbers: Numbers) -> Lines:
    """A scalar as the one series without labels."""
    return Lines([Labels()], numbers.values[None, :], np.ones((1, len(numbers.values)), bool))


def _scalar(_: Steps, lines: Lines) -> Numbers:
    """The value of the one series there is, else NaN."""
    alone = lines.present.sum(axis=0) == 1
    return Numbers(np.where(alone, np.where(lines.present, lines.values, 0.0).sum(axis=0), np.nan))


def _time(steps: Steps) -> Numbers:
    return Numbers(steps.times / 1000)


def _timestamp(steps: Steps, lines: Lines) -> Lines:
    """The time of the evaluation; the engine answers itself for a selector, whose samples have times."""
    return Lines(unnamed(lines.labels), np.broadcast_to(steps.times / 1000, lines.values.shape), lines.present)


def _sorted(steps: Steps, lines: Lines, *, descending: bool) -> Lines:
    """Of an instant query: by value, NaN last."""
    if len(steps.times) != 1:
        return lines
    values = lines.values[:, 0]
    order = np.argsort(-values if descending else values, kind="stable")
    return Lines([lines.labels[row] for row in order], lines.values[order], lines.present[order])


def _quantile_over_time(_: Steps, level: Numbers, ranges: Ranges) -> Lines:
    return over_time.quantile_over_time(level.values, ranges)


def _predict_linear(steps: Steps, ranges: Ranges, ahead: Numbers) -> Lines:
    return regression.predict_linear(ranges, steps.times / 1000, ahead.values)


_OTHERS: dict[str, Callable[..., Value]] = {
    "time": _time,
    "pi": lambda steps: Numbers(np.full(len(steps.times), np.pi)),
    "vector": lambda _, numbers: vector(numbers),
    "scalar": _scalar,
    "timestamp": _timestamp,
    "sort": lambda steps, lines: _sorted(steps, lines, descending=False),
    "sort_desc": lambda steps, lines: _sorted(steps, lines, descending=True),
    "quantile_over_time": _quantile_over_time,
    "predict_linear": _predict_linear,
}
