"""Rules: what they write, in which order they see each other, and that it makes no difference when one looks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.alerting.alertmanager import Alertmanager
from labkit.alerting.config import load
from labkit.alerting.failures import RuleFileError

RULES = """
groups:
  - name: records
    rules:
      - {record: 'load:late', expr: 'load:sum + 1'}
      - {record: 'load:sum', expr: 'sum by (job) (load)'}
      - {record: 'load:rate', expr: 'sum by (job) (rate(load[50s]))'}
      - {record: 'load:mean', expr: 'avg_over_time(load:sum[1m:30s])'}
      - {record: 'load:shifted', expr: 'load offset -30s'}
      - {record: 'load:last', expr: 'load @ end()'}
      - {record: 'load:matched', expr: 'load * on (job) load'}
      - {record: 'load:deviation', expr: 'stddev_over_time(load[2m]) + deriv(load[2m])'}
  - name: alerts
    interval: 30s
    limit: 3
    rules:
      - {alert: High, expr: 'load:sum > 4', for: 30s, keep_firing_for: 45s, labels: {severity: P1}}
      - {alert: Told, expr: 'ALERTS{alertname="High", alertstate="firing"}', labels: {severity: P2, level: '{{ $value }}'}}
"""
CONFIG = """
route: {receiver: all, group_by: [alertname], group_wait: 20s, group_interval: 1m, repeat_interval: 3m}
receivers: [{name: all, webhook_configs: [{url: 'http://x'}]}]
inhibit_rules: [{source_matchers: ['severity="P1"'], target_matchers: ['severity="P2"'], equal: [job]}]
"""
NAMES = (
    "load:late", "load:sum", "load:rate", "load:mean", "load:shifted", "load:last", "load:matched", "load:deviation",
    "ALERTS", "ALERTS_FOR_STATE",
)  # fmt: skip
samples = st.lists(st.one_of(st.none(), st.floats(0, 8).map(lambda one: round(one, 3))), min_size=40, max_size=40)


@settings(max_examples=25, deadline=None)
@given(
    loads=st.tuples(samples, samples, samples),
    looks=st.lists(st.tuples(st.integers(0, 600), st.sampled_from([*NAMES, "", "notify"])), max_size=12),
)
def test_it_makes_no_difference_when_and_how_often_one_looks(helpers, loads, looks) -> None:
    store = helpers.series(dict(zip(("load i=x job=a", "load i=y job=a", "load i=z job=b"), loads, strict=True)))
    once, often = lived(helpers, store, []), lived(helpers, store, sorted(looks))
    assert once == often


def lived(helpers, store, looks):
    """All that rules and Alertmanager make of ``store`` in ten minutes, for one who looks at some moments."""
    present = helpers.Time()
    rules = helpers.ruler(RULES, store, present)
    manager = Alertmanager(load(CONFIG), rules, 1, 0)
    for second, what in looks:
        present.now = second * 1000
        if what == "notify":
            manager.alerts(present.now)
        elif what:
            helpers.recorded(rules, what)
        else:
            rules.catch_up()
    present.now = 600_000
    manager.catch_up()
    return (
        {name: helpers.recorded(rules, name) for name in NAMES}, manager.notifications,
        [(rule.health, rule.last_error, rule.last_evaluation) for rule in rules.rules],
    )  # fmt: skip


def test_a_rule_sees_what_another_writes_at_the_same_time_wherever_it_stands(helpers) -> None:
    present = helpers.Time()
    rules = helpers.ruler(RULES, helpers.series({"load i=x job=a": [1, 2, 3]}), present)
    present.now = 30_000
    assert helpers.recorded(rules, "load:late") == {'load:late{job="a"}': {0: 2, 15: 3, 30: 4}}
    assert rules.rules[2].last_evaluation is None  # nobody asked for it


def test_what_had_not_happened_is_not_seen(helpers) -> None:
    present = helpers.Time()
    rules = helpers.ruler(RULES, helpers.series({"load i=x job=a": [1, 2, 3, 4]}), present)
    present.now = 45_000
    last = helpers.recorded(rules, "load:last")
    assert list(last.values()) == [{0: 1, 15: 2, 30: 3, 45: 4}]
    assert list(helpers.recorded(rules, "load:shifted").values()) == [{0: 1, 15: 2, 30: 3, 45: 4}]


def test_a_failure_is_of_its_own_time_alone(helpers) -> None:
    present = helpers.Time()
    store = helpers.series({"load i=x job=a": [1, 2, None, 4], "load i=y job=a": [None, 1]})
    rules = helpers.ruler(RULES, store, present)
    present.now = 45_000
    found = helpers.recorded(rules, "load:matched")
    assert found == {'load:matched{job="a"}': {0: 1.0}}
    matched = next(rule for rule in rules.rules if rule.rule.name == "load:matched")
    assert matched.health == "err"
    assert "duplicate series" in matched.last_error


def test_a_series_that_is_no_more_gets_a_stale_marker(helpers) -> None:
    present = helpers.Time()
    text = "groups: [{name: g, rules: [{record: big, expr: 'load > 2'}]}]"
    rules = helpers.ruler(text, helpers.series({"load i=x": [3, 1, 4, 4, 1, 1]}), present)
    for present.now in (0, 15_000, 75_000):
        rules.catch_up()
    assert helpers.recorded(rules, "big") == {'big{i="x"}': {0: 3, 15: None, 30: 4, 45: 4, 60: None}}


def test_beyond_a_groups_limit_nothing_is_written(helpers) -> None:
    present = helpers.Time()
    text = "groups: [{name: g, limit: 1, rules: [{record: big, expr: 'load > 2'}, {alert: Big, expr: 'load > 2'}]}]"
    rules = helpers.ruler(text, helpers.series({"load i=x": [3, 3, 3], "load i=y": [1, 3, 1]}), present)
    present.now = 15_000
    rules.catch_up()
    assert [rule.last_error for rule in rules.rules] == [
        "exceeded limit of 1 with 2 series", "exceeded limit of 1 with 2 alerts",
    ]  # fmt: skip
    present.now = 30_000
    assert helpers.recorded(rules, "big") == {'big{i="x"}': {0: 3, 30: 3}}
    rules.catch_up()
    assert [rule.health for rule in rules.rules] == ["ok", "ok"]


def test_two_rules_that_write_one_series_are_as_at_ingestion(helpers) -> None:
    present = helpers.Time()
    text = "groups: [{name: g, rules: [{record: big, expr: 'load > 2'}, {record: big, expr: 'load * 10'}]}]"
    rules = helpers.ruler(text, helpers.series({"load i=x": [3, 1, 4]}), present)
    present.now = 30_000
    assert helpers.recorded(rules, "big") == {'big{i="x"}': {0: 3, 15: None, 30: 4}}


@pytest.mark.parametrize(
    "rules",
    [
        "{record: a, expr: 'b + 1'}, {record: b, expr: 'c'}, {record: c, expr: 'sum(a)'}",
        "{record: a, expr: 'a + 1'}",
        "{record: a, expr: '{job=\"x\"}'}",
        "{alert: A, expr: 'ALERTS{alertname=~\"A|B\"}'}",
    ],
)
def test_rules_that_read_each_others_results_are_refused(helpers, rules) -> None:
    with pytest.raises(RuleFileError, match=r"read each other's results: (.*→.*)") as caught:
        helpers.ruler(f"groups: [{{name: g, rules: [{rules}]}}]", helpers.series({}), helpers.Time())
    assert caught.value.where == 'rules.yaml, group "g", rule 1'


def test_an_offset_evaluates_the_past_and_writes_there(helpers) -> None:
    present = helpers.Time()
    text = "groups: [{name: g, query_offset: 30s, rules: [{record: late, expr: load}]}]"
    rules = helpers.ruler(text, helpers.series({"load i=x": [1, 2, 3, 4]}), present)
    present.now = 45_000
    assert helpers.recorded(rules, "late") == {'late{i="x"}': {0: 1, 15: 2}}
