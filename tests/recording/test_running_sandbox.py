"""The sandbox that runs, recorded by the command and served: both answer the same through all their faces."""

import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request

import pytest

from labkit import endpoints
from labkit.clock import SECOND
from labkit.sandbox import lifecycle
from labkit.sandbox.options import Options
from labkit.signals.dataset import Dataset

QUERIES = [
    "up",
    "sum by (job) (rate(api_request_duration_seconds_count[5m]))",
    "count by (__name__) ({__name__=~'.+'})",
    "histogram_quantile(0.9, sum by (le) (rate(api_request_duration_seconds_bucket[5m])))",
    "db_connection_pool:utilization",
    "count(ALERTS) or vector(0)",
]  # fmt: skip


def ask(url, **parameters):
    address = f"{url}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=60) as answer:
        return json.load(answer)["data"]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Endpoints of a sandbox and of its recording, and the recording."""
    folder = tmp_path_factory.mktemp("both")
    living, dead = folder / "living", folder / "dead"
    lifecycle.start(Options(home=living, seed=3, clock="manual"))
    try:
        command = [sys.executable, "-m", "labkit", "dataset", "record", "it", "--last", "20m", "--in", str(folder)]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LABKIT_")}
        ended = subprocess.run(
            command, env=kept | {"LABKIT_HOME": str(living)}, cwd=folder, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        lifecycle.start(Options(home=dead, recorded=folder / "it"))
        try:
            yield endpoints.read(living), endpoints.read(dead), Dataset.open(folder / "it")
        finally:
            lifecycle.stop(dead)
    finally:
        lifecycle.stop(living)


@pytest.mark.parametrize("query", QUERIES)
def test_promql(both, query):
    living, dead, recording = both
    expected, got = (
        {
            json.dumps(one["metric"], sort_keys=True): one["value"]
            for one in ask(f"{where.prometheus}/api/v1/query", query=query, time=recording.manifest.finish / SECOND)[
                "result"
            ]
        }
        for where in (living, dead)
    )
    assert expected
    assert got == expected


def test_logs(both):
    living, dead, recording = both
    times = {
        "start": recording.manifest.begin * 1_000_000,
        "end": (recording.manifest.finish + 1) * 1_000_000,
        "limit": 5000,
    }
    expected, got = (
        ask(f"{one.loki}/loki/api/v1/query_range", query='{app=~".+"}', **times)["result"] for one in (living, dead)
    )
    assert expected
    assert sorted(map(str, got)) == sorted(map(str, expected))


def test_traces(both):
    living, dead, recording = both
    times = {"start": recording.manifest.begin * 1000, "end": recording.manifest.finish * 1000, "limit": 5000}
    expected, got = (
        {
            trace["traceID"]: len(trace["spans"])
            for trace in ask(f"{one.jaeger}/api/traces", service="llm-research-api", **times)
        }
        for one in (living, dead)
    )
    assert expected
    assert got == expected


def test_alerts(both):
    living, dead, _ = both
    expected, got = (
        sorted(one["labels"]["alertname"] for one in ask(f"{where.prometheus}/api/v1/alerts")["alerts"])
        for where in (living, dead)
    )
    assert got == expected
