"""How fast series change: rate, increase, delta and their kin.

Formulas: upstream ``promql/functions.go`` (``extrapolatedRate``, ``instantValue``), Prometheus 3.5.
"""

import numpy as np

from labkit.promql.running import window_sums
from labkit.promql.values import Bundle, Flags, Floats, Lines, Ranges, picked
from labkit.promql.windows import count, each_bundle, first_and_last

_THRESHOLD = 1.1
"""A gap at a window's edge up to so many mean intervals is extrapolated over; a longer one by half an interval."""


def rate(ranges: Ranges) -> Lines:
    """Increase of a counter per second."""
    return each_bundle(ranges, lambda bundle: _extrapolated(ranges, bundle, counter=True, per_second=True))


def increase(ranges: Ranges) -> Lines:
    """Increase of a counter."""
    return each_bundle(ranges, lambda bundle: _extrapolated(ranges, bundle, counter=True, per_second=False))


def delta(ranges: Ranges) -> Lines:
    """Difference of a gauge between the window's ends."""
    return each_bundle(ranges, lambda bundle: _extrapolated(ranges, bundle, counter=False, per_second=False))


def irate(ranges: Ranges) -> Lines:
    """Increase of a counter per second between the last two samples."""
    return each_bundle(ranges, lambda bundle: _last_two(bundle, rate=True))


def idelta(ranges: Ranges) -> Lines:
    """Difference of the last two samples."""
    return each_bundle(ranges, lambda bundle: _last_two(bundle, rate=False))


def _extrapolated(ranges: Ranges, bundle: Bundle, *, counter: bool, per_second: bool) -> tuple[Floats, Flags]:
    first, last = first_and_last(bundle)
    number = count(bundle)
    start = picked(bundle.values, first)
    change = picked(bundle.values, last) - start
    if counter:
        change = change + _resets(bundle)
    sampled = (bundle.times[last] - bundle.times[first]) / 1000
    interval = sampled / (number - 1)
    before = (bundle.times[first] - (ranges.ends - ranges.length)) / 1000
    after = (ranges.ends - bundle.times[last]) / 1000
    before = np.where(before >= interval * _THRESHOLD, interval / 2, before)
    after = np.where(after >= interval * _THRESHOLD, interval / 2, after)
    if counter:  # not further back than to where the counter was zero
        to_zero = sampled * (start / change)
        nearer = (to_zero < before) & (change > 0) & (start >= 0)
        if nearer.any():
            before = np.where(nearer, to_zero, before)
    factor = (sampled + before + after) / sampled
    if per_second:
        factor = factor / (ranges.length / 1000)
    return change * factor, np.broadcast_to(number >= 2, change.shape)


def _resets(bundle: Bundle) -> Floats:
    """What a counter had counted before it was reset, summed over each window's resets."""
    fell = bundle.values[:, 1:] < bundle.values[:, :-1]
    counted = np.zeros((len(bundle.rows), len(bundle.low)))
    rows = np.flatnonzero(fell.any(axis=1))
    if len(rows):  # few counters are ever reset, and seldom
        places = np.flatnonzero(fell[rows].any(axis=0))
        at = np.ix_(rows, places)
        low = places.searchsorted(bundle.low)
        high = np.maximum(places.searchsorted(bundle.high - 1), low)
        counted[rows] = window_sums(np.where(fell[at], bundle.values[at], 0.0), low, high)
    return counted


def _last_two(bundle: Bundle, *, rate: bool) -> tuple[Floats, Flags]:
    last = np.maximum(bundle.high - 1, 0)
    previous = np.maximum(bundle.high - 2, 0)
    new, old = bundle.values[:, last], bundle.values[:, previous]
    change = new - old
    if rate:
        elapsed = (bundle.times[last] - bundle.times[previous]) / 1000
        change = np.where(new < old, new, change) / elapsed
    return change, np.broadcast_to(count(bundle) >= 2, change.shape)
