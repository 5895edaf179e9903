"""The experiment workers' own metrics, on ``:9090/metrics`` of each."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from labkit.twin.exporters.family import Family, Floats, Series, of, series
from labkit.twin.exporters.research_api import read_statements, statements
from labkit.twin.providers import BUCKETS, PROVIDERS, STATUSES
from labkit.twin.system import is_running
from labkit.twin.workers import CONCURRENCY, RUNS, Worker

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
    """One family a worker whose process runs and has joined the group."""
    names = {pod["metadata"]["uid"] for pod in system.running()}
    for worker in system.workers.processes.values():
        if worker.pod["metadata"]["uid"] in names and is_running(worker.pod):
            yield _worker(worker)


def _worker(worker: Worker) -> Family:
    labels = of(worker.pod)

    def read() -> Floats:
        runs, answers = worker.buckets.cumsum(), worker.answers.cumsum(axis=1)
        return np.concatenate([
            worker.runs, runs, runs[-1:], [round(worker.seconds, 6)], [CONCURRENCY, worker.in_use],
            worker.requests.ravel(), answers.ravel(), answers[:, -1], worker.answer_seconds.round(6),
            read_statements(worker.queries),
        ])  # fmt: skip

    return Family([*_runs(labels), *_providers(labels), *statements(labels)], read)


def _runs(labels: dict[str, str]) -> list[Series]:
    bounds, name = (*map(str, BUCKETS), "+Inf"), "experiment_run_duration_seconds"
    return [
        *(series("experiment_runs_total", **labels, status=status) for status in RUNS),
        *(series(f"{name}_bucket", **labels, le=le) for le in bounds),
        *(series(f"{name}_{part}", **labels) for part in ("count", "sum")),
        series("worker_slots", **labels), series("worker_slots_in_use", **labels),
    ]  # fmt: skip


def _providers(labels: dict[str, str]) -> list[Series]:
    bounds, name = (*map(str, BUCKETS), "+Inf"), "llm_provider_request_duration_seconds"
    each = [labels | {"provider": provider.name} for provider in PROVIDERS]
    return [
        *(series("llm_provider_requests_total", **one, status=status) for one in each for status in STATUSES),
        *(series(f"{name}_bucket", **one, le=le) for one in each for le in bounds),
        *(series(f"{name}_{part}", **one) for part in ("count", "sum") for one in each),
    ]
