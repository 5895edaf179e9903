"""The research API's replicas: every request counted once, and every signal from that count.

A step draws arrivals per route (Poisson around the traffic's rate), their outcome, replica and
latency bucket (multinomial). Counters are sums of those draws, so a histogram's count is the
request count, the statements sent to PostgreSQL are those of the requests that got so far, and the
log lines written are of requests that were counted.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labkit.clock import SECOND, Millis
from labkit.kube.store import Object
from labkit.twin import queries
from labkit.twin.logbook import Logbook
from labkit.twin.queries import Queries
from labkit.twin.routes import BUCKETS, CACHED, LATENCY, MEANS, METRICS_ROUTE, ROUTES, SHARES, STATEMENTS

STATUSES = ("success", "400", "401", "403", "404", "429", "500", "503")
"""Outcomes of a request; ``success`` is the route's own code."""

MISTAKES = np.array([0.9780, 0.006, 0.0015, 0.0004, 0.011, 0.0028, 0.0003, 0.0])
"""Shares of the outcomes when nothing is wrong: clients' mistakes, and a rare bug of ours."""

REACHING = np.array([status in {"success", "404", "500", "503"} for status in STATUSES])
"""The outcomes of requests that got past validation, token, role and rate limit: these ask the database."""

POOL_SIZE = 25
"""Connections a replica may hold (DATABASE_POOL_SIZE)."""

PRODUCER_TIMEOUT = 6.0
DATABASE_TIMEOUT = 3.0
"""Seconds after which a request gives up on Kafka (``delivery.timeout.ms``) or on a connection (acquire timeout)."""

ATTEMPTS = 3
"""Tries within those seconds."""

Counts = NDArray[np.int64]


def _zeros(*shape: int) -> Counts:
    return np.zeros(shape, np.int64)


@dataclass
class Replica:
    """The counters of one replica's process; they start at zero with it."""

    pod: Object
    requests: Counts = field(default_factory=lambda: _zeros(len(ROUTES), len(STATUSES)))
    buckets: Counts = field(default_factory=lambda: _zeros(len(ROUTES), len(BUCKETS) + 1))
    seconds: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(ROUTES)))
    in_flight: Counts = field(default_factory=lambda: _zeros(len(ROUTES)))
    queries: Queries = field(default_factory=Queries)
    served: int = 0
    """Requests so far."""
    pool_in_use: int = 0
    pool_timeouts: int = 0
    """Requests that gave up waiting for a connection."""
    hits: int = 0
    misses: int = 0
    produced: dict[str, int] = field(default_factory=dict)
    """Messages handed to each topic."""
    undelivered: dict[str, int] = field(default_factory=dict)
    """Messages given up, by topic, each after :data:`ATTEMPTS`."""


@dataclass
class Served:
    """What requests asked of the parts behind the API since it was last taken, over all replicas."""

    requests: int = 0
    statements: Counts = field(default_factory=lambda: _zeros(STATEMENTS.shape[1]))
    transactions: int = 0
    rollbacks: int = 0
    lookups: int = 0
    misses: int = 0
    selects: int = 0
    """Queries to ClickHouse."""


class ResearchApi:
    """All replicas behind the ingress."""

    def __init__(self, seed: int, logbook: Logbook) -> None:
        self._random = np.random.default_rng([seed, 2])
        self._logbook = logbook
        self._shares: dict[tuple[bool, ...], NDArray[np.float64]] = {}
        self.replicas: dict[str, Replica] = {}
        self.rejected = 0
        """Requests the ingress answered 503 because no replica was ready."""
        self.arrived = 0
        self.answered = _zeros(len(ROUTES), len(STATUSES))
        """Requests that replicas answered, those of processes that are gone among them."""
        self.produced: dict[str, int] = {}
        """Messages handed to each topic, in all."""
        self.served = Served()

    def place(self, pods: list[Object]) -> None:
        """Tell which pods run a process: new ones start counting, gone ones stop."""
        old = self.replicas
        self.replicas = {}
        for pod in pods:
            process = pod["status"]["containerStatuses"][0]["containerID"]
            self.replicas[process] = old.get(process) or Replica(pod)
            self.replicas[process].pod = pod

    def step(
        self, rate: float, dt: Millis, ready: set[str], topics: set[str], *, database: bool = True, hits: float = 0.9
    ) -> None:
        """Serve ``dt`` of traffic at ``rate`` per second with the ``ready`` pods (by name).

        ``database`` says whether PostgreSQL accepts connections, ``hits`` how likely a look-up finds
        its key in the cache.
        """
        serving = [r for r in self.replicas.values() if r.pod["metadata"]["name"] in ready]
        for replica in self.replicas.values():
            replica.in_flight = _zeros(len(ROUTES))
            replica.pool_in_use = 0
        arrivals = self._random.poisson(rate * dt / SECOND * SHARES)
        self.arrived += int(arrivals.sum())
        if not serving:
            self.rejected += int(arrivals.sum())
            return
        split: Counts = self._random.multinomial(arrivals, np.full(len(serving), 1 / len(serving))).T
        outcomes: Counts = self._random.multinomial(split, self._outcomes(topics, database))
        self._count(serving, split, outcomes, dt, DATABASE_TIMEOUT if not database else PRODUCER_TIMEOUT)
        asking = self._look_up(serving, split, outcomes, hits)
        if database:
            self._query(serving, asking, dt)
        for replica, requests in zip(serving, outcomes, strict=True):
            self._produce(replica, requests, topics, database)
        self.answered += outcomes.sum(axis=0)
        self.served.requests += int(arrivals.sum())
        self.served.rollbacks += int(outcomes[:, :, STATUSES.index("500")].sum())
        self._log(serving, outcomes, database)

    def take(self) -> Served:
        """What the parts behind the API have been asked since the last call."""
        served, self.served = self.served, Served()
        return served

    def _count(self, serving: list[Replica], split: Counts, outcomes: Counts, dt: Millis, timeout: float) -> None:
        """Requests and latencies: lognormal, but for those that end when a timeout does."""
        late: Counts = outcomes[:, :, -1]
        buckets = self._random.multinomial(split - late, LATENCY)
        buckets[:, :, np.searchsorted(BUCKETS, timeout)] += late
        # The sum of many lognormal latencies, by the mean of each.
        seconds = (split - late) * MEANS + late * timeout
        in_flight = self._random.poisson(seconds * SECOND / dt)  # Little's law
        for at, (replica, requests) in enumerate(zip(serving, split.sum(axis=1).tolist(), strict=True)):
            replica.requests += outcomes[at]
            replica.buckets += buckets[at]
            replica.seconds += seconds[at]
            replica.in_flight = in_flight[at]
            replica.served += requests

    def _look_up(self, serving: list[Replica], split: Counts, outcomes: Counts, hits: float) -> Counts:
        """Ask the cache; the calls, of shape (replicas, routes), that then go to the database."""
        asking: Counts = split - outcomes[:, :, ~REACHING].sum(axis=2)
        for route in np.flatnonzero(CACHED).tolist():
            calls = asking[:, route].copy()
            found = self._random.binomial(calls, hits)
            asking[:, route] -= found
            for replica, hit, call in zip(serving, found.tolist(), calls.tolist(), strict=True):
                replica.hits += hit
                replica.misses += call - hit
                self.served.lookups += call
                self.served.misses += call - hit
        return asking

    def _query(self, serving: list[Replica], asking: Counts, dt: Millis) -> None:
        """Ask PostgreSQL and ClickHouse, as the routes of the requests that got so far do."""
        statements: Counts = asking @ STATEMENTS
        drawn = queries.latencies(self._random, statements)
        in_use = self._random.poisson(statements @ queries.MEANS * SECOND / dt)
        for at, (replica, busy) in enumerate(zip(serving, in_use.tolist(), strict=True)):
            replica.queries.add(statements[at], drawn[at])
            replica.pool_in_use = min(POOL_SIZE, busy)
        self.served.statements += statements.sum(axis=0)
        self.served.transactions += int(asking.sum())
        self.served.selects += int(asking[:, METRICS_ROUTE].sum())

    def _produce(self, replica: Replica, requests: Counts, topics: set[str], database: bool) -> None:
        """Hand messages to Kafka; a request that has no connection gives up before it has one."""
        if not database:
            replica.pool_timeouts += int(requests[:, -1].sum())
            return
        for route, row in zip(ROUTES, requests, strict=True):
            if route.produces in topics:
                replica.produced[route.produces] = replica.produced.get(route.produces, 0) + int(row[0])
                self.produced[route.produces] = self.produced.get(route.produces, 0) + int(row[0])
            elif route.produces:
                replica.undelivered[route.produces] = replica.undelivered.get(route.produces, 0) + int(row[-1])

    def _outcomes(self, topics: set[str], database: bool) -> NDArray[np.float64]:
        """Outcome shares per route: what needs a topic or a database that is not there ends 503."""
        failing = (not database, *(route.produces is not None and route.produces not in topics for route in ROUTES))
        if failing not in self._shares:
            shares = np.tile(MISTAKES, (len(ROUTES), 1))
            for row, missing in enumerate(failing[1:]):
                if missing or not database:
                    lost = REACHING if not database else np.arange(len(STATUSES)) == 0
                    shares[row, -1] = shares[row, lost].sum()
                    shares[row, :-1][lost[:-1]] = 0.0
            self._shares[failing] = shares
        return self._shares[failing]

    def _log(self, serving: list[Replica], outcomes: Counts, database: bool) -> None:
        """A sample of what was counted: one good request a step, and one per replica and route of each 5xx."""
        index = int(self._random.integers(len(serving)))
        first = int(outcomes[index, :, 0].argmax())
        if outcomes[index, first, 0]:
            self._line(serving[index], "INFO", "request completed", first, ROUTES[first].success)
        unavailable = "Kafka producer timeout" if database else "database connection timeout"
        for at, row, column in np.argwhere(outcomes[:, :, -2:]).tolist():
            status = STATUSES[column - 2]
            self._line(serving[at], "ERROR", unavailable if status == "503" else "unexpected end of row", row, status)

    def _line(self, replica: Replica, level: str, message: str, route: int, status: str) -> None:
        self._logbook.write(
            replica.pod, level, message, method=ROUTES[route].method, path=ROUTES[route].path, status=int(status),
            trace_id=f"{int(self._random.integers(1 << 62)):032x}",
        )  # fmt: skip
