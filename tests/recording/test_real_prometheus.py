"""A real Prometheus that scrapes itself and a node exporter, recorded, and asked the same as its recording."""

import json
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request

import pytest
import yaml

from labkit.clock import SECOND
from labkit.promql import Engine
from labkit.promql.parsing import selector_of
from labkit.recording.chunks import Plan
from labkit.recording.http import Api
from labkit.recording.prometheus import Prometheus
from labkit.recording.record import Sources, record
from labkit.signals.dataset import Dataset
from labkit.signals.dataset_writer import About

SCRAPED = 14
"""Seconds that it is scraped for, once a second."""

CONFIG = """
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs:
- {job_name: prometheus, static_configs: [{targets: ['127.0.0.1:%d']}]}
- {job_name: node, static_configs: [{targets: ['127.0.0.1:%d']}]}
"""
RULES = """
groups:
- name: of a group
  interval: 2s
  rules:
  - {record: 'job:up:sum', expr: sum by (job) (up), labels: {by: rule}}
  - {alert: Down, expr: up == 0, for: 90s, labels: {severity: P1}, annotations: {summary: '{{ $labels.job }}'}}
"""
QUERIES = [
    "up",
    'count({__name__=~".+", job=~"prometheus|node"})',
    "rate(prometheus_http_requests_total[6s])",
    "sum by (mode) (rate(node_cpu_seconds_total[7s]))",
    "histogram_quantile(0.9, sum by (le) (rate(prometheus_http_request_duration_seconds_bucket[8s])))",
    "max_over_time(process_resident_memory_bytes[9s])",
    "quantile_over_time(0.5, scrape_duration_seconds[9s])",
    "node_filesystem_size_bytes",
    "changes(process_cpu_seconds_total[10s])",
    "deriv(go_memstats_alloc_bytes[9s])",
]  # fmt: skip


def port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The address of a Prometheus that has scraped for a while, and the time to ask at: off its samples' own times."""
    programs = [shutil.which(name) for name in ("prometheus", "prometheus-node-exporter")]
    if not all(programs):
        pytest.skip("prometheus and prometheus-node-exporter are not installed")
    folder = tmp_path_factory.mktemp("prometheus")
    mine, exporter = port(), port()
    (folder / "prometheus.yml").write_text(CONFIG % (mine, exporter))
    (folder / "rules.yml").write_text(RULES)
    commands = [
        [programs[1], f"--web.listen-address=127.0.0.1:{exporter}"],
        [programs[0], f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{mine}"],
    ]  # fmt: skip
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = [subprocess.Popen(command, **quiet) for command in commands]
    try:
        url = f"http://127.0.0.1:{mine}"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and "node" not in str(
            ask(url, f"count_over_time(up[{SCRAPED}s]) >= {SCRAPED - 2}", time.time())
        ):
            time.sleep(0.5)
        yield url, _between(url)
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
            process.wait()


def ask(url, query, at):
    try:
        form = urllib.parse.urlencode({"query": query, "time": f"{at:.3f}"}).encode()
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{url}/api/v1/query", form) as answer:
            return json.load(answer)["data"]["result"]
    except OSError:
        return []


def _between(url):
    """A moment, of which no whole number of seconds before is the time of a sample: ranges end between samples."""
    now = int(time.time()) - 1
    stamps = ask(url, "timestamp(up) or timestamp({__name__='job:up:sum'})", now)
    phases = sorted(float(one["value"][1]) % 1 for one in stamps)
    spaces = [*phases, phases[0] + 1]
    widest = max(range(len(spaces) - 1), key=lambda index: spaces[index + 1] - spaces[index])
    return now - 1 + round((spaces[widest] + spaces[widest + 1]) / 2 % 1, 3)


@pytest.fixture(scope="module")
def recorded(real, tmp_path_factory):
    url, at = real
    folder = tmp_path_factory.mktemp("recorded") / "real"
    end = round(at * SECOND)
    plan = Plan(start=end - 40 * SECOND, end=end, prometheus=url)

    def about(step):
        return About(name="real", title="t", origin="o", licence="CC0-1.0", start=plan.start, end=end, step=step)

    record(folder, plan, Sources(prometheus=Prometheus(Api(url))), about)
    return Dataset.open(folder)


@pytest.mark.parametrize("query", QUERIES)
def test_both_answer_the_same(real, recorded, query):
    url, at = real
    expected = {tuple(sorted(one["metric"].items())): float(one["value"][1]) for one in ask(url, query, at)}
    answer = Engine(recorded.series()).instant(query, round(at * SECOND))
    got = {tuple(labels): value for labels, value in zip(answer.labels, answer.values.tolist(), strict=True)}
    assert expected, "the real one has an answer"
    assert got.keys() == expected.keys()
    assert got == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_the_samples_are_the_same_with_the_same_times(real, recorded):
    url, at = real
    expected = {
        tuple(sorted(one["metric"].items())): [(round(time * SECOND), value) for time, value in one["values"]]
        for one in ask(url, "node_load1[30s]", at)
    }
    store = recorded.series()
    end = round(at * SECOND)
    for one in store.select(selector_of("node_load1"), end - 30 * SECOND, end):
        assert [(time, float(value)) for time, value in expected[tuple(one.labels)]] == list(
            zip(one.times.tolist(), one.values.tolist(), strict=True)
        )


def test_types_help_and_rules_come_with_it(recorded):
    metadata = recorded.series().metadata
    assert metadata["node_cpu_seconds_total"].type == "counter"
    assert "CPU" in metadata["node_cpu_seconds_total"].help
    rules = recorded.texts("rules")["rules.yaml"]
    assert yaml.safe_load(rules)["groups"] == [{
        "name": "of a group", "interval": "2s", "rules": [
            {"record": "job:up:sum", "expr": "sum by (job) (up)", "labels": {"by": "rule"}},
            {"alert": "Down", "expr": "up == 0", "for": "90s", "labels": {"severity": "P1"}, "annotations": {"summary": "{{ $labels.job }}"}},
        ],
    }]  # fmt: skip
    assert recorded.manifest.step == 1.0
