"""The research API's replicas: every request counted once, and every signal from that count.

A step draws arrivals per route (Poisson around the traffic's rate), their outcome, replica and
latency bucket (multinomial). Counters are sums of those draws, so a histogram's count is the
request count, and the log lines written are of requests that were counted.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labkit.clock import SECOND, Millis
from labkit.kube.store import Object
from labkit.twin.logbook import Logbook
from labkit.twin.routes import BUCKETS, MEANS, QUERIES, ROUTES, SHARES, bucket_probabilities

STATUSES = ("success", "400", "404", "429", "500", "503")
"""Outcomes of a request; ``success`` is the route's own code."""

MISTAKES = np.array([0.9799, 0.006, 0.011, 0.0028, 0.0003, 0.0])
"""Shares of the outcomes when nothing is wrong: clients' mistakes, and a rare bug of ours."""

QUERY_SECONDS = 0.004
"""Mean time a query holds a pooled connection."""

POOL_SIZE = 25
"""Connections a replica may hold (DATABASE_POOL_SIZE)."""

Counts = NDArray[np.int64]


@dataclass
class Replica:
    """The counters of one replica's process; they start at zero with it."""

    pod: Object
    requests: Counts = field(default_factory=lambda: np.zeros((len(ROUTES), len(STATUSES)), np.int64))
    buckets: Counts = field(default_factory=lambda: np.zeros((len(ROUTES), len(BUCKETS) + 1), np.int64))
    seconds: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(ROUTES)))
    in_flight: Counts = field(default_factory=lambda: np.zeros(len(ROUTES), np.int64))
    pool_in_use: int = 0


class ResearchApi:
    """All replicas behind the ingress."""

    def __init__(self, seed: int, logbook: Logbook) -> None:
        self._random = np.random.default_rng([seed, 2])
        self._logbook = logbook
        self._latency = bucket_probabilities()
        self._shares: dict[tuple[bool, ...], NDArray[np.float64]] = {}
        self.replicas: dict[str, Replica] = {}
        self.rejected = 0
        """Requests the ingress answered 503 because no replica was ready."""
        self.arrived = 0
        self.produced: dict[str, int] = {}
        """Messages handed to each topic, in all."""

    def place(self, pods: list[Object]) -> None:
        """Tell which pods run a process: new ones start counting, gone ones stop."""
        old = self.replicas
        self.replicas = {}
        for pod in pods:
            process = pod["status"]["containerStatuses"][0]["containerID"]
            self.replicas[process] = old.get(process) or Replica(pod)
            self.replicas[process].pod = pod

    def step(self, rate: float, dt: Millis, ready: set[str], topics: set[str]) -> None:
        """Serve ``dt`` of traffic at ``rate`` per second with the ``ready`` pods (by name)."""
        serving = [r for r in self.replicas.values() if r.pod["metadata"]["name"] in ready]
        for replica in self.replicas.values():
            replica.in_flight = np.zeros(len(ROUTES), np.int64)
            replica.pool_in_use = 0
        arrivals = self._random.poisson(rate * dt / SECOND * SHARES)
        self.arrived += int(arrivals.sum())
        if not serving:
            self.rejected += int(arrivals.sum())
            return
        split = self._random.multinomial(arrivals, np.full(len(serving), 1 / len(serving))).T
        outcomes = self._random.multinomial(split, self._outcomes(topics))
        buckets = self._random.multinomial(split, self._latency)
        in_flight = self._random.poisson(rate / len(serving) * SHARES * MEANS, split.shape)
        sessions = self._random.poisson(rate / len(serving) * float(SHARES @ QUERIES) * QUERY_SECONDS, len(serving))
        for index, replica in enumerate(serving):
            replica.requests += outcomes[index]
            replica.buckets += buckets[index]
            # The sum of many lognormal latencies, by the mean of each.
            replica.seconds += split[index] * MEANS
            replica.in_flight = in_flight[index]
            replica.pool_in_use = min(POOL_SIZE, int(sessions[index]))
        self._produce(outcomes.sum(axis=0), topics)
        self._log(serving, outcomes)

    def _produce(self, outcomes: Counts, topics: set[str]) -> None:
        for route, row in zip(ROUTES, outcomes, strict=True):
            if route.produces in topics:
                self.produced[route.produces] = self.produced.get(route.produces, 0) + int(row[0])

    def _outcomes(self, topics: set[str]) -> NDArray[np.float64]:
        """Outcome shares per route: a route whose topic is missing fails where it would succeed."""
        failing = tuple(route.produces is not None and route.produces not in topics for route in ROUTES)
        if failing not in self._shares:
            shares = np.tile(MISTAKES, (len(ROUTES), 1))
            for row in np.flatnonzero(failing):
                shares[row, -1], shares[row, 0] = shares[row, 0], 0.0
            self._shares[failing] = shares
        return self._shares[failing]

    def _log(self, serving: list[Replica], outcomes: Counts) -> None:
        """A sample of what was counted: one good request a step, and one per replica and route of each 5xx."""
        index = int(self._random.integers(len(serving)))
        first = int(outcomes[index, :, 0].argmax())
        if outcomes[index, first, 0]:
            self._line(serving[index], "INFO", "request completed", first, ROUTES[first].success)
        for at, row, column in np.argwhere(outcomes[:, :, -2:]).tolist():
            status = STATUSES[column - 2]
            why = "Kafka producer timeout" if status == "503" else "unexpected end of row"
            self._line(serving[at], "ERROR", why, row, status)

    def _line(self, replica: Replica, level: str, message: str, route: int, status: str) -> None:
        self._logbook.write(
            replica.pod, level, message, method=ROUTES[route].method, path=ROUTES[route].path, status=int(status),
            trace_id=f"{int(self._random.integers(1 << 62)):032x}",
        )  # fmt: skip
