"""The experiment workers' own metrics, on ``:9090/metrics`` of each."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from labkit.twin.exporters.family import Family, Floats, Series, of, series
from labkit.twin.exporters.research_api import by_part, flat, read_statements, statements
from labkit.twin.providers import BUCKETS, PROVIDERS, STATUSES
from labkit.twin.system import is_running
from labkit.twin.workers import CONCURRENCY, RUNS

if TYPE_CHECKING:
    from labkit.twin.system import System

METRICS = {
    "experiment_runs_total": ("counter", "Runs of experiments that ended, by status."),
    "experiment_run_duration_seconds": ("histogram", "Time of a run from job to result, in seconds."),
    "worker_slots": ("gauge", "Jobs the worker may run at once."),
    "worker_slots_in_use": ("gauge", "Jobs the worker runs now."),
    "llm_provider_requests_total": ("counter", "Requests to LLM providers by status."),
    "llm_provider_request_duration_seconds": ("histogram", "Time of requests to LLM providers, in seconds."),
}


def families(system: "System") -> Iterable[Family]:
    """One family: the workers whose process runs and has joined the group, read together."""
    names = {pod["metadata"]["uid"] for pod in system.running()}
    known = system.workers
    running = [one for one in known.processes.values() if one.pod["metadata"]["uid"] in names and is_running(one.pod)]
    if not running:
        return
    labels = [of(worker.pod) for worker in running]
    asked = [worker.queries for worker in running]

    def read() -> Floats:
        held, rows = known.counters, known.counters.rows(running)
        runs, answers = held["buckets"][rows].cumsum(axis=1), held["answers"][rows].cumsum(axis=2)
        slots = np.array([(CONCURRENCY, worker.in_use) for worker in running])
        return flat(
            held["runs"][rows], runs, runs[:, -1], held["seconds"][rows].round(6), slots,
            held["requests"][rows], answers, answers[:, :, -1], held["answer_seconds"][rows].round(6),
            *read_statements(known.queries, asked),
        )  # fmt: skip

    yield Family(
        [*by_part(map(_runs, labels)), *by_part(map(_providers, labels)), *by_part(map(statements, labels))], read
    )


def _runs(labels: dict[str, str]) -> list[list[Series]]:
    bounds, name = (*map(str, BUCKETS), "+Inf"), "experiment_run_duration_seconds"
    return [
        [series("experiment_runs_total", **labels, status=status) for status in RUNS],
        [series(f"{name}_bucket", **labels, le=le) for le in bounds],
        *([series(f"{name}_{part}", **labels)] for part in ("count", "sum")),
        [series("worker_slots", **labels), series("worker_slots_in_use", **labels)],
    ]


def _providers(labels: dict[str, str]) -> list[list[Series]]:
    bounds, name = (*map(str, BUCKETS), "+Inf"), "llm_provider_request_duration_seconds"
    each = [labels | {"provider": provider.name} for provider in PROVIDERS]
    return [
        [series("llm_provider_requests_total", **one, status=status) for one in each for status in STATUSES],
        [series(f"{name}_bucket", **one, le=le) for one in each for le in bounds],
        *([series(f"{name}_{part}", **one) for one in each] for part in ("count", "sum")),
    ]
