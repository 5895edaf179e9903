"""Lines through samples, by least squares (upstream ``linearRegression``).

Upstream adds up every window by itself, and so does this, bit for bit, where the windows have up to
:data:`_PATIENCE` samples in all. Of more, running sums are used, whose cost does not grow with the
window, and whose result differs by some 1e-12 of the size of what is added up.
"""

import numpy as np

from labkit.promql.kahan import Sum, summed
from labkit.promql.limits import timely
from labkit.promql.running import window_sums
from labkit.promql.values import Bundle, Flags, Floats, Lines, Ranges, Times
from labkit.promql.windows import count, each_bundle, first_and_last, samples

_PATIENCE = 20_000_000
"""How many samples are added up one by one: about a second's work."""
_FEW = 100
"""Windows of so few cells are added up as plain numbers: numpy's calls would cost more than what they do."""


def deriv(ranges: Ranges) -> Lines:
    """Slope per second of the line through the samples (least squares)."""
    return each_bundle(ranges, lambda bundle: _regression(bundle, bundle.times[first_and_last(bundle)[0]])[:2])


def predict_linear(ranges: Ranges, now: Times, ahead: Floats) -> Lines:
    """The value ``ahead`` seconds from ``now`` (milliseconds) on the line through the samples."""

    def compute(bundle: Bundle) -> tuple[Floats, Flags]:
        slope, present, intercept = _regression(bundle, now)
        return slope * ahead + intercept, present

    return each_bundle(ranges, compute)


def _regression(bundle: Bundle, origin: Times) -> tuple[Floats, Flags, Floats]:
    """Slope, presence, and value at ``origin``, of shape (steps,)."""
    number = count(bundle)
    first, last = first_and_last(bundle)
    lined = _one_by_one if number.sum() * len(bundle.rows) <= _PATIENCE else _running
    slope, intercept = lined(bundle, origin)
    constant, base = _constant(bundle.values, first, last), bundle.values[:, first]
    level = np.where(np.isinf(base), np.nan, base)
    slope = np.where(constant, level * 0.0, slope)
    return slope, np.broadcast_to(number >= 2, slope.shape), np.where(constant, level, intercept)


def _one_by_one(bundle: Bundle, origin: Times) -> tuple[Floats, Floats]:
    shape = (len(bundle.rows), len(bundle.low))
    if shape[0] * shape[1] <= _FEW:
        return _line(count(bundle), *_plain_sums(bundle, origin))
    x, y, xy, xx = Sum((1, shape[1])), Sum(shape), Sum(shape), Sum((1, shape[1]))
    for place, (values, there, _) in enumerate(samples(bundle)):
        index = np.minimum(bundle.low + place, len(bundle.times) - 1)
        seconds = ((bundle.times[index] - origin) / 1e3)[None, :]
        x.add(seconds, there)
        y.add(values, there)
        xy.add(seconds * values, there)
        xx.add(seconds * seconds, there)
    return _line(count(bundle), x.value, y.value, xy.value, xx.value)


def _plain_sums(bundle: Bundle, origin: Times) -> tuple[Floats, Floats, Floats, Floats]:
    """The sums of x, y, xy and xx, of shape (steps,) and (series, steps), by the same steps as a :class:`Sum`'s."""
    shape = (len(bundle.rows), len(bundle.low))
    x, y, xy, xx = np.zeros(shape[1]), np.zeros(shape), np.zeros(shape), np.zeros(shape[1])
    for step, (low, high) in enumerate(zip(bundle.low.tolist(), bundle.high.tolist(), strict=True)):
        seconds = (bundle.times[low:high] - origin[step]) / 1e3
        x[step], xx[step] = summed(seconds.tolist()), summed((seconds * seconds).tolist())
        for row, values in enumerate(bundle.values[:, low:high]):
            timely()
            y[row, step], xy[row, step] = summed(values.tolist()), summed((seconds * values).tolist())
    return x, y, xy, xx


def _running(bundle: Bundle, origin: Times) -> tuple[Floats, Floats]:
    """Times are summed from the first sample of all and then moved to each window's origin; values are taken from
    their series' first, so that a large level does not drown small changes.
    """
    low, high, number = bundle.low, bundle.high, count(bundle)
    seconds = (bundle.times - bundle.times[0]) / 1000
    zero = (origin - bundle.times[0]) / 1000
    level = np.where(np.isfinite(bundle.values[:, :1]), bundle.values[:, :1], 0.0)
    y = window_sums(bundle.values - level, low, high)
    xy = window_sums((bundle.values - level) * seconds, low, high) - zero * y
    x, xx = window_sums(np.stack([seconds, seconds**2]), low, high)
    xx = xx - 2 * zero * x + number * zero**2
    slope, intercept = _line(number, x - number * zero, y, xy, xx)
    return slope, level + intercept


def _line(number: np.ndarray, x: Floats, y: Floats, xy: Floats, xx: Floats) -> tuple[Floats, Floats]:
    """Slope and intercept of the line, from sums over its ``number`` points."""
    slope = (xy - x * y / number) / (xx - x * x / number)
    return slope, y / number - slope * x / number


def _constant(values: Floats, first: np.ndarray, last: np.ndarray) -> Flags:
    """Whether all samples of a window are equal."""
    changes = np.zeros(values.shape, np.int64)
    np.cumsum(values[:, 1:] != values[:, :-1], axis=1, out=changes[:, 1:])
    unchanged: Flags = changes[:, last] == changes[:, first]
    return unchanged
