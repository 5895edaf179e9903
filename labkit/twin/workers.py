"""Experiment workers and the topics between them and the API: what is produced is consumed or lags.

At every step produced − consumed = change of lag, per topic and partition; a missing topic takes no
messages, and the workers that want it say so in their logs. A job is one run of an experiment: a
request to an LLM provider (again, if that was refused), an insert into ClickHouse, and three
statements on PostgreSQL.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labkit.clock import MINUTE, SECOND, Millis
from labkit.kube.store import Object
from labkit.twin import lognormal, providers, queries
from labkit.twin.logbook import Logbook
from labkit.twin.partitions import Partitions
from labkit.twin.providers import BUCKETS, PROVIDERS
from labkit.twin.queries import Queries
from labkit.twin.together import Together
from labkit.twin.topics import MESSAGE_BYTES, TOPICS

INSERT_SECONDS = 0.06
"""Time of a run's insert into ClickHouse."""

JOB_SECONDS = float(providers.SHARES @ providers.MEANS) + INSERT_SECONDS
"""Mean time a job keeps one slot of a worker: mostly the LLM provider's answer."""

CONCURRENCY = 8
"""Jobs a worker runs at once (WORKER_CONCURRENCY)."""

POOL_SIZE = 5
"""Connections to PostgreSQL a worker holds."""

OUTPUTS = {"experiment-results": 1, "metrics-events": 6}
"""Messages a finished job writes to each topic."""

JOBS = "experiments"
RUNS = ("completed", "failed")
STATEMENTS = np.array([0, 1, 2])
"""SELECT, INSERT, UPDATE of a job: the run begins, and run and experiment end."""

Counts = NDArray[np.int64]

# A run is INSERT_SECONDS longer than its provider's answer: one draw over cells fine enough for both histograms.
_CELLS = tuple(sorted({*BUCKETS, *(bound - INSERT_SECONDS for bound in BUCKETS)}))
_LATENCY = lognormal.buckets([provider.shape for provider in PROVIDERS], _CELLS)
_KINDS = (providers.SHARES[:, None] * _LATENCY).cumsum()
"""The chances of a job's provider and cell, summed up in the order of an array (providers, cells)."""

_ANSWER_BUCKET = np.eye(len(BUCKETS) + 1, dtype=np.int64)[np.searchsorted(BUCKETS, [*_CELLS, np.inf])]
_RUN_BUCKET = np.eye(len(BUCKETS) + 1, dtype=np.int64)[
    np.searchsorted(np.array(BUCKETS) - INSERT_SECONDS, [*_CELLS, np.inf])
]
_TROUBLES = np.array([[[provider.refused for provider in PROVIDERS]], [[provider.failed for provider in PROVIDERS]]])
"""How likely a provider refuses a job's first request, and how likely its run fails: (2, 1, providers)."""


def _zeros(*shape: int) -> Counts:
    return np.zeros(shape, np.int64)


@dataclass
class Worker:
    """The counters of one worker's process; they start at zero with it."""

    pod: Object
    runs: Counts = field(default_factory=lambda: _zeros(len(RUNS)))
    buckets: Counts = field(default_factory=lambda: _zeros(len(BUCKETS) + 1))
    seconds: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    requests: Counts = field(default_factory=lambda: _zeros(len(PROVIDERS), len(providers.STATUSES)))
    answers: Counts = field(default_factory=lambda: _zeros(len(PROVIDERS), len(BUCKETS) + 1))
    answer_seconds: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(PROVIDERS)))
    queries: Queries = field(default_factory=Queries)
    in_use: int = 0
    ended: int = 0
    """Runs so far."""


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
        self.logs = {name: Partitions(count, MESSAGE_BYTES[name]) for name, count in TOPICS.items()}
        self.processes: dict[str, Worker] = {}
        self.counters = Together("runs", "buckets", "seconds", "requests", "answers", "answer_seconds")
        self.queries = queries.together()
        """Those of all processes, in their order."""
        self.members = 0
        """Workers in the group now."""
        self.done = 0
        """Jobs that ended in the last step."""
        self.messages = 0
        self.message_bytes = 0
        """Messages written to all topics, and their bytes."""
        self.stored_bytes = 0
        """Bytes of them that retention has left."""

    def step(
        self, now: Millis, dt: Millis, produced: int, ready: list[Object], topics: set[str], *, database: bool = True
    ) -> None:
        """Take ``produced`` new jobs into the backlog and work it off with the ready workers.

        No more workers have work than the topic has partitions; without a database none begins a job.
        """
        working = [self._process(pod) for pod in ready[: TOPICS[JOBS]]]
        waiting = self.lag + produced
        capacity = len(working) * CONCURRENCY / JOB_SECONDS * dt / SECOND
        able = JOBS in topics and database
        done = min(waiting, int(self._random.poisson(capacity))) if able else 0
        self.lag = waiting - done
        self.consumed += done
        self.done = done
        self.members = len(ready) if JOBS in topics else 0
        self._append(JOBS, now, produced)
        self.logs[JOBS].consume(self._random, done)
        self._write(now, done, topics)
        self.stored_bytes = sum(log.stored_bytes for log in self.logs.values())
        self._run(working, done, dt)
        self._complain(now, ready, [topic for topic in (JOBS, *OUTPUTS) if topic not in topics])

    def _process(self, pod: Object) -> Worker:
        process = pod["status"]["containerStatuses"][0]["containerID"]
        if process not in self.processes:
            name = pod["metadata"]["name"]
            self.processes = {
                key: worker for key, worker in self.processes.items() if worker.pod["metadata"]["name"] != name
            }
            self.processes[process] = Worker(pod)
        return self.processes[process]

    def _run(self, working: list[Worker], done: int, dt: Millis) -> None:
        for worker in self.processes.values():
            worker.in_use = 0
        if not working:
            return
        self.counters.lay(list(self.processes.values()))
        self.queries.lay([worker.queries for worker in self.processes.values()])
        cells = self._cells(len(working), done)
        split = cells.sum(axis=2)
        jobs = split.sum(axis=1)
        refused, failed = self._random.binomial(split, _TROUBLES)
        requests = np.stack([split - failed, refused, failed], axis=2)
        answers, ended = cells @ _ANSWER_BUCKET, cells.sum(axis=1) @ _RUN_BUCKET
        answers[:, :, 0] += refused  # a 429 comes back at once
        took = split * providers.MEANS
        statements = jobs[:, None] * STATEMENTS
        drawn = queries.latencies(self._random, statements)
        in_use = self._random.poisson(jobs * JOB_SECONDS * SECOND / dt).tolist()
        lost = failed.sum(axis=1)
        held, rows = self.counters, self.counters.rows(working)
        held["requests"][rows] += requests
        held["answers"][rows] += answers
        held["buckets"][rows] += ended
        held["answer_seconds"][rows] += took + refused * providers.REFUSAL_SECONDS
        held["seconds"][rows] += (took.sum(axis=1) + jobs * INSERT_SECONDS)[:, None]
        held["runs"][rows] += np.stack([jobs - lost, lost], axis=1)
        queries.add(self.queries, [worker.queries for worker in working], statements, drawn)
        for worker, count, busy in zip(working, jobs.tolist(), in_use, strict=True):
            worker.ended += count
            worker.in_use = min(CONCURRENCY, busy)

    def _cells(self, working: int, done: int) -> Counts:
        """How many of ``done`` jobs each worker ran, by provider and cell; jobs are few, so each is drawn by itself."""
        workers = self._random.integers(working, size=done)
        kinds = np.minimum(_KINDS.searchsorted(self._random.random(done), "right"), len(_KINDS) - 1)
        counted = np.bincount(workers * len(_KINDS) + kinds, minlength=working * len(_KINDS))
        return counted.reshape(working, *_LATENCY.shape)

    def _write(self, now: Millis, done: int, topics: set[str]) -> None:
        for topic, messages in OUTPUTS.items():
            count = done * messages if topic in topics else 0
            self.written[topic] += count
            self._append(topic, now, count)

    def _append(self, topic: str, now: Millis, messages: int) -> None:
        self.logs[topic].append(self._random, messages, now)
        self.messages += messages
        self.message_bytes += messages * MESSAGE_BYTES[topic]

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
