"""Quantiles and fractions of classic histograms, from their cumulative buckets (upstream ``quantile.go``)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from labkit.promql.limits import timely
from labkit.promql.values import Flags, Floats, Lines, Numbers
from labkit.signals.labels import Labels

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf|infinity|nan)", re.IGNORECASE)
_BAD = 'bucket label "le" is missing or has a malformed value of "{}" for metric name "{}"'
_FORCED = (
    "input to histogram_quantile needed to be fixed for monotonicity (see "
    'https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) for metric name "{}"'
)
_TOLERANCE = 1e-12
"""A bucket that has less than the one below it, but by no more than this share, is rounded, not repaired."""


@dataclass(frozen=True)
class Trouble:
    """Something that was wrong with buckets."""

    text: str
    warning: bool


Say = Callable[[Trouble], None]


def histogram_quantile(level: Numbers, lines: Lines, say: Say) -> Lines:
    """The quantile at ``level``, interpolated linearly within its bucket."""

    def compute(labels: Labels, bounds: Floats, counts: Floats, steps: np.ndarray) -> Floats:
        repaired, forced = _repaired(counts)
        result, used = _quantile(level.values[steps], bounds, repaired)
        if (forced & used).any():
            say(Trouble(_FORCED.format(labels.name), warning=False))
        return result

    return _each(lines, compute, say)


def histogram_fraction(lower: Numbers, upper: Numbers, lines: Lines, say: Say) -> Lines:
    """The estimated share of observations between ``lower`` and ``upper``."""
    return _each(
        lines, lambda _, bounds, counts, steps: _fraction(lower.values[steps], upper.values[steps], bounds, counts), say
    )


def _each(lines: Lines, compute: Callable[[Labels, Floats, Floats, np.ndarray], Floats], say: Say) -> Lines:
    histograms: dict[Labels, list[tuple[float, int]]] = {}
    for row, labels in enumerate(lines.labels):
        bound = _bound(labels.get("le"))
        if bound is None:
            say(Trouble(_BAD.format(labels.get("le"), labels.name), warning=True))
        else:
            histograms.setdefault(labels.without(("le",)), []).append((bound, row))
    values = np.full((len(histograms), lines.values.shape[1]), np.nan)
    present = np.zeros(values.shape, bool)
    with np.errstate(all="ignore"):
        for place, (labels, buckets) in enumerate(histograms.items()):
            timely()
            buckets.sort()
            bounds = np.array([bound for bound, _ in buckets])
            rows = np.array([row for _, row in buckets])
            for which, steps in _alike(lines.present[rows]):
                counts = lines.values[rows[which]][:, steps]
                values[place, steps] = compute(labels, *_coalesced(bounds[which], counts), steps)
                present[place, steps] = True
    return Lines(list(histograms), values, present).nameless()


def _bound(text: str) -> float | None:
    """An upper bound; ``None`` where it cannot be read, and upstream too leaves the series out."""
    return float(text) if _NUMBER.fullmatch(text) else None


def _alike(present: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The steps by the buckets that are there: indices of buckets, and of steps."""
    if (present == present[0]).all():
        if present[0].any():
            yield np.arange(len(present)), np.flatnonzero(present[0])
        return
    patterns, which = np.unique(present, axis=1, return_inverse=True)
    for place in range(patterns.shape[1]):
        if patterns[:, place].any():
            yield np.flatnonzero(patterns[:, place]), np.flatnonzero(which.ravel() == place)


def _coalesced(bounds: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Buckets of the same bound added up."""
    unique, which = np.unique(bounds, return_inverse=True)
    if len(unique) < len(bounds):
        together = np.zeros((len(unique), counts.shape[1]))
        np.add.at(together, which, counts)
        counts = together
    return unique, counts


def _repaired(counts: Floats) -> tuple[Floats, Flags]:
    """No bucket less than the one below it; and at which steps that had to be made so, of shape (steps,)."""
    forced = np.zeros(counts.shape[1], bool)
    more = counts[1:] - counts[:-1]
    if ((more > _TOLERANCE * np.abs(counts[1:] + counts[:-1])) | (more == 0)).all():
        return counts, forced
    counts = counts.copy()
    for row in range(1, len(counts)):
        close = np.abs(counts[row] - counts[row - 1]) <= _TOLERANCE * np.abs(counts[row] + counts[row - 1])
        less = counts[row] < counts[row - 1]
        forced |= less & ~close
        counts[row] = np.where(close | less, counts[row - 1], counts[row])
    return counts, forced


def _quantile(level: Floats, bounds: Floats, counts: Floats) -> tuple[Floats, Flags]:
    """``BucketQuantile``: ``bounds`` of shape (buckets,), ``counts`` of (buckets, steps), ``level`` of (steps,).

    Also at which steps the buckets were looked at, of shape (steps,).
    """
    valid = (level >= 0) & (level <= 1)
    number = len(bounds)
    outside = np.where(np.isnan(level), np.nan, np.where(level < 0, -np.inf, np.inf))
    if number < 2 or bounds[-1] != np.inf:
        inside, used = np.full(level.shape, np.nan), np.zeros(level.shape, bool)
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
        used = valid & (total != 0)
    return np.where(valid, inside, outside), used


def _fraction(lower: Floats, upper: Floats, bounds: Floats, counts: Floats) -> Floats:
    """``BucketFraction``: the share between ``lower`` and ``upper``, of shape (steps,)."""
    if bounds[-1] != np.inf:
        return np.full(lower.shape, np.nan)
    total = counts[-1]
    share = (_rank(upper, bounds, counts) - _rank(lower, bounds, counts)) / total
    share = np.where(lower >= upper, 0.0, share)
    return np.where((total == 0) | np.isnan(total) | np.isnan(lower) | np.isnan(upper), np.nan, share)


def _rank(value: Floats, bounds: Floats, counts: Floats) -> Floats:
    """How many observations are estimated to be at or below ``value``.

    The lowest bucket begins at 0 if it ends above; else it reaches down to -Inf, so that nothing can be
    interpolated in it, and it counts as a whole (upstream since 3.6; 3.5 answers NaN in the lowest bucket).
    """
    edges = np.concatenate([[0.0 if bounds[0] > 0 else -np.inf], bounds])
    below = np.concatenate([np.zeros((1, counts.shape[1])), counts])
    place = np.clip(edges.searchsorted(value, side="right") - 1, 0, len(bounds))
    step = np.arange(len(value))
    above = np.minimum(place + 1, len(bounds))
    rank = below[place, step]
    share = (value - edges[place]) / (edges[above] - edges[place])
    inside = rank + (below[above, step] - rank) * share
    inside = np.where(np.isneginf(edges[place]), below[above, step], inside)
    found = np.where(value <= edges[place], rank, inside)
    return np.where(value == np.inf, counts[-1], np.where(found > counts[-1], counts[-1], found))
