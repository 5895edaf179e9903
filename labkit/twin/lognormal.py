"""Lognormal latencies: the shape of every duration in the twin, as means and as shares of a histogram's buckets."""

from collections.abc import Sequence
from math import erf, exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

Shape = tuple[float, float]
"""Median in seconds, and σ of the logarithm."""


def mean(shape: Shape) -> float:
    """The mean in seconds: median · exp(σ²/2)."""
    median, sigma = shape
    return median * exp(sigma * sigma / 2)


def buckets(shapes: Sequence[Shape], bounds: Sequence[float]) -> NDArray[np.float64]:
    """For each shape (rows) the probability of each bucket (columns, the last is +Inf)."""

    def below(bound: float, shape: Shape) -> float:
        median, sigma = shape
        return 0.5 * (1.0 + erf((log(bound) - log(median)) / (sigma * sqrt(2.0))))

    cumulative = np.array([[below(bound, shape) for bound in bounds] + [1.0] for shape in shapes])
    return np.diff(cumulative, axis=1, prepend=0.0)
