"""Statements on PostgreSQL as the process that sends them measures them."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labkit.twin import lognormal

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

    def add(self, statements: Counts, drawn: Counts) -> None:
        """Count ``statements``, of shape (types,), with their :func:`latencies`."""
        self.buckets += drawn
        # The sum of many lognormal latencies, by the mean of each.
        self.seconds += statements * MEANS
        self.total += sum(statements.tolist())
