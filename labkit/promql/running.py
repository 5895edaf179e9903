"""Sums over many overlapping windows at once, from one running sum.

The running sum is an unevaluated pair of floats (Knuth's two-sum), so the difference of two of its
values is off by some 2**-104 of their own size. Where that is not far below the difference's last
bit, or something is not finite, the window is added up sample by sample as upstream does
(``kahanSumInc``, Neumaier's variant): the cost of a window does not grow with its length, and the
bits are upstream's.
"""

import numpy as np

from labkit.promql.limits import timely
from labkit.promql.values import Floats

_BITS = 2.0**-54
_PAIR = 2.0**-104
_EXACT = 2.0**53
"""Integers up to this add up without rounding."""
_SAFE = 1e300
"""Sums up to this overflow nowhere on the way."""
_BETWEEN = 1024
"""Samples between looks at the time."""

Indices = np.ndarray


def window_sums(values: Floats, low: Indices, high: Indices) -> Floats:
    """The sum of ``values[:, low[s]:high[s]]`` for every ``s``: of shape (series, windows), 0 for an empty window."""
    with np.errstate(all="ignore"):
        total, rest = _running(values)
        sums = _difference((total[high], rest[high]), (total[low], rest[low]))
        step, row = np.nonzero(_doubtful(values, total, sums, high) & (high > low)[:, None])
        if len(step):
            sums[step, row] = _one_by_one(values, row, low[step], high[step])
    sums[high == low] = 0.0
    return sums.T


def _running(values: Floats) -> tuple[Floats, Floats]:
    """Running sums and what they are short of, of shape (samples + 1, series) each."""
    total = np.zeros((values.shape[1] + 1, values.shape[0]))
    rest = np.zeros_like(total)
    for place, new in enumerate(np.ascontiguousarray(values.T)):
        if place % _BETWEEN == 0:
            timely()
        old = total[place]
        plain = old + new
        back = plain - old
        lost = (old - (plain - back)) + (new - back) + rest[place]
        total[place + 1] = plain + lost
        rest[place + 1] = lost - (total[place + 1] - plain)
    return total, rest


def _difference(upper: tuple[Floats, Floats], lower: tuple[Floats, Floats]) -> Floats:
    plain = upper[0] - lower[0]
    back = plain - upper[0]
    lost = (upper[0] - (plain - back)) - (lower[0] + back) + (upper[1] - lower[1])
    result: Floats = plain + lost
    return result


def _doubtful(values: Floats, total: Floats, sums: Floats, high: Indices) -> np.ndarray:
    """Which sums may differ from upstream's in a bit, of shape (windows, series)."""
    largest = np.maximum.accumulate(np.abs(total), axis=0)
    close = largest[high] * (len(total) * _PAIR) <= np.abs(sums) * _BITS
    whole = (values == np.rint(values)).all(axis=1) & (largest[-1] < _EXACT)
    bounded = np.abs(values).max(axis=1, initial=0.0) * len(total) <= _SAFE
    doubtful: np.ndarray = ~((close | whole) & bounded)
    return doubtful


def _one_by_one(values: Floats, row: Indices, low: Indices, high: Indices) -> Floats:
    """The sums of ``values[row[i], low[i]:high[i]]``, all in step, the longest windows first."""
    order = np.argsort(low - high, kind="stable")
    length = (high - low)[order]
    first = (row * values.shape[1] + low)[order]
    flat = np.ascontiguousarray(values).ravel()
    total, rest = np.zeros(len(row)), np.zeros(len(row))
    for place in range(int(length[0])):
        timely()
        live = int(np.searchsorted(-length, -place))
        old, new = total[:live], flat[first[:live] + place]
        plain = old + new
        lost = np.where(np.abs(old) >= np.abs(new), (old - plain) + new, (new - plain) + old)
        rest[:live] = np.where(np.isinf(plain), 0.0, rest[:live] + lost)
        total[:live] = plain
    sums = np.empty(len(row))
    sums[order] = np.where(np.isinf(total), total, total + rest)
    return sums
