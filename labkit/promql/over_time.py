"""Aggregations of one series over its window (``*_over_time``)."""

from collections.abc import Callable

import numpy as np

from labkit.promql.kahan import Variance
from labkit.promql.limits import timely
from labkit.promql.quantiles import quantile
from labkit.promql.running import window_sums
from labkit.promql.values import Bundle, Flags, Floats, Lines, Ranges
from labkit.promql.windows import count, each_bundle, first_and_last, reduced, samples

_SCALE = 2.0**-64
"""What values are scaled by, without rounding, when their sum would overflow but their mean does not."""


def _there(bundle: Bundle) -> tuple[Flags, tuple[int, int]]:
    shape = (len(bundle.rows), len(bundle.low))
    return np.broadcast_to(count(bundle) > 0, shape), shape


def sum_over_time(ranges: Ranges) -> Lines:
    """The sum."""
    return each_bundle(ranges, lambda bundle: (_sum(bundle), _there(bundle)[0]))


def avg_over_time(ranges: Ranges) -> Lines:
    """The mean."""
    return each_bundle(ranges, lambda bundle: (_mean(bundle), _there(bundle)[0]))


def count_over_time(ranges: Ranges) -> Lines:
    """How many samples there are."""
    return each_bundle(ranges, lambda bundle: (np.broadcast_to(count(bundle), _there(bundle)[1]), _there(bundle)[0]))


def present_over_time(ranges: Ranges) -> Lines:
    """1 where there is a sample."""
    return each_bundle(ranges, lambda bundle: (np.ones(_there(bundle)[1]), _there(bundle)[0]))


def last_over_time(ranges: Ranges) -> Lines:
    """The newest sample; the metric's name stays."""
    return each_bundle(
        ranges, lambda bundle: (bundle.values[:, first_and_last(bundle)[1]], _there(bundle)[0]), keep_name=True
    )


def first_over_time(ranges: Ranges) -> Lines:
    """The oldest sample; the metric's name stays."""
    return each_bundle(
        ranges, lambda bundle: (bundle.values[:, first_and_last(bundle)[0]], _there(bundle)[0]), keep_name=True
    )


def min_over_time(ranges: Ranges) -> Lines:
    """The least value; NaN only if there is nothing else."""
    return each_bundle(ranges, lambda bundle: (reduced(np.fmin, bundle), _there(bundle)[0]))


def max_over_time(ranges: Ranges) -> Lines:
    """The greatest value; NaN only if there is nothing else."""
    return each_bundle(ranges, lambda bundle: (reduced(np.fmax, bundle), _there(bundle)[0]))


def stdvar_over_time(ranges: Ranges) -> Lines:
    """The population variance."""
    return each_bundle(ranges, lambda bundle: (_variance(bundle), _there(bundle)[0]))


def stddev_over_time(ranges: Ranges) -> Lines:
    """The population standard deviation."""
    return each_bundle(ranges, lambda bundle: (np.sqrt(_variance(bundle)), _there(bundle)[0]))


def quantile_over_time(levels: Floats, ranges: Ranges) -> Lines:
    """The quantile at ``levels``, of shape (steps,), interpolated between samples."""
    return _each_window(ranges, lambda step, values: quantile(levels[step], values))


def mad_over_time(ranges: Ranges) -> Lines:
    """The median of the distances from the median."""
    return _each_window(ranges, lambda _, values: quantile(0.5, np.abs(values - quantile(0.5, values)[:, None])))


def _each_window(ranges: Ranges, take: Callable[[int, Floats], Floats]) -> Lines:
    """``take`` of every step's samples, of shape (series, samples)."""

    def compute(bundle: Bundle) -> tuple[Floats, Flags]:
        present, shape = _there(bundle)
        result = np.full(shape, np.nan)
        for step, (low, high) in enumerate(zip(bundle.low, bundle.high, strict=True)):
            if low < high:
                timely()
                result[:, step] = take(step, bundle.values[:, low:high])
        return result, present

    return each_bundle(ranges, compute)


def _sum(bundle: Bundle, scale: float = 1.0) -> Floats:
    return window_sums(bundle.values * scale, bundle.low, bundle.high)


def _mean(bundle: Bundle) -> Floats:
    total = _sum(bundle)
    mean: Floats = total / count(bundle)
    if np.isinf(total).any():
        mean = np.where(np.isinf(total), _sum(bundle, _SCALE) / count(bundle) / _SCALE, mean)
    return mean


def _variance(bundle: Bundle) -> Floats:
    shape = _there(bundle)[1]
    variance = Variance(shape)
    for values, there, _ in samples(bundle):
        variance.add(values, np.broadcast_to(there, shape))
    return variance.value
