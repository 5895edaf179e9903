"""When something was so within a window (``ts_of_*_over_time``), in seconds since the epoch."""

from collections.abc import Callable

import numpy as np

from labkit.promql.values import Bundle, Flags, Floats, Lines, Ranges
from labkit.promql.windows import count, each_bundle, first_and_last, samples


def of_first(ranges: Ranges) -> Lines:
    """When the oldest sample is of."""
    return each_bundle(ranges, lambda bundle: _at(bundle, first_and_last(bundle)[0]))


def of_last(ranges: Ranges) -> Lines:
    """When the newest sample is of."""
    return each_bundle(ranges, lambda bundle: _at(bundle, first_and_last(bundle)[1]))


def of_least(ranges: Ranges) -> Lines:
    """When the least value was, the last time if several times."""
    return each_bundle(ranges, lambda bundle: _best(bundle, np.less_equal))


def of_greatest(ranges: Ranges) -> Lines:
    """When the greatest value was, the last time if several times."""
    return each_bundle(ranges, lambda bundle: _best(bundle, np.greater_equal))


def _at(bundle: Bundle, index: np.ndarray) -> tuple[Floats, Flags]:
    shape = (len(bundle.rows), len(index))
    return np.broadcast_to(bundle.times[index] / 1000, shape), np.broadcast_to(count(bundle) > 0, shape)


def _best(bundle: Bundle, better: Callable[[Floats, Floats], Flags]) -> tuple[Floats, Flags]:
    shape = (len(bundle.rows), len(bundle.low))
    best, moments = np.full(shape, np.nan), np.zeros(shape)
    for values, there, seconds in samples(bundle):
        won = there & (better(values, best) | np.isnan(best))
        np.copyto(best, values, where=won)
        np.copyto(moments, np.broadcast_to(seconds, shape), where=won)
    return moments, np.broadcast_to(count(bundle) > 0, shape)
