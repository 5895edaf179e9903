"""Quantiles and fractions of classic histograms, from their cumulative buckets (upstream ``quantile.go``)."""

from collections.abc import Callable, Iterator

import numpy as np

from labkit.promql.values import Floats, Lines, Numbers, unnamed
from labkit.signals.labels import Labels

_TOLERANCE = 1e-12
"""A bucket that has less than the one below it, but by no more than this share, is rounded, not repaired."""


def histogram_quantile(level: Numbers, lines: Lines) -> Lines:
    """The quantile at ``level``, interpolated linearly within its bucket."""
    return _each(lines, lambda upper, counts, steps: _quantile(level.values[steps], upper, counts))


def histogram_fraction(lower: Numbers, upper: Numbers, lines: Lines) -> Lines:
    """The estimated share of observations between ``lower`` and ``upper``."""
    return _each(
        lines, lambda bounds, counts, steps: _fraction(lower.values[steps], upper.values[steps], bounds, counts)
    )


def _each(lines: Lines, compute: Callable[[Floats, Floats, np.ndarray], Floats]) -> Lines:
    histograms: dict[Labels, list[tuple[float, int]]] = {}
    for row, labels in enumerate(lines.labels):
        bound = _bound(labels.get("le"))
        if bound is not None:
            histograms.setdefault(labels.without(("le",)), []).append((bound, row))
    values = np.full((len(histograms), lines.values.shape[1]), np.nan)
    present = np.zeros(values.shape, bool)
    with np.errstate(all="ignore"):
        for place, buckets in enumerate(histograms.values()):
            buckets.sort()
            bounds = np.array([bound for bound, _ in buckets])
            rows = np.array([row for _, row in buckets])
            for which, steps in _alike(lines.present[rows]):
                counts = lines.values[rows[which]][:, steps]
                values[place, steps] = compute(*_repaired(bounds[which], counts), steps)
                present[place, steps] = True
    return Lines(unnamed(histograms), values, present)


def _bound(text: str) -> float | None:
    """An upper bound; ``None`` where it cannot be read, and upstream too leaves the series out."""
    try:
        return float(text)
    except ValueError:
        return None


def _alike(present: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The steps by the buckets that are there: indices of buckets, and of steps."""
    patterns, which = np.unique(present, axis=1, return_inverse=True)
    for place in range(patterns.shape[1]):
        if patterns[:, place].any():
            yield np.flatnonzero(patterns[:, place]), np.flatnonzero(which.ravel() == place)


def _repaired(bounds: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Buckets of the same bound added up, and none less than the one below it."""
    unique, which = np.unique(bounds, return_inverse=True)
    if len(unique) < len(bounds):
        together = np.zeros((len(unique), counts.shape[1]))
        np.add.at(together, which, counts)
        counts = together
    counts = counts.copy()
    for row in range(1, len(counts)):
        close = np.abs(counts[row] - counts[row - 1]) <= _TOLERANCE * np.abs(counts[row] + counts[row - 1])
        counts[row] = np.where(close | (counts[row] < counts[row - 1]), counts[row - 1], counts[row])
    return unique, counts


def _quantile(level: Floats, bounds: Floats, counts: Floats) -> Floats:
    """``bucketQuantile``: ``bounds`` of shape (buckets,), ``counts`` of (buckets, steps), ``level`` of (steps,)."""
    number = len(bounds)
    outside = np.where(np.isnan(level), np.nan, np.where(level < 0, -np.inf, np.inf))
    if number < 2 or bounds[-1] != np.inf:
        inside = np.full(level.shape, np.nan)
    else:
        total = counts[-1]
        rank = level * total
        place = np.where(np.isnan(rank), number - 1, (counts[:-1] < rank).sum(axis=0))
        step = np.arange(len(level))
        below = np.maximum(place - 1, 0)
        start = np.where(place > 0, bounds[below], 0.0)
        under = np.where(place > 0, counts[below, step], 0.0)
        share = (rank - under) / (counts[place, step] - under)
        inside = start + (bounds[place] - start) * share
        inside = np.where((place == 0) & (bounds[0] <= 0), bounds[0], inside)
        inside = np.where(place == number - 1, bounds[-2], inside)
        inside = np.where(total == 0, np.nan, inside)
    valid = (level >= 0) & (level <= 1)
    return np.where(valid, inside, outside)


def _fraction(lower: Floats, upper: Floats, bounds: Floats, counts: Floats) -> Floats:
    """``bucketFraction``: the share between ``lower`` and ``upper``, of shape (steps,)."""
    if len(bounds) < 2 or bounds[-1] != np.inf:
        return np.full(lower.shape, np.nan)
    total = counts[-1]
    share = (_rank(upper, bounds, counts) - _rank(lower, bounds, counts)) / total
    share = np.where(lower >= upper, 0.0, share)
    return np.where((total == 0) | np.isnan(total) | np.isnan(lower) | np.isnan(upper), np.nan, share)


def _rank(value: Floats, bounds: Floats, counts: Floats) -> Floats:
    """How many observations are estimated to be at or below ``value``."""
    place = np.minimum(bounds.searchsorted(value, side="left"), len(bounds) - 1)
    step = np.arange(len(value))
    below = np.maximum(place - 1, 0)
    lowest = 0.0 if bounds[0] > 0 else -np.inf
    start = np.where(place > 0, bounds[below], lowest)
    under = np.where(place > 0, counts[below, step], 0.0)
    inside = counts[place, step] - under
    share = np.where(np.isinf(bounds[place]) | np.isinf(start), 0.0, (value - start) / (bounds[place] - start))
    rank = under + inside * np.clip(share, 0.0, 1.0)
    exact = (value == bounds[place]) | (value == np.inf)
    return np.where(exact, counts[place, step], np.where((value <= lowest), 0.0, rank))
