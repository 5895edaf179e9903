"""The research API's routes: their share of traffic, their work, and what they depend on."""

from dataclasses import dataclass
from functools import cache
from math import exp, log
from statistics import NormalDist

import numpy as np

from labkit.twin import lognormal

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of ``api_request_duration_seconds``: the Prometheus client libraries' defaults."""


@dataclass(frozen=True)
class Route:
    """One route: share of arrivals, median seconds and σ of its lognormal latency, and its work.

    ``statements`` are the SELECT, INSERT and UPDATE of a call that reaches the database; of a
    ``cached`` route only calls that miss the cache do. ``produces`` names the topic a call writes to.
    """

    method: str
    path: str
    share: float
    median: float
    sigma: float
    statements: tuple[int, int, int]
    success: str = "200"
    produces: str | None = None
    cached: bool = False

    @property
    def queries(self) -> int:
        """Statements a call that reaches the database makes."""
        return sum(self.statements)


ROUTES = (
    Route("GET", "/api/v1/experiments", 0.22, 0.012, 0.45, (2, 0, 0)),
    Route("GET", "/api/v1/experiments/{id}", 0.34, 0.007, 0.40, (2, 0, 0)),
    Route("POST", "/api/v1/experiments", 0.06, 0.021, 0.45, (2, 2, 1), "201", "experiments"),
    Route("GET", "/api/v1/datasets", 0.12, 0.010, 0.40, (2, 0, 0)),
    Route("GET", "/api/v1/datasets/{name}/{version}", 0.16, 0.009, 0.40, (1, 0, 0), cached=True),
    Route("GET", "/api/v1/metrics/experiments/{id}", 0.10, 0.016, 0.50, (1, 0, 0)),
)

SHARES = np.array([route.share for route in ROUTES])
MEANS = np.array([lognormal.mean((route.median, route.sigma)) for route in ROUTES])
"""Mean latency per route, in seconds: that of a lognormal."""

STATEMENTS = np.array([route.statements for route in ROUTES])
"""Statements a call makes, of shape (routes, query types)."""

CACHED = np.array([route.cached for route in ROUTES])
METRICS_ROUTE = next(n for n, route in enumerate(ROUTES) if route.path.startswith("/api/v1/metrics"))
"""The route that reads ClickHouse: once a call."""

LATENCY = lognormal.buckets([(route.median, route.sigma) for route in ROUTES], BUCKETS)
"""Per route (rows) the probability of each latency bucket (columns, the last is +Inf)."""

_NORMAL = NormalDist()
_RARE = 1e-9
"""Probability below which a bucket is none of the route's own: something else put the request there."""


@cache
def _bounds(route: int, bucket: int) -> tuple[int, int, float, float]:
    """A bucket's least and most microseconds, and the probabilities that the route's latency is below each."""
    low = BUCKETS[bucket - 1] if bucket else 0.0
    high = BUCKETS[bucket] if bucket < len(BUCKETS) else 3.0 * low
    latency = NormalDist(log(ROUTES[route].median), ROUTES[route].sigma)
    below, upto = (latency.cdf(log(bound)) if bound else 0.0 for bound in (low, high))
    return round(low * 1e6) + 1, round(high * 1e6), below, upto


def latency_within(route: int, bucket: int, u: float) -> int:
    """A latency in microseconds of a request to ``ROUTES[route]`` that was counted in a bucket.

    ``u``, uniform in [0, 1), picks it: the quantile ``u`` of the route's lognormal, given the bucket.
    The bucket's lower bound is outside, its upper bound inside, as Prometheus' ``le`` has it.
    """
    least, most, below, upto = _bounds(route, bucket)
    if upto - below < _RARE:
        return least + int(u * (most - least))
    deviation = _NORMAL.inv_cdf(max(below + u * (upto - below), _RARE))
    micros = round(ROUTES[route].median * exp(ROUTES[route].sigma * deviation) * 1e6)
    return min(max(micros, least), most)
