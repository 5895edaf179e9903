"""Experiment workers and the topics between them and the API: what is produced is consumed or lags.

At every step produced − consumed = change of lag, per topic; a missing topic takes no messages,
and the workers that want it say so in their logs.
"""

import numpy as np

from labkit.clock import MINUTE, SECOND, Millis
from labkit.kube.store import Object
from labkit.twin.logbook import Logbook

JOB_SECONDS = 1.1
"""Mean time a job keeps one slot of a worker: mostly the LLM provider's answer."""

CONCURRENCY = 8
"""Jobs a worker runs at once (WORKER_CONCURRENCY)."""

OUTPUTS = {"experiment-results": 1, "metrics-events": 6}
"""Messages a finished job writes to each topic."""

JOBS = "experiments"

GROUP = "experiment-processor-v1"
"""The workers' consumer group."""


class Workers:
    """The consumer group ``experiment-processor-v1``."""

    def __init__(self, seed: int, logbook: Logbook) -> None:
        self._random = np.random.default_rng([seed, 3])
        self._logbook = logbook
        self._complained: Millis = 0
        self.lag = 0
        self.consumed = 0
        self.written = dict.fromkeys(OUTPUTS, 0)

    def step(self, now: Millis, dt: Millis, produced: int, ready: list[Object], topics: set[str]) -> None:
        """Take ``produced`` new jobs into the backlog and work it off with the ready workers."""
        waiting = self.lag + produced
        capacity = len(ready) * CONCURRENCY / JOB_SECONDS * dt / SECOND
        done = min(waiting, int(self._random.poisson(capacity))) if JOBS in topics else 0
        self.lag = waiting - done
        self.consumed += done
        for topic, messages in OUTPUTS.items():
            if topic in topics:
                self.written[topic] += done * messages
        self._complain(now, ready, [topic for topic in (JOBS, *OUTPUTS) if topic not in topics])

    def _complain(self, now: Millis, ready: list[Object], missing: list[str]) -> None:
        """Clients retry a missing topic for ever and say so; once a minute is what librdkafka logs."""
        if not missing or now - self._complained < MINUTE:
            return
        self._complained = now
        for pod in ready:
            for topic in missing:
                self._logbook.write(
                    pod, "WARN", "Kafka: UNKNOWN_TOPIC_OR_PARTITION: Broker: Unknown topic or partition", topic=topic
                )
