"""Rule files: what is read, and what is refused as promtool refuses it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from labkit.alerting.failures import RuleFileError
from labkit.alerting.rulefile import load

PROMTOOL = shutil.which("promtool")
GOOD = """
groups:
  - name: a
    interval: 1m30s
    limit: 10
    rules: &rules
      - record: job:up:sum
        expr: sum by (job) (up)
        labels: {team: 7, empty: }
      - alert: Down
        expr: up == 0
        for: 5m
        keep_firing_for: 1h
        labels: {severity: P1, value: '{{ $value }}'}
        annotations: {summary: '{{ range query "up" }}{{ .Value }}{{ end }}'}
  - {name: b, rules: *rules}
  - name: empty
"""


def rule(text: str) -> str:
    return f"groups:\n- name: g\n  rules:\n  - {text}\n"


BAD = {
    rule("{record: a}"): "field 'expr' must be set in rule",
    rule("{expr: up}"): "one of 'record' or 'alert' must be set",
    rule("{record: a, alert: b, expr: up}"): "only one of 'record' and 'alert' must be set",
    rule("{record: a, expr: 'sum(up'}"): "could not parse expression",
    rule("{record: a, expr: up, for: 5m}"): "invalid field 'for' in recording rule",
    rule("{record: a, expr: up, annotations: {a: b}}"): "invalid field 'annotations' in recording rule",
    rule("{record: 'a b', expr: up}"): "invalid recording rule name: a b",
    rule("{record: a, expr: up, labels: {'x-y': b}}"): "invalid label name: x-y",
    rule("{record: a, expr: up, labels: {__name__: b}}"): "invalid label name: __name__",
    rule("{alert: a, expr: up, annotations: {'x-y': b}}"): "invalid annotation name: x-y",
    rule("{alert: a, expr: up, for: 5}"): 'not a valid duration string: "5"',
    rule("{alert: a, expr: up, for: 5x}"): 'not a valid duration string: "5x"',
    rule("{alert: a, expr: up, severity: P1}"): "field severity not found",
    rule("{alert: a, expr: up, labels: {a: '{{ $value'}}"): 'label "a": error parsing template __alert_a',
    rule("{alert: a, expr: up, annotations: {a: '{{ nothing $value }}'}}"): 'annotation "a": error parsing template',
    rule("{alert: a, expr: up, annotations: {a: '{{ $missing }}'}}"): 'annotation "a": error parsing template',
    rule("{alert: a, expr: up, alert: b}"): 'mapping key "alert" already defined',
    rule("[a, b]"): "Expected",
    "groups:\n- name: g\n- name: g\n": 'groupname: "g" is repeated in the same file',
    "groups:\n- rules: []\n": "Groupname must not be empty",
    "groups:\n- {name: g, interval: soon}\n": 'not a valid duration string: "soon"',
    "groups:\n- {name: g, limit: many}\n": "Expected `int`",
    "group: []\n": "field group not found",
    "groups: [": "yaml:",
    "groups: &a [*a]": "yaml: ",
}


def test_a_file_is_read() -> None:
    first, second, empty = load(GOOD, "x.yaml").groups
    assert (first.name, first.interval, first.limit) == ("a", 90_000, 10)
    assert second.rules == first.rules
    assert first.rules[0].labels == {"team": "7"}
    assert (first.rules[1].hold, first.rules[1].keep_firing_for) == (300_000, 3_600_000)
    assert empty.rules == ()
    assert load("", "x.yaml").groups == ()


@pytest.mark.parametrize("text", BAD)
def test_a_bad_file_is_refused(text: str) -> None:
    with pytest.raises(RuleFileError) as caught:
        load(text, "x.yaml")
    assert BAD[text] in caught.value.what
    assert caught.value.where is not None
    assert caught.value.where.startswith("x.yaml:")
    assert caught.value.remedy


def test_an_error_names_file_line_group_and_rule() -> None:
    text = GOOD.replace("for: 5m", "for: 5 minutes")
    with pytest.raises(RuleFileError) as caught:
        load(text, "rules/x.yaml")
    assert caught.value.where == 'rules/x.yaml:12, group "a", rule "Down"'


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed: apt install prometheus")
def test_promtool_refuses_and_accepts_the_same(tmp_path: Path) -> None:
    for number, text in enumerate([GOOD, *BAD]):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text)
        ended = subprocess.run(
            [PROMTOOL, "check", "rules", path], capture_output=True, text=True, timeout=20, check=False
        )
        assert (ended.returncode == 0) is (text == GOOD), f"{text}\n{ended.stdout}{ended.stderr}"
