"""Takes the traced requests as they are counted, and the jobs they leave when workers take them up.

What is traced is what the replicas log: one good request in a step (of about 900), and of each step,
replica and route the first failure of a kind; beside them one request in a step that the ingress
itself must answer. So failures are found whatever their rate, and the rest is sampled one in
hundreds, as tail sampling does it. All draws come from a generator of the tracer's own.
"""

import bisect
import hashlib
import random
from collections import deque
from collections.abc import Callable, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from labkit.clock import Millis
from labkit.kube.store import Object
from labkit.signals.spans import Micros
from labkit.twin.causes import Causes
from labkit.twin.providers import PROVIDERS
from labkit.twin.routes import BUCKETS, ROUTES, latency_within
from labkit.twin.tracing.resources import resource
from labkit.twin.tracing.sample import Job, Resource, Sample
from labkit.twin.workers import OUTPUTS

RETAINED = 100_000
"""Traces kept, the newest: as many as Jaeger's memory storage keeps by default; four days, when all is well."""

_MILLI: Micros = 1_000
Counts = NDArray[np.int64]


class Tracer:
    """The samples of one system, oldest first."""

    def __init__(self, seed: int, now: Callable[[], Millis], causes: Causes) -> None:
        self.seed = seed
        self.now = now
        self._random = random.Random(f"{seed}/traces")
        self._causes = causes
        self._samples: list[Sample] = []
        self._waiting: deque[Sample] = deque()
        self._resources: dict[str, Resource] = {}
        self.hits = 0.0
        """How likely a look-up of a cached route finds its key."""

    @property
    def samples(self) -> Sequence[Sample]:
        """The samples at this moment, oldest first; a copy, so any thread may walk it."""
        return self._samples[:]

    def pick(self, routes: Sequence[int]) -> int:
        """Which of some routes to trace a request of."""
        return routes[int(self._random.random() * len(routes))]

    def request(
        self, pod: Object, route: int, status: str, buckets: Counts, trace: int, dt: Millis, sent: range = range(0)
    ) -> Sample:
        """A request that ``pod`` served within the last ``dt``, counted in one of ``buckets``, which loses it.

        ``buckets``, of shape (len(BUCKETS) + 1,), holds the requests of this replica, route and step
        that are not traced yet; ``trace`` is the lower half of the trace id; ``sent`` are the messages
        that the successful requests of this route handed over in this step, this one among them.
        """
        draw = self._random
        bucket = _weighted(draw.random(), buckets.tolist())
        buckets[bucket] -= 1
        duration = latency_within(route, bucket, draw.random())
        sample = self._sample(trace, dt, duration, route, status, bucket, self._resource(pod))
        if sent:
            sample.message = draw.choice(sent)
            self._waiting.append(sample)
        return sample

    def timed_out(self, pod: Object, route: int, seconds: float, trace: int, dt: Millis) -> Sample:
        """A request that ``pod`` answered 503 within the last ``dt``, having waited ``seconds`` for what did not come."""
        bucket = bisect.bisect_left(BUCKETS, seconds)
        duration = round(seconds * 1e6) + self._random.randint(500, 20_000)
        return self._sample(trace, dt, duration, route, "503", bucket, self._resource(pod))

    def rejected(self, arrivals: Counts, dt: Millis) -> None:
        """One of ``arrivals`` (by route, not all zero), which the ingress answered 503 within the last ``dt``."""
        draw = self._random
        route = _weighted(draw.random(), arrivals.tolist())
        self._sample(draw.getrandbits(62), dt, draw.randint(150, 900), route, "503", -1, None)

    def consume(self, consumed: range, dt: Millis, ready: Sequence[Object], topics: set[str]) -> None:
        """The ``ready`` workers took up the messages ``consumed``, in their order, within the last ``dt``."""
        while self._waiting and (message := self._waiting[0].message) is not None and message < consumed.stop:
            sample = self._waiting.popleft()
            done = (message - consumed.start) / len(consumed)
            taken = self.now() * _MILLI - round((1 - done) * dt * _MILLI)
            number = self._random.choices(range(len(PROVIDERS)), [one.share for one in PROVIDERS])[0]
            median, sigma = PROVIDERS[number].shape
            sample.job = Job(
                self._resource(self._random.choice(ready)),
                max(taken, sample.ended + self._random.randint(1_000, 8_000)),
                round(self._random.lognormvariate(log(median), sigma) * 1e6),
                number,
                tuple(topic for topic in OUTPUTS if topic not in topics),
            )

    def digest(self) -> bytes:
        """A hash of every sample: equal ones have equal spans."""
        digest = hashlib.sha256()
        for sample in self._samples:
            digest.update(sample.identity().encode())
        return digest.digest()

    def _sample(
        self, trace: int, dt: Millis, duration: Micros, route: int, status: str, bucket: int, replica: Resource | None
    ) -> Sample:
        draw, now = self._random, self.now()
        # Answered within the step, with a millisecond to spare for the ingress to hand the answer on.
        ended = now * _MILLI - _MILLI - int(draw.random() * (dt * _MILLI - _MILLI))
        sample = Sample(
            draw.getrandbits(64) << 64 | trace, now, ended, duration, route, status, bucket, replica,
            self._queries(route, status), self._causes.cache_password_valid, self._causes.database_accepting,
        )  # fmt: skip
        self._samples.append(sample)
        if len(self._samples) > RETAINED + RETAINED // 10:
            del self._samples[:-RETAINED]
        return sample

    def _queries(self, route: int, status: str) -> int:
        """Statements a request sent: none while PostgreSQL refuses, where it was turned away before, or found in Redis."""
        if not self._causes.database_accepting or status not in ("success", "404", "500", "503"):
            return 0
        found = ROUTES[route].cached and status != "500" and self._random.random() < self.hits
        return 0 if found else ROUTES[route].queries

    def _resource(self, pod: Object) -> Resource:
        name = pod["metadata"]["name"]
        if name not in self._resources:
            self._resources[name] = resource(pod)
        return self._resources[name]


def _weighted(u: float, weights: list[int]) -> int:
    """The index that ``u``, uniform in [0, 1), picks among ``weights``; one of weight zero is never picked."""
    left = int(u * sum(weights))
    for index, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return index
    raise ValueError("nothing was counted that could be traced")
