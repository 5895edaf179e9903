"""Quantiles of plain values, interpolated as upstream ``quantile`` (``promql/quantile.go``)."""

import numpy as np

from labkit.promql.values import Floats


def quantile(level: float, values: Floats) -> Floats:
    """The quantile at ``level`` of ``values``, of shape (series, samples); NaN counts as the least value."""
    rows, number = values.shape
    if number == 0 or np.isnan(level):
        return np.full(rows, np.nan)
    if level < 0 or level > 1:
        return np.full(rows, np.copysign(np.inf, level))
    rank = level * (number - 1)
    low = int(max(0, np.floor(rank)))
    high = int(min(number - 1, low + 1))
    weight = rank - np.floor(rank)
    ordered = nan_first(values)
    with np.errstate(all="ignore"):
        result: Floats = ordered[:, low] * (1 - weight) + ordered[:, high] * weight
    return result


def nan_first(values: Floats) -> Floats:
    """Each row sorted, NaN before all else."""
    ordered = np.sort(values, axis=1)
    missing = np.isnan(ordered).sum(axis=1)
    columns = (np.arange(values.shape[1]) - missing[:, None]) % max(values.shape[1], 1)
    return np.take_along_axis(ordered, columns, axis=1)
