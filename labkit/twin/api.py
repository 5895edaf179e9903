"""The research API's replicas: every request counted once, and every signal from that count.

A step draws arrivals by replica, route and outcome (Poisson around the traffic's rate), and their
latency buckets (multinomial). Counters are sums of those draws, so a histogram's count is the
request count, the statements sent to PostgreSQL are those of the requests that got so far, and the
log lines written are of requests that were counted; each of these has a trace.
"""

from bisect import bisect_left
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labkit.clock import SECOND, Millis
from labkit.kube.store import Object
from labkit.twin import queries
from labkit.twin.logbook import Logbook
from labkit.twin.queries import Queries
from labkit.twin.routes import BUCKETS, CACHED, LATENCY, MEANS, METRICS_ROUTE, ROUTES, SHARES, STATEMENTS
from labkit.twin.together import Together
from labkit.twin.tracing.draft import SERVER, span_id
from labkit.twin.tracing.sample import Sample
from labkit.twin.tracing.tracer import Tracer

STATUSES = ("success", "400", "401", "403", "404", "429", "500", "503")
"""Outcomes of a request; ``success`` is the route's own code."""

MISTAKES = np.array([0.9780, 0.006, 0.0015, 0.0004, 0.011, 0.0028, 0.0003, 0.0])
"""Shares of the outcomes when nothing is wrong: clients' mistakes, and a rare bug of ours."""

REACHING = np.array([status in {"success", "404", "500", "503"} for status in STATUSES])
"""The outcomes of requests that got past validation, token, role and rate limit: these ask the database."""

_TURNED_AWAY = (~REACHING).astype(np.int64)
_CACHED = np.flatnonzero(CACHED).tolist()

MESSAGES = {
    "success": ("INFO", "request completed"),
    "500": ("ERROR", "unexpected end of row"),
    "503": ("ERROR", "Kafka producer timeout"),
}
"""What the log says of an outcome that is logged: level and message."""

NO_CONNECTION = ("ERROR", "database connection timeout")
"""What it says of 503 while PostgreSQL accepts no connection."""


SAMPLE: Millis = 5 * SECOND
"""Of so much time one good request is logged and traced, however long a step is."""

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

    def __init__(self, seed: int, logbook: Logbook, tracer: Tracer) -> None:
        self._random = np.random.default_rng([seed, 2])
        self._logbook = logbook
        self._tracer = tracer
        self._shares: dict[tuple[bool, ...], NDArray[np.float64]] = {}
        self.replicas: dict[str, Replica] = {}
        self.counters = Together("requests", "buckets", "seconds", "in_flight")
        self.queries = queries.together()
        """Those of all replicas, in their order."""
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
        self.counters.lay(list(self.replicas.values()))
        self.queries.lay([replica.queries for replica in self.replicas.values()])

    def step(
        self, rate: float, dt: Millis, ready: set[str], topics: set[str], *, database: bool = True, hits: float = 0.9
    ) -> None:
        """Serve ``dt`` of traffic at ``rate`` per second with the ``ready`` pods (by name).

        ``database`` says whether PostgreSQL accepts connections, ``hits`` how likely a look-up finds
        its key in the cache.
        """
        serving = [r for r in self.replicas.values() if r.pod["metadata"]["name"] in ready]
        for replica in self.replicas.values():
            replica.in_flight[:] = 0
            replica.pool_in_use = 0
        expected = rate * dt / SECOND * SHARES
        if not serving:
            self._reject(self._random.poisson(expected), dt)
            return
        # A Poisson stream that is split at random is as many independent ones.
        shares = expected[:, None] * self._outcomes(topics, database) / len(serving)
        outcomes: Counts = self._random.poisson(shares, (len(serving), *shares.shape))
        split: Counts = outcomes.sum(axis=2)
        arrived = int(split.sum())
        self.arrived += arrived
        timeout = PRODUCER_TIMEOUT if database else DATABASE_TIMEOUT
        buckets = self._count(serving, split, outcomes, dt, timeout)
        asking = self._look_up(serving, split, outcomes, hits)
        if database:
            self._query(serving, asking, dt)
        for replica, requests in zip(serving, outcomes, strict=True):
            self._produce(replica, requests, topics, database)
        self.answered += outcomes.sum(axis=0)
        self.served.requests += arrived
        self.served.rollbacks += int(outcomes[:, :, STATUSES.index("500")].sum())
        self._tracer.hits = hits
        self._log(serving, outcomes, buckets, dt, timeout)

    def _reject(self, arrivals: Counts, dt: Millis) -> None:
        """The ingress answers all requests itself; one of them is traced."""
        count = int(arrivals.sum())
        self.arrived += count
        self.rejected += count
        if count:
            for _ in range(min(max(1, dt // SAMPLE), int(arrivals.sum()))):
                self._tracer.rejected(arrivals, dt)

    def take(self) -> Served:
        """What the parts behind the API have been asked since the last call."""
        served, self.served = self.served, Served()
        return served

    def _count(self, serving: list[Replica], split: Counts, outcomes: Counts, dt: Millis, timeout: float) -> Counts:
        """Requests and latencies: lognormal, but for those that end when a timeout does.

        Returns how many of the others fell into each bucket, by replica, route and bucket.
        """
        late: Counts = outcomes[:, :, -1]
        buckets: Counts = self._random.multinomial(split - late, LATENCY)
        last = bisect_left(BUCKETS, timeout)
        # The sum of many lognormal latencies, by the mean of each.
        seconds = (split - late) * MEANS + late * timeout
        in_flight = self._random.poisson(seconds * SECOND / dt)  # Little's law
        held, rows = self.counters, self.counters.rows(serving)
        held["requests"][rows] += outcomes
        held["buckets"][rows] += buckets
        held["buckets"][rows, :, last] += late
        held["seconds"][rows] += seconds
        held["in_flight"][rows] = in_flight
        for replica, requests in zip(serving, split.sum(axis=1).tolist(), strict=True):
            replica.served += requests
        return buckets

    def _look_up(self, serving: list[Replica], split: Counts, outcomes: Counts, hits: float) -> Counts:
        """Ask the cache; the calls, of shape (replicas, routes), that then go to the database."""
        asking: Counts = split - outcomes @ _TURNED_AWAY
        for route in _CACHED:
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
        queries.add(self.queries, [replica.queries for replica in serving], statements, drawn)
        for replica, busy in zip(serving, in_use.tolist(), strict=True):
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

    def _log(self, serving: list[Replica], outcomes: Counts, buckets: Counts, dt: Millis, timeout: float) -> None:
        """A sample of what was counted: of every :data:`SAMPLE` one good request, and one per replica and route of each 5xx.

        ``buckets``, as counted in this step by replica, route and bucket, lose those that are traced; who
        got 503 waited for ``timeout`` and is in none of them.
        """
        often = max(1, dt // SAMPLE)
        self._log_good(serving, outcomes[:, :, 0], buckets, dt, often)
        for at, row, column in np.argwhere(outcomes[:, :, -2:]).tolist():
            for _ in range(min(often, int(outcomes[at, row, column - 2]))):
                if column:
                    traced = self._tracer.timed_out(serving[at].pod, row, timeout, self._id(), dt)
                else:
                    traced = self._tracer.request(serving[at].pod, row, "500", buckets[at, row], self._id(), dt)
                self._line(serving[at], traced, MESSAGES[traced.status] if traced.database else NO_CONNECTION)

    def _log_good(self, serving: list[Replica], good: Counts, buckets: Counts, dt: Millis, often: int) -> None:
        """Log ``often`` of the ``good`` requests, counted by replica and route.

        They are of any route alike, so that the rare ones are seen as often as the frequent.
        """
        left = good.copy()
        for turn in range(often):
            index = int(self._random.integers(len(serving)))
            succeeded = np.flatnonzero(left[index]).tolist()
            if not succeeded:
                continue
            route = self._tracer.pick(succeeded)
            left[index, route] -= 1
            sent = self._sent(route, int(good[:, route].sum()))
            part = sent[len(sent) * turn // often : len(sent) * (turn + 1) // often]  # in their topic's order
            traced = self._tracer.request(
                serving[index].pod, route, "success", buckets[index, route], self._id(), dt, part
            )
            self._line(serving[index], traced, MESSAGES["success"])

    def _id(self) -> int:
        """The lower half of a trace id."""
        return int(self._random.integers(1 << 62))

    def _sent(self, route: int, count: int) -> range:
        """The messages that ``count`` requests of a route have just handed to its topic, in the topic's own order."""
        total = self.produced.get(ROUTES[route].produces or "", 0)
        return range(total - count, total) if total else range(0)

    def _line(self, replica: Replica, traced: Sample, said: tuple[str, str]) -> None:
        """Log a request that is traced, with what is ``said`` of it."""
        route = ROUTES[traced.route]
        code = int(route.success if traced.status == "success" else traced.status)
        self._logbook.write(
            replica.pod, *said, method=route.method, path=route.path, status=code,
            trace_id=traced.trace_id, span_id=span_id(traced.trace, SERVER), duration_ms=traced.duration / 1000,
        )  # fmt: skip
