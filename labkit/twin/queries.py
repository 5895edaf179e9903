"""Statements on PostgreSQL as the process that sends them measures them."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labkit.twin import lognormal
from labkit.twin.together import Together

TYPES = ("SELECT", "INSERT", "UPDATE")
SHAPES: tuple[lognormal.Shape, ...] = ((0.0022, 0.55), (0.0035, 0.60), (0.0030, 0.60))
"""Median seconds and σ of each type, as the caller sees it."""

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of ``db_query_duration_seconds``."""

MEANS = np.array([lognormal.mean(shape) for shape in SHAPES])
_LATENCY = lognormal.buckets(SHAPES, BUCKETS)

Counts = NDArray[np.int64]


def latencies(random: np.random.Generator, statements: Counts) -> Counts:
    """How many of ``statements``, of shape (…, types), fell into each bucket: (…, types, buckets)."""
    drawn: Counts = random.multinomial(statements, _LATENCY)
    return drawn


@dataclass
class Queries:
    """The histogram of one process; it starts at zero with it."""

    buckets: Counts = field(default_factory=lambda: np.zeros((len(TYPES), len(BUCKETS) + 1), np.int64))
    seconds: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(TYPES)))
    total: int = 0


def together() -> Together:
    """The histograms of several processes, for :func:`add`."""
    return Together("buckets", "seconds")


def add(held: Together, to: list[Queries], statements: Counts, drawn: Counts) -> None:
    """Count ``statements`` of some of those ``held``, of shape (processes, types), with their :func:`latencies`."""
    rows = held.rows(to)
    held["buckets"][rows] += drawn
    # The sum of many lognormal latencies, by the mean of each.
    held["seconds"][rows] += statements * MEANS
    for one, number in zip(to, statements.sum(axis=1).tolist(), strict=True):
        one.total += number
