"""One world: a small Kubernetes, LLM-Research-Lab on it, and its signals, in virtual time.

A world is made at ``start`` having already lived: its cluster for some days, its traffic and
metrics for :data:`HISTORY`. Everything in it follows from ``seed`` and from what is done to it;
``prepare`` is given the unlived world so that a scenario can lay its causes into the past.
"""

import hashlib
import random
from collections.abc import Callable
from functools import cached_property

import msgspec

from labkit.alerting.alertmanager import Alertmanager
from labkit.alerting.ruler import Ruler
from labkit.clock import DAY, EPOCH, HOUR, MINUTE, SECOND, Clock, Millis
from labkit.kube.controllers.endpoints import EndpointsController
from labkit.kube.controllers.scheduler import Scheduler
from labkit.kube.controllers.workloads import Deployments, ReplicaSets, StatefulSets
from labkit.kube.events import Recorder
from labkit.kube.kinds import KINDS
from labkit.kube.kubelet import Kubelet
from labkit.kube.store import Store
from labkit.signals.joined import Joined
from labkit.signals.logs import LogStore
from labkit.signals.series import Labels, SeriesStore
from labkit.signals.source import SpanSource
from labkit.signals.streams import StreamStore
from labkit.twin import manifests
from labkit.twin.exporters import METRICS, Exporter
from labkit.twin.system import System
from labkit.twin.tracing.traces import Traces
from labkit.world import alerting
from labkit.world.collector import Collector

HISTORY: Millis = 6 * HOUR
"""How long the twin has lived, scraped at full resolution, when a world begins."""
UNJUDGED: Millis = 5 * MINUTE
"""How much of that no rule judges: with fewer samples than a rate spans, nothing would look as it is."""
RETENTION: Millis = 15 * DAY
"""How long series are kept: Prometheus' own default. An hour at a time is let go."""

FINE: Millis = HOUR
"""How much of that in the twin's own steps; what lies before is lived from scrape to scrape, for a quick start."""

SCRAPE: Millis = 15 * SECOND
"""Prometheus' scrape interval."""


class World:
    """Everything that is simulated, and the one clock it lives by."""

    def __init__(self, seed: int, start: Millis = EPOCH, prepare: "Callable[[World], None] | None" = None) -> None:
        self.seed = seed
        self.start = start
        self.random = random.Random(f"{seed}/world")
        self.clock = Clock(start - self.random.randint(9 * DAY, 40 * DAY) // SECOND * SECOND)
        self.store = Store(lambda: self.clock.now, seed)
        self.logs = LogStore()
        self.series = SeriesStore()
        self.streams = StreamStore()
        Collector(self.store, self.clock, self.logs, self.streams)
        self.system = System(self.store, self.clock, self.logs, seed)
        self.spans: SpanSource = Traces(self.system.tracer)
        events = Recorder(self.store, self.clock)
        self.kubelet = Kubelet(self.store, self.clock, events, self.system.processes, seed)
        self.system.causes.on_change(self.kubelet.recheck)
        self._controllers = (
            Deployments(self.store, self.clock), ReplicaSets(self.store, self.clock),
            StatefulSets(self.store, self.clock), EndpointsController(self.store, self.clock),
            Scheduler(self.store, self.clock, events),
        )  # fmt: skip
        self._exporter = Exporter(self.system)
        self.settled: Millis = start - HISTORY
        """The time up to which all series are written; a reader in another thread may see ``now`` before them."""
        self._live(prepare)

    @property
    def now(self) -> Millis:
        """The present."""
        return self.clock.now

    @cached_property
    def ruler(self) -> Ruler:
        """The rules of LLM-Research-Lab; they are evaluated when somebody asks."""
        return alerting.ruler(self.series, lambda: self.settled, self.start - HISTORY + UNJUDGED, SCRAPE)

    @cached_property
    def alertmanager(self) -> Alertmanager:
        """The Alertmanager that the rules tell."""
        return alerting.alertmanager(self.ruler, self.seed, self.start - HISTORY)

    @cached_property
    def metrics(self) -> Joined:
        """All that Prometheus holds: what it scrapes, and what its rules make of it."""
        return Joined(self.series, self.ruler.series)

    def digest(self) -> str:
        """A hash of everything simulated: objects, series, logs and traces. Equal worlds have equal digests.

        What rules and Alertmanager make of it follows from it, and from what was done to Alertmanager.
        """
        objects = [self.store.list(kind) for kind in KINDS]
        parts = (
            msgspec.json.encode([self.now, self.store.version, objects]),
            self.series.digest(), self.logs.digest(), self.streams.digest(), self.system.tracer.digest(),
            self.alertmanager.digest(),
        )  # fmt: skip
        return hashlib.sha256(b"".join(parts)).hexdigest()

    def _live(self, prepare: "Callable[[World], None] | None") -> None:
        """Live from the cluster's first day to ``start``."""
        manifests.apply(self.store)
        self.clock.advance(self.now + HOUR)
        if prepare:
            prepare(self)
        self.clock.advance(self.start - HISTORY)
        for name, (type_, help_) in METRICS.items():
            self.series.describe(name, type_, help_)
        self.system.begin(self._after_step, self.start - FINE)
        self.clock.advance(self.start)

    def _after_step(self) -> None:
        if (self.now - self.start) % SCRAPE == 0:
            self._scrape()
        self.settled = self.now

    def _scrape(self) -> None:
        series, values = self._exporter.scrape()
        if series is not None:
            self._block = self.series.block([Labels(pairs) for pairs in series])
        self._block.append(self.now, values)
        if (self.now - self.start) % HOUR == 0:
            self._forget(self.now - RETENTION)

    def _forget(self, before: Millis) -> None:
        """Let go of old samples; rules see them first, whether somebody has asked for these or not."""
        if before > self.start - HISTORY:
            self.settled = self.now
            self.ruler.catch_up()
        self.series.forget(before)
