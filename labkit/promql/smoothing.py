"""``double_exponential_smoothing``: level and trend, newer samples weighing more (upstream's own recurrence)."""

import numpy as np

from labkit.promql.failures import ExecutionError
from labkit.promql.values import Bundle, Flags, Floats, Lines, Numbers, Ranges
from labkit.promql.windows import count, each_bundle, samples


def double_exponential_smoothing(ranges: Ranges, smoothing: Numbers, trend: Numbers) -> Lines:
    """The smoothed value at a window's end; both factors lie between 0 and 1, excluded."""
    if ranges.bundles:
        _factor("smoothing factor. Expected: 0 < sf < 1", smoothing.values)
        _factor("trend factor. Expected: 0 < tf < 1", trend.values)
    return each_bundle(ranges, lambda bundle: _smoothed(bundle, smoothing.values, trend.values))


def _factor(what: str, values: Floats) -> None:
    wrong = values[(values <= 0) | (values >= 1)]
    if len(wrong):
        raise ExecutionError(f"invalid {what}, got: {wrong[0]:f}")


def _smoothed(bundle: Bundle, smoothing: Floats, factor: Floats) -> tuple[Floats, Flags]:
    shape = (len(bundle.rows), len(bundle.low))
    before, level, trend = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for place, (values, there, _) in enumerate(samples(bundle)):
        if place == 0:
            level = values.copy()
            continue
        follows = values - level if place == 1 else factor * (level - before) + (1 - factor) * trend
        smoothed = smoothing * values + (1 - smoothing) * (level + follows)
        trend = np.where(there, follows, trend)
        before, level = np.where(there, level, before), np.where(there, smoothed, level)
    return level, np.broadcast_to(count(bundle) >= 2, shape)
