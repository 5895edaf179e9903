"""What our rules give, given to promtool as what it is to expect: ``promtool test rules`` agrees or names the difference."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from labkit.clock import SECOND
from labkit.promql import Engine
from labkit.signals.labels import NAME

PROMTOOL = shutil.which("promtool")
RULES = """
groups:
  - name: recording
    rules:
      - {record: 'job:load:sum', expr: 'sum by (job) (load)'}
      - {record: 'job:load:sum50s', expr: 'sum by (job) (sum_over_time(load[50s]))', labels: {kind: rate}}
      - {record: 'loaded', expr: 'job:load:sum > 2', labels: {severity: P3}}
  - name: alerts
    rules:
      - alert: High
        expr: load > 3
        for: 45s
        labels: {severity: '{{ if gt $value 5.0 }}P1{{ else }}P2{{ end }}', component: '{{ $labels.job | toUpper }}'}
        annotations:
          summary: '{{ $labels.instance }} at {{ $value | humanize }} ({{ humanizePercentage 0.1234 }})'
          total: '{{ with query "sum(load)" }}{{ . | first | value }}{{ end }}'
          every: '{{ range query "load" | sortByLabel "instance" }}{{ .Labels.instance }}={{ printf "%.1f" .Value }} {{ end }}'
      - alert: Kept
        expr: job:load:sum > 6
        keep_firing_for: 1m
        annotations: {summary: '{{ .Labels.job }} {{ $labels.missing }}{{ reReplaceAll "a(.)" "<$1>" "abac" }}'}
      - alert: Both
        expr: loaded and on (job) job:load:sum < 5
        for: 30s
        keep_firing_for: 30s
      - {alert: Pending, expr: 'ALERTS{alertstate="pending", alertname="High"} == 1', labels: {alertstate: '', level: meta}}
      - {alert: Gone, expr: 'absent(load{instance="x"})', for: 15s}
"""
STEPS = 19
"""Less than five minutes: Debian's promtool looks back to the very sample that Prometheus 3 just leaves out."""

numbers = st.lists(st.one_of(st.none(), st.integers(0, 8).map(float)), min_size=STEPS, max_size=STEPS)


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed: apt install prometheus")
@settings(
    max_examples=5, phases=[Phase.generate], deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=numbers, second=numbers, third=numbers)
def test_promtool_finds_what_we_found(tmp_path: Path, helpers, first, second, third) -> None:
    loads = {"load instance=x job=a": first, "load instance=y job=a": second, "load instance=z job=b": third}
    present = helpers.Time()
    rules = helpers.ruler(RULES, helpers.series(loads), present)
    present.now = STEPS * helpers.STEP
    rules.catch_up()
    test = {
        "interval": "15s",
        "input_series": [
            {"series": helpers.written(name), "values": " ".join("_" if one is None else f"{one:g}" for one in values)}
            for name, values in loads.items()
        ],
        "promql_expr_test": [
            expected(rules, expr, step * helpers.STEP)
            for expr in ("{__name__=~'job:.*|loaded'}", "ALERTS", "ALERTS_FOR_STATE")
            for step in range(STEPS)
        ],
        "alert_rule_test": [
            firing(rules, helpers, loads, alert, step) for alert in ("High", "Kept", "Both") for step in (5, 11, 18)
        ],
    }
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "test.yaml").write_text(
        yaml.safe_dump(
            {
                "rule_files": ["rules.yaml"],
                "evaluation_interval": "15s",
                "group_eval_order": ["recording", "alerts"],
                "tests": [test],
            }
        )
    )
    ended = subprocess.run(
        [PROMTOOL, "test", "rules", "test.yaml"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def expected(rules, expr: str, time: int) -> dict:
    """What a query finds now, as promtool's files say it."""
    found = Engine(rules.source()).instant(expr, time)
    samples = [
        {"labels": text(labels), "value": value}
        for labels, value in zip(found.labels, found.values.tolist(), strict=True)
    ]
    return {"expr": expr, "eval_time": f"{time // SECOND}s", "exp_samples": samples}


def text(labels) -> str:
    inner = ",".join(f'{name}="{value}"' for name, value in labels if name != NAME)
    return f"{labels.name}{{{inner}}}"


def firing(rules, helpers, loads, name: str, step: int) -> dict:
    """The alerts of a rule that fire after ``step``, of a ruler that has lived no longer."""
    present = helpers.Time()
    until = helpers.ruler(RULES, helpers.series(loads), present)
    present.now = step * helpers.STEP
    until.catch_up()
    rule = next(rule for rule in until.alerting() if rule.rule.name == name)
    alerts = [alert for alert in rule.machine.active.values() if alert.state == "firing"]
    return {
        "eval_time": f"{step * 15}s",
        "alertname": name,
        "exp_alerts": [
            {
                "exp_labels": dict(alert.labels.without(("alertname",))),
                "exp_annotations": rule.annotations(alert, until.source()),
            }
            for alert in alerts
        ],
    }
