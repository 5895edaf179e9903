"""The recordings in datasets/: whole, licensed, small, and telling what they say they tell."""

from pathlib import Path

import pytest

from labkit.clock import HOUR
from labkit.logql import Engine as Logs
from labkit.promql import Engine
from labkit.signals.dataset import Dataset
from labkit.signals.parquet import EVER

FOLDER = Path(__file__).parents[2] / "datasets"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir()) if FOLDER.is_dir() else []


@pytest.mark.parametrize("name", NAMES)
def test_it_is_as_it_was_written_and_may_be_used(name):
    found = Dataset.open(FOLDER / name)
    found.verify()
    assert found.manifest.name == name
    assert found.manifest.licence == "CC-BY-4.0"
    assert max(file.bytes for file in found.manifest.files.values()) < 2_000_000
    counts = found.manifest.contents
    assert min(counts.series, counts.samples, counts.lines, counts.spans, counts.objects, counts.dashboards) > 0
    assert {one["kind"] for one in found.objects()} >= {"Pod", "Deployment", "Node", "Namespace"}
    assert not [one for one in found.objects() if one["kind"] == "Secret"]


def value(dataset, query):
    return float(Engine(dataset.series()).instant(query, dataset.manifest.finish).values.sum())


def test_in_the_healthy_hour_nothing_restarts():
    healthy = Dataset.open(FOLDER / "healthy-hour")
    assert healthy.manifest.finish - healthy.manifest.begin == HOUR
    assert value(healthy, "sum(increase(kube_pod_container_status_restarts_total[1h]))") == 0
    assert value(healthy, "count(up == 0) or vector(0)") == 0


def test_the_worker_that_crashes_shows_in_metrics_objects_and_logs():
    broken = Dataset.open(FOLDER / "worker-crash-loop")
    restarts = "sum by (pod) (increase(kube_pod_container_status_restarts_total[2h])) > 0"
    (labels,) = Engine(broken.series()).instant(restarts, broken.manifest.finish).labels
    pod = next(one for one in broken.objects() if one["kind"] == "Pod" and one["metadata"]["name"] == labels.get("pod"))
    assert pod["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 101
    lines = [line for stream in broken.streams().select([], *EVER) for line in stream.lines]
    assert any("corrupt checkpoint" in line for line in lines)
    found = Logs(broken.streams()).instant(
        'sum(count_over_time({app="experiment-worker"} |= "corrupt checkpoint" [2h]))',
        broken.manifest.finish * 1_000_000,
    )
    assert found is not None
