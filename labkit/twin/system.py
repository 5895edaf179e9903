"""LLM-Research-Lab as a whole: its parts, stepped together, and what each sees of the others."""

import random
from collections.abc import Callable

from labkit.clock import SECOND, Clock, Millis
from labkit.kafka.cluster import Cluster
from labkit.kube.controllers.workloads import is_ready
from labkit.kube.kinds import POD
from labkit.kube.store import Change, Object, Store
from labkit.signals.logs import LogStore
from labkit.twin.api import ResearchApi
from labkit.twin.causes import Causes
from labkit.twin.logbook import Logbook
from labkit.twin.runtime import Processes
from labkit.twin.topics import cluster
from labkit.twin.tracing.tracer import Tracer
from labkit.twin.traffic import Traffic
from labkit.twin.workers import JOBS, Workers

STEP: Millis = 5 * SECOND


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
        self._produced = 0
        self._apps: dict[str, list[Object]] | None = None
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
        return [pod for pod in self.pods(app) if is_ready(pod)]

    def topics(self) -> set[str]:
        """The names of the topics that exist."""
        return {topic.name for topic in self.brokers.topics}

    def begin(self, after_step: Callable[[], None]) -> None:
        """Start to live: step every :data:`STEP`, then call ``after_step``, for ever."""

        def step() -> None:
            self.step(STEP)
            after_step()
            self.clock.call_later(STEP, step)

        self.clock.call_later(STEP, step)

    def step(self, dt: Millis) -> None:
        """Live through the ``dt`` milliseconds before now."""
        topics = self.topics()
        rate = self.traffic.step(self.clock.now, dt)
        self.api.place([p for p in self.pods("llm-research-api") if p["status"]["phase"] == "Running"])
        self.api.step(rate, dt, {p["metadata"]["name"] for p in self.ready("llm-research-api")}, topics)
        produced = self.api.produced.get(JOBS, 0) - self._produced
        self._produced += produced
        workers, consumed = self.ready("experiment-worker"), self.workers.consumed
        self.workers.step(self.clock.now, dt, produced, workers, topics)
        self.tracer.consume(range(consumed, self.workers.consumed), dt, workers, topics)

    def _observe(self, change: Change) -> None:
        if change.kind == POD:
            self._apps = None
