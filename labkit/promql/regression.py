"""Lines through samples, by least squares (upstream ``linearRegression``)."""

import numpy as np

from labkit.promql.kahan import Sum
from labkit.promql.values import Bundle, Flags, Floats, Lines, Ranges
from labkit.promql.windows import count, each_bundle, first_and_last, samples


def deriv(ranges: Ranges) -> Lines:
    """Slope per second of the line through the samples (least squares)."""
    return each_bundle(ranges, lambda bundle: _regression(bundle, None)[:2])


def predict_linear(ranges: Ranges, now: Floats, ahead: Floats) -> Lines:
    """The value ``ahead`` seconds from ``now`` on the line through the samples."""

    def compute(bundle: Bundle) -> tuple[Floats, Flags]:
        slope, present, intercept = _regression(bundle, now)
        return slope * ahead + intercept, present

    return each_bundle(ranges, compute)


def _regression(bundle: Bundle, origin: Floats | None) -> tuple[Floats, Flags, Floats]:
    """Slope, presence, and value at ``origin`` (seconds; each window's first sample if ``None``)."""
    shape = (len(bundle.rows), len(bundle.low))
    first, _ = first_and_last(bundle)
    zero = bundle.times[first] / 1000 if origin is None else origin
    number = count(bundle)
    base = bundle.values[:, first]
    constant = np.ones(shape, bool)
    sums = {name: Sum(shape) for name in ("x", "y", "xy", "xx")}
    for values, there, times in samples(bundle):
        where = np.broadcast_to(there, shape)
        x = np.broadcast_to(times - zero, shape)
        constant &= (values == base) | ~where
        for name, term in (("x", x), ("y", values), ("xy", x * values), ("xx", x * x)):
            sums[name].add(term, where)
    x, y, xy, xx = (sums[name].value for name in ("x", "y", "xy", "xx"))
    covariance = xy - x * y / number
    variance = xx - x * x / number
    slope = np.where(constant, np.where(np.isinf(base), np.nan, 0.0), covariance / variance)
    intercept = np.where(constant, np.where(np.isinf(base), np.nan, base), y / number - slope * x / number)
    return slope, np.broadcast_to(number >= 2, shape), intercept
