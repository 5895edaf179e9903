"""The rules: well-formed, of metrics there are, silent in health and loud in trouble."""

import re
import shutil
import subprocess
from pathlib import Path

import promql_parser
import pytest
import yaml

from labkit.twin import observability
from labkit.twin.exporters import METRICS

FOLDER = Path(observability.__file__).parent
SEVERITIES = {"P0", "P1", "P2", "P3", "P4"}
RUNBOOKS = {
    "health-check", "db-connection-pool-exhaustion", "api-latency-spike", "kafka-consumer-lag", "disk-space-exhaustion",
    "database-backup-restore", "redis-failover", "certificate-renewal", "deployment-rollback", "scale-workers",
    "clickhouse-optimization", "disaster-recovery-drill",
    "kafka-broker-recovery",  # of the decision tree, 7.2.4
}  # fmt: skip
SUFFIXES = ("", "_bucket", "_count", "_sum")
"""Of the series of a histogram."""


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def selected(node: object) -> set[str]:
    """The names that an expression selects."""
    if isinstance(node, promql_parser.VectorSelector):
        return {node.name}
    if isinstance(node, promql_parser.MatrixSelector):
        return {node.vector_selector.name}
    parts = [getattr(node, name, None) for name in ("expr", "lhs", "rhs", "param")]
    return set().union(*(selected(part) for part in (*parts, *(getattr(node, "args", None) or ())) if part is not None))


def test_every_alert_says_what_an_operator_needs(alerts):
    for alert in alerts:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", alert["alert"])
        assert alert["labels"]["severity"] in SEVERITIES, alert
        assert alert["labels"]["component"], alert
        assert {"summary", "description", "runbook_url"} == set(alert["annotations"]), alert
        folder, _, file = alert["annotations"]["runbook_url"].rpartition("/")
        assert folder == "/docs/runbooks", alert
        assert file.removesuffix(".md") in RUNBOOKS, alert


def test_every_name_is_given_once_and_every_name_that_is_asked_for_exists(alerts, records):
    names = [alert["alert"] for alert in alerts]
    assert len(set(names)) == len(names)
    known = {f"{name}{suffix}" for name in METRICS for suffix in SUFFIXES} | set(records)
    for expression in (*(alert["expr"] for alert in alerts), *records.values()):
        assert selected(promql_parser.parse(expression)) <= known, expression


def test_every_recording_rule_has_data_in_health(healthy, records):
    world, engine = healthy
    assert [name for name in records if not len(engine.instant(name, world.now).values)] == []


def test_the_names_of_the_specification_are_recorded(healthy):
    world, engine = healthy
    insert = engine.instant('db:query_latency:p99:5m{query_type="INSERT"}', world.now)
    assert 0.001 < insert.values[0] < 0.1
    pools = engine.instant("db_connection_pool:utilization < 0.80", world.now)
    assert len(pools.values) == 3


def test_no_alert_fires_in_health(healthy, firing):
    assert firing(*healthy) == {}


@pytest.mark.parametrize(
    ("scenario", "components", "loud"),
    [
        ("postgres-refusing", {"api", "postgresql", "kubernetes"},
         {"postgresql_down", "api_no_replica_available", "api_probe_failing", "slo_api_availability_budget_burn_fast",
          "statefulset_replicas_not_ready"}),
        ("api-not-ready", {"api", "redis", "kubernetes"},
         {"api_no_replica_available", "security_redis_unauthorized_clients"}),
        ("worker-crash-loop", {"experiment-worker", "kubernetes", "monitoring"},
         {"pod_crash_looping", "worker_replicas_unavailable", "pod_not_ready"}),
        ("topic-missing", {"kafka"}, {"kafka_topic_missing"}),
    ],
)  # fmt: skip
def test_trouble_is_loud_and_says_no_more_than_is_true(scenario, components, loud, lived, firing, alerts):
    found = firing(*lived(scenario, 7))
    assert loud <= set(found)
    assert {alert["labels"]["component"] for alert in alerts if alert["alert"] in found} == components


def test_promtool_accepts_the_rules():
    ran = subprocess.run(
        [program("promtool"), "check", "rules", *sorted(map(str, (FOLDER / "rules").glob("*.yaml")))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_amtool_accepts_the_configuration():
    ran = subprocess.run(
        [program("amtool"), "check-config", str(FOLDER / "alertmanager.yml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("script", sorted(Path(__file__).parent.glob("*.yaml")), ids=lambda path: path.name)
def test_alerts_do_what_their_unit_tests_say(script, tmp_path):
    rules = {"rule_files": sorted(map(str, (FOLDER / "rules").glob("*.yaml")))}
    copy = tmp_path / script.name
    copy.write_text(yaml.safe_dump(yaml.safe_load(script.read_text("utf-8")) | rules), "utf-8")
    ran = subprocess.run(
        [program("promtool"), "test", "rules", str(copy)], capture_output=True, text=True, check=False
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
