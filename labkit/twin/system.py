"""LLM-Research-Lab as a whole: its parts, stepped together, and what each sees of the others."""

import random
from collections.abc import Callable
from functools import partial

from labkit.clock import DAY, SECOND, Clock, Millis
from labkit.kafka.cluster import Cluster
from labkit.kube.controllers.workloads import is_ready
from labkit.kube.kinds import POD
from labkit.kube.store import Change, Object, Store
from labkit.signals.logs import LogStore
from labkit.twin import cache, workers
from labkit.twin.api import ResearchApi
from labkit.twin.cache import Cache
from labkit.twin.causes import Causes
from labkit.twin.columns import Columns
from labkit.twin.database import Database, Sent
from labkit.twin.logbook import Logbook
from labkit.twin.runtime import Processes
from labkit.twin.topics import TOPICS, cluster
from labkit.twin.tracing.tracer import Tracer
from labkit.twin.traffic import Traffic
from labkit.twin.usage import Usage
from labkit.twin.workers import JOBS, Workers

STEP: Millis = 5 * SECOND

BEHIND: Millis = 15 * SECOND
"""How often what lies behind the API is stepped: as often as it is scraped, for its times are longer."""

CERTIFICATE_VALID: Millis = 365 * DAY
"""How long the ingress' certificate is valid, from the cluster's first day."""


def is_running(pod: Object) -> bool:
    """Whether the pod's process runs."""
    statuses = pod.get("status", {}).get("containerStatuses", ())
    return bool(statuses) and "running" in statuses[0]["state"]


class System:
    """All of LLM-Research-Lab. ``recheck`` is called when causes change, to probe the pods again."""

    def __init__(self, store: Store, clock: Clock, logs: LogStore, seed: int) -> None:
        self.store = store
        self.clock = clock
        self.random = random.Random(f"{seed}/twin")
        self.causes = Causes()
        self.logbook = Logbook(logs, clock)
        self.processes = Processes(self.causes, self.logbook)
        self.brokers: Cluster = cluster(seed)
        self.traffic = Traffic(seed)
        self.tracer = Tracer(seed, lambda: clock.now, self.causes)
        self.api = ResearchApi(seed, self.logbook, self.tracer)
        self.workers = Workers(seed, self.logbook)
        self.database = Database()
        self.cache = Cache(keys=cache.WARM_KEYS)
        self.columns = Columns.seeded(seed)
        self.usage = Usage()
        self.certificate_expires = clock.now + CERTIFICATE_VALID
        self._produced = 0
        self._behind: Millis = 0
        self._apps: dict[str, list[Object]] | None = None
        self._live: list[Object] | None = None
        self._ready: dict[str, list[Object]] = {}
        store.subscribe(self._observe)

    def pods(self, app: str) -> list[Object]:
        """The pods of an app, by its ``app`` label."""
        if self._apps is None:
            self._apps = {}
            for pod in self.store.list(POD):
                self._apps.setdefault(pod["metadata"]["labels"]["app"], []).append(pod)
        return self._apps.get(app, [])

    def ready(self, app: str) -> list[Object]:
        """The pods of an app that are ready."""
        if app not in self._ready:
            self._ready[app] = [pod for pod in self.pods(app) if is_ready(pod)]
        return self._ready[app]

    def running(self) -> list[Object]:
        """The pods whose process runs now: a container that waits to be restarted has none."""
        if self._live is None:
            self._live = [pod for pod in self.store.list(POD) if is_running(pod)]
        return self._live

    def topics(self) -> set[str]:
        """The names of the topics that exist."""
        return {topic.name for topic in self.brokers.topics}

    def begin(self, after_step: Callable[[], None], fine: Millis) -> None:
        """Start to live: step every :data:`STEP`, then call ``after_step``, for ever.

        What lies before ``fine`` is lived in steps of :data:`BEHIND`, which cost a third.
        """

        def step(dt: Millis) -> None:
            self.step(dt)
            after_step()
            begin_step()

        def begin_step() -> None:
            dt = STEP if self.clock.now >= fine else BEHIND
            self.clock.call_later(dt, partial(step, dt))

        self.database.begin(self.clock.now)
        begin_step()

    def step(self, dt: Millis) -> None:
        """Live through the ``dt`` milliseconds before now."""
        rate = self.traffic.step(self.clock.now, dt)
        hits = self.cache.hit_probability if self._cached() else 0.0
        self.api.place([p for p in self.pods("llm-research-api") if p["status"]["phase"] == "Running"])
        ready = {p["metadata"]["name"] for p in self.ready("llm-research-api")}
        self.api.step(rate, dt, ready, self.topics(), database=self.causes.database_accepting, hits=hits)
        self._behind += dt
        if self._behind >= BEHIND:
            self._step_behind(self._behind)
            self._behind = 0

    def _step_behind(self, dt: Millis) -> None:
        """Workers and data layer take what requests have sent, and containers use what that costs."""
        now, database, served = self.clock.now, self.causes.database_accepting, self.api.take()
        produced = self.api.produced.get(JOBS, 0) - self._produced
        self._produced += produced
        ready, consumed = self.ready("experiment-worker"), self.workers.consumed
        self.workers.step(now, dt, produced, ready, self.topics(), database=database)
        self.tracer.consume(range(consumed, self.workers.consumed), dt, ready[: TOPICS[JOBS]], self.topics())
        done = self.workers.done
        statements = served.statements + done * workers.STATEMENTS
        transactions = served.transactions + done * int(workers.STATEMENTS.sum())
        self.database.step(now, dt, Sent(statements, transactions, served.rollbacks), accepting=database)
        self.columns.step(dt, self.workers.members, done, served.selects)
        if self._cached():
            self.cache.step(dt, served.requests, served.lookups, served.misses)
        else:
            self.cache.refuse(dt, len(self.api.replicas))
        self.usage.step(self, self.running(), dt)

    def _cached(self) -> bool:
        """Whether the API gets answers from Redis; a new Redis process is empty."""
        pod = next(iter(self.pods("redis")), None)
        if pod is None or not is_running(pod):
            return False
        process = pod["status"]["containerStatuses"][0]["containerID"]
        if process != self.cache.process:
            keys = self.cache.keys if not self.cache.process else 0.0
            self.cache = Cache(process, self.clock.now, keys)
        return self.causes.cache_password_valid

    def _observe(self, change: Change) -> None:
        if change.kind == POD:
            self._apps = self._live = None
            self._ready.clear()
