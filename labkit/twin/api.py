"""The research API's replicas: every request counted once, and every signal from that count.

A step draws arrivals per route (Poisson around the traffic's rate), their outcome, replica and
latency bucket (multinomial). Counters are sums of those draws, so a histogram's count is the
request count, and the log lines written are of requests that were counted; each of these has a trace.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labkit.clock import SECOND, Millis
from labkit.kube.store import Object
from labkit.twin.logbook import Logbook
from labkit.twin.routes import BUCKETS, MEANS, QUERIES, ROUTES, SHARES, bucket_probabilities
from labkit.twin.tracing.draft import SERVER, span_id
from labkit.twin.tracing.tracer import Tracer

STATUSES = ("success", "400", "404", "429", "500", "503")
"""Outcomes of a request; ``success`` is the route's own code."""

MISTAKES = np.array([0.9799, 0.006, 0.011, 0.0028, 0.0003, 0.0])
"""Shares of the outcomes when nothing is wrong: clients' mistakes, and a rare bug of ours."""

MESSAGES = {
    "success": ("INFO", "request completed"),
    "500": ("ERROR", "unexpected end of row"),
    "503": ("ERROR", "Kafka producer timeout"),
}
"""What the log says of an outcome that is logged: level and message."""

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

    def __init__(self, seed: int, logbook: Logbook, tracer: Tracer) -> None:
        self._random = np.random.default_rng([seed, 2])
        self._logbook = logbook
        self._tracer = tracer
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
            if arrivals.any():
                self._tracer.rejected(arrivals, dt)
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
        self._log(serving, outcomes, buckets, dt)

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

    def _log(self, serving: list[Replica], outcomes: Counts, buckets: Counts, dt: Millis) -> None:
        """A sample of what was counted: one good request a step, and one per replica and route of each 5xx.

        The good one is of any route alike, so that the rare ones are seen as often as the frequent.
        ``buckets``, as counted in this step by replica, route and bucket, lose those that are traced.
        """
        index = int(self._random.integers(len(serving)))
        succeeded = [route for route, count in enumerate(outcomes[index, :, 0].tolist()) if count]
        if succeeded:
            first = self._tracer.pick(succeeded)
            sent = self._sent(first, int(outcomes[:, first, 0].sum()))
            self._line(serving[index], "success", first, buckets[index, first], dt, sent)
        for at, row, column in np.argwhere(outcomes[:, :, -2:]).tolist():
            self._line(serving[at], STATUSES[column - 2], row, buckets[at, row], dt)

    def _sent(self, route: int, count: int) -> range:
        """The messages that ``count`` requests of a route have just handed to its topic, in the topic's own order."""
        total = self.produced.get(ROUTES[route].produces or "", 0)
        return range(total - count, total) if total else range(0)

    def _line(
        self, replica: Replica, status: str, route: int, buckets: Counts, dt: Millis, sent: range = range(0)
    ) -> None:
        """Log a request and trace it."""
        level, message = MESSAGES[status]
        low = int(self._random.integers(1 << 62))
        traced = self._tracer.request(replica.pod, route, status, buckets, low, dt, sent)
        code = int(ROUTES[route].success if status == "success" else status)
        self._logbook.write(
            replica.pod, level, message, method=ROUTES[route].method, path=ROUTES[route].path, status=code,
            trace_id=traced.trace_id, span_id=span_id(traced.trace, SERVER), duration_ms=traced.duration / 1000,
        )  # fmt: skip
