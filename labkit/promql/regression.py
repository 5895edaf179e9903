"""Lines through samples, by least squares (upstream ``linearRegression``)."""

import numpy as np

from labkit.promql.running import window_sums
from labkit.promql.values import Bundle, Flags, Floats, Lines, Ranges
from labkit.promql.windows import count, each_bundle, first_and_last


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
    """Slope, presence, and value at ``origin`` (seconds; each window's first sample if ``None``).

    Times are summed from the first sample of all and then moved to each window's origin; values are
    taken from their series' first, so that a large level does not drown small changes.
    """
    low, high, number = bundle.low, bundle.high, count(bundle)
    first, last = first_and_last(bundle)
    start = bundle.times[0]
    seconds = (bundle.times - start) / 1000
    zero = seconds[first] if origin is None else origin - start / 1000
    level = np.where(np.isfinite(bundle.values[:, :1]), bundle.values[:, :1], 0.0)
    y = window_sums(bundle.values - level, low, high)
    xy = window_sums((bundle.values - level) * seconds, low, high) - zero * y
    x, xx = window_sums(np.stack([seconds, seconds**2]), low, high)
    xx = xx - 2 * zero * x + number * zero**2
    x = x - number * zero
    slope = (xy - x * y / number) / (xx - x * x / number)
    constant, base = _constant(bundle.values, first, last), bundle.values[:, first]
    intercept = np.where(constant, np.where(np.isinf(base), np.nan, base), level + y / number - slope * x / number)
    slope = np.where(constant, np.where(np.isinf(base), np.nan, 0.0), slope)
    return slope, np.broadcast_to(number >= 2, slope.shape), intercept


def _constant(values: Floats, first: np.ndarray, last: np.ndarray) -> Flags:
    """Whether all samples of a window are equal."""
    changes = np.zeros(values.shape, np.int64)
    np.cumsum(values[:, 1:] != values[:, :-1], axis=1, out=changes[:, 1:])
    unchanged: Flags = changes[:, last] == changes[:, first]
    return unchanged
