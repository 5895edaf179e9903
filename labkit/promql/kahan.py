"""Sums that do not lose small addends among large ones (Neumaier's variant, as upstream ``kahanSumInc``)."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def summed(values: Iterable[float]) -> float:
    """The sum of a few numbers, by the steps of :class:`Sum`: quicker where there is but one cell to add up in."""
    total, compensation = 0.0, 0.0
    for value in values:
        new = total + value
        compensation += (total - new) + value if abs(total) >= abs(value) else (value - new) + total
        total = new
        if math.isinf(new):
            compensation = 0.0
    return total if math.isinf(total) else total + compensation


class Sum:
    """A running sum for each cell of an array."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.total = np.zeros(shape)
        self.compensation = np.zeros(shape)

    def add(self, values: Floats, where: Flags) -> None:
        """Add ``values`` in the cells where ``where`` holds."""
        with np.errstate(all="ignore"):
            total = self.total + values
            larger = np.abs(self.total) >= np.abs(values)
            lost = np.where(larger, (self.total - total) + values, (values - total) + self.total)
            compensation = self.compensation + lost
            compensation[np.isinf(total)] = 0.0
        if where.all():
            self.total, self.compensation = total, compensation
        else:
            np.copyto(self.total, total, where=where)
            np.copyto(self.compensation, compensation, where=where)

    @property
    def value(self) -> Floats:
        """The sums."""
        with np.errstate(all="ignore"):
            return np.where(np.isinf(self.total), self.total, self.total + self.compensation)


class Variance:
    """A running population variance for each cell of an array (Welford's, with compensated sums, as upstream)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._count = np.zeros(shape)
        self._mean = Sum(shape)
        self._squares = Sum(shape)

    def add(self, values: Floats, where: Flags) -> None:
        """Take in ``values`` in the cells where ``where`` holds."""
        self._count += where
        with np.errstate(all="ignore"):
            deviation = values - (self._mean.total + self._mean.compensation)
            self._mean.add(deviation / self._count, where)
            self._squares.add(deviation * (values - (self._mean.total + self._mean.compensation)), where)

    @property
    def value(self) -> Floats:
        """The variances."""
        with np.errstate(all="ignore"):
            variance: Floats = (self._squares.total + self._squares.compensation) / self._count
            return variance
