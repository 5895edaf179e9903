"""What a query gives."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.clock import Millis
from labkit.promql.annotations import NOTHING, Annotations
from labkit.signals.labels import Labels


@dataclass(frozen=True)
class Scalar:
    """A number."""

    time: Millis
    value: float
    annotations: Annotations = NOTHING


@dataclass(frozen=True)
class String:
    """A text."""

    time: Millis
    value: str
    annotations: Annotations = NOTHING


@dataclass(frozen=True)
class Vector:
    """Series at one time; ``values`` has the shape (series,)."""

    time: Millis
    labels: list[Labels]
    values: NDArray[np.float64]
    annotations: Annotations = NOTHING


@dataclass(frozen=True)
class Matrix:
    """Series over times.

    ``times`` has the shape (times,); ``values`` and ``present`` have (series, times): a value counts
    only where ``present`` holds, for NaN is a value like any other.
    """

    labels: list[Labels]
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    present: NDArray[np.bool_]
    annotations: Annotations = NOTHING


Result = Scalar | Vector | Matrix | String
"""What a query gives. Its ``annotations`` are the warnings and infos that go with it."""
