"""alertmanager.yml: what is read, and what is refused as amtool refuses it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from labkit.alerting.config import load
from labkit.alerting.failures import ConfigError
from labkit.alerting.routing import tree
from labkit.signals.labels import Labels

AMTOOL = shutil.which("amtool")
GOOD = """
global: {resolve_timeout: 10m, smtp_from: a@b, smtp_smarthost: 'c:25', slack_api_url: 'https://hooks/x'}
templates: ['*.tmpl']
route:
  receiver: all
  group_by: ['...']
  routes:
    - {matchers: ['a=b', 'c=~"d|e"'], match: {f: g}, match_re: {h: i.*}, receiver: other, continue: true}
    - {receiver: other, group_by: [], mute_time_intervals: [nights], active_time_intervals: [weeks], repeat_interval: 1d}
receivers:
  - name: all
    webhook_configs: [{url: 'http://x', send_resolved: false, max_alerts: 3}]
    email_configs: [{to: x@y}]
  - name: other
    slack_configs: [{channel: '#x', fields: [{title: a, value: b}]}]
    pagerduty_configs: [{service_key: k, severity: error, details: {a: b}}]
inhibit_rules:
  - {source_matchers: [a=b], target_match: {c: d}, target_match_re: {e: 'f.*'}, equal: [g]}
mute_time_intervals:
  - {name: nights, time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}]}
time_intervals:
  - name: weeks
    time_intervals:
      - {weekdays: ['monday:friday', sunday], months: [1, 'march:may'], days_of_month: ['1:5', '-3:-1'], years: ['2020:2030']}
"""
MINIMAL = "route: {receiver: a}\nreceivers: [{name: a}]\n"
BAD = {
    "": "no route provided in config",
    "receivers: [{name: a}]": "no routes provided",
    "route: {group_by: [a]}": "root route must specify a default receiver",
    "route: {receiver: b}\nreceivers: [{name: a}]": 'undefined receiver "b" used in route',
    "route: {receiver: a, matchers: [a=b]}\nreceivers: [{name: a}]": "root route must not have any matchers",
    "route: {receiver: a, routes: [{receiver: c}]}\nreceivers: [{name: a}]": 'undefined receiver "c"',
    "route: {receiver: a, group_interval: 0s}\nreceivers: [{name: a}]": "group_interval cannot be zero",
    "route: {receiver: a, repeat_interval: 0s}\nreceivers: [{name: a}]": "repeat_interval cannot be zero",
    "route: {receiver: a, group_wait: 1 day}\nreceivers: [{name: a}]": 'not a valid duration string: "1 day"',
    "route: {receiver: a, group_by: [x, x]}\nreceivers: [{name: a}]": 'duplicated label "x" in group_by',
    "route: {receiver: a, group_by: [x, '...']}\nreceivers: [{name: a}]": "cannot have wildcard group_by",
    "route: {receiver: a, routes: [{matchers: ['a=~(']}]}\nreceivers: [{name: a}]": "error parsing regexp",
    "route: {receiver: a, mute_time_intervals: [x]}\nreceivers: [{name: a}]": "must not have any mute time intervals",
    "route: {receiver: a, routes: [{mute_time_intervals: [x]}]}\nreceivers: [{name: a}]": 'undefined time interval "x"',
    "route: {receiver: a, wait: 5s}\nreceivers: [{name: a}]": "field wait not found",
    "route: {receiver: a}\nreceivers: [{name: a}, {name: a}]": 'notification config name "a" is not unique',
    "route: {receiver: a}\nreceivers: [{}]": "missing name in receiver",
    "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{}]}]": "one of url or url_file must be configured",
    "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'ftp://x'}]}]": "unsupported scheme",
    "route: {receiver: a}\nreceivers: [{name: a, slack_configs: [{channel: x}]}]": "no Slack API URL",
    "route: {receiver: a}\nreceivers: [{name: a, pagerduty_configs: [{}]}]": "missing service or routing key",
    "route: {receiver: a}\nreceivers: [{name: a, email_configs: [{to: x}]}]": "no global SMTP smarthost set",
    "route: {receiver: a}\nreceivers: [{name: a, email_configs: [{}]}]": "missing to address in email config",
    "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'http://x', uri: y}]}]": "field uri not found",
    MINIMAL + "inhibit_rules: [{source_matchers: ['=']}]": "",
    MINIMAL + "time_intervals: [{name: x}, {name: x}]": 'time interval "x" is not unique',
    MINIMAL + "time_intervals: [{name: x, time_intervals: [{weekdays: [funday]}]}]": "funday is not a valid weekday",
    MINIMAL + "time_intervals: [{name: x, time_intervals: [{times: [{start_time: '9:00', end_time: '8:00'}]}]}]":
        "start time cannot be equal or greater than end time",
    MINIMAL + "time_intervals: [{name: x, time_intervals: [{days_of_month: ['32']}]}]": "out of range",
}  # fmt: skip


def test_a_file_is_read() -> None:
    config = load(GOOD)
    assert config.settings.resolve_timeout == 600_000
    root = tree(config.tree)
    first, second = root.routes
    assert root.group_by is None
    assert (first.group_by, second.group_by, second.repeat) == (None, frozenset(), 86_400_000)
    assert first.key == '{}/{a="b",c=~"d|e",f="g",h=~"i.*"}'
    assert [one.receiver for one in root.match(Labels([("a", "b"), ("c", "e"), ("f", "g"), ("h", "ii")]))] == [
        "other"
    ] * 2
    assert [str(one) for one in config.receivers[1].integrations()] == ["slack[0]", "pagerduty[0]"]


@pytest.mark.parametrize("text", BAD)
def test_a_bad_file_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text, "am.yml")
    assert BAD[text] in caught.value.what
    assert str(caught.value.where).startswith("am.yml:")


@pytest.mark.skipif(not AMTOOL, reason="amtool is not installed: apt install prometheus-alertmanager")
def test_amtool_refuses_and_accepts_the_same(tmp_path: Path) -> None:
    (tmp_path / "x.tmpl").write_text("")
    for number, text in enumerate([GOOD, MINIMAL, *BAD]):
        path = tmp_path / f"{number}.yml"
        path.write_text(text)
        ended = subprocess.run([AMTOOL, "check-config", path], capture_output=True, text=True, timeout=20, check=False)
        assert (ended.returncode == 0) is (text in (GOOD, MINIMAL)), f"{text}\n{ended.stdout}{ended.stderr}"
