"""Alertmanager: who is told of what, and when; times are seconds from 0."""

import pytest

from labkit.alerting.alertmanager import Alertmanager
from labkit.alerting.config import load
from labkit.alerting.posted import PostedAlert
from labkit.alerting.silences import Silence, SilenceError, SilenceMatcher
from labkit.clock import HOUR, SECOND

CONFIG = """
route:
  receiver: all
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 1h
  routes:
    - {receiver: quiet, matchers: ['team="quiet"'], mute_time_intervals: [first-hour]}
    - {receiver: audit, matchers: ['severity=P0'], continue: true, group_by: ['...'], group_wait: 0s}
    - receiver: paged
      match_re: {severity: 'P0|P1'}
      group_wait: 10s
      routes: [{receiver: db, match: {component: db}}]
receivers:
  - {name: all, webhook_configs: [{url: 'http://x'}], email_configs: [{to: a@b, from: c@d, smarthost: 'e:25'}]}
  - {name: quiet, webhook_configs: [{url: 'http://x'}]}
  - {name: audit, webhook_configs: [{url: 'http://x', send_resolved: false}]}
  - {name: paged, pagerduty_configs: [{routing_key: k}]}
  - {name: db, slack_configs: [{api_url: 'http://x', channel: '#db'}]}
inhibit_rules:
  - {source_matchers: [alertname=Root], target_matchers: ['alertname!=Root'], equal: [zone]}
time_intervals:
  - {name: first-hour, time_intervals: [{times: [{start_time: '00:00', end_time: '01:00'}]}]}
"""
RULES = """
groups:
  - name: g
    rules:
      - {alert: High, expr: 'load > 3', labels: {severity: P3}, annotations: {summary: '{{ $value }}'}}
"""


class Case:
    """An Alertmanager over one rule, at a time that is moved by seconds."""

    def __init__(self, helpers, loads=()) -> None:
        self.time = helpers.Time()
        self.rules = helpers.ruler(RULES, helpers.series({"load i=x": list(loads)} if loads else {}), self.time)
        self.manager = Alertmanager(load(CONFIG), self.rules, 7, 0)

    def at(self, seconds: int) -> "Case":
        self.time.now = seconds * SECOND
        return self

    def post(self, ends: int | None = None, starts: int | None = None, **labels: str) -> None:
        alert = PostedAlert(
            labels=labels, starts=None if starts is None else starts * SECOND,
            ends=None if ends is None else ends * SECOND,
        )  # fmt: skip
        assert self.manager.post([alert], self.time.now) == []

    def told(self) -> list[tuple[int, str, str, str, list[str]]]:
        self.manager.catch_up()
        return [
            (
                one.time // SECOND,
                one.receiver,
                one.integration,
                one.reason,
                [a.labels.get("alertname") for a in one.alerts],
            )
            for one in self.manager.notifications
        ]

    def silence(self, ends: int, starts: int = 0, id: str = "", **wanted: str) -> str:
        matchers = tuple(SilenceMatcher(name=name, value=value, isRegex=False) for name, value in wanted.items())
        silence = Silence(id=id, matchers=matchers, starts=starts * SECOND, ends=ends * SECOND, updated=0)
        return self.manager.put_silence(silence, self.time.now).id


@pytest.fixture
def case(helpers) -> Case:
    return Case(helpers)


def test_a_rules_alert_is_told_after_the_groups_wait_repeated_and_resolved(helpers) -> None:
    case = Case(helpers, [1, 5] + [6] * 300 + [1] * 60)
    told = case.at(361 * 15).told()
    webhook = [one for one in told if one[2] == "webhook[0]"]
    assert [(one[0], one[3]) for one in webhook] == [(45, "new"), (45 + 3900, "repeat"), (45 + 4500, "resolved")]
    assert [one[3] for one in told if one[2] == "email[0]"] == ["new", "repeat"]  # email keeps silent of an end
    first, last = case.manager.notifications[0], case.manager.notifications[-1]
    assert dict(first.alerts[0].annotations) == {"summary": "5"}
    assert (last.status, last.alerts[0].starts, last.alerts[0].ends) == ("resolved", 15_000, 302 * 15_000)
    assert first.group_key == '{}:{alertname="High"}'


def test_an_alert_goes_down_the_tree_and_on_where_a_route_says_so(case) -> None:
    case.at(10).post(alertname="A", severity="P0", component="db")
    case.post(alertname="B", severity="P1")
    assert [one[:3] for one in case.at(60).told()] == [
        (10, "audit", "webhook[0]"), (20, "paged", "pagerduty[0]"), (20, "db", "slack[0]"),
    ]  # fmt: skip


def test_what_comes_later_is_told_at_the_groups_interval(case) -> None:
    case.at(0).post(alertname="A", i="1")
    case.at(100).post(alertname="A", i="2")
    assert [(one[0], len(one[4])) for one in case.at(400).told() if one[2] == "webhook[0]"] == [(30, 1), (330, 2)]
    # By then the first had timed out: it is told as resolved, beside the other.
    assert [alert.status for alert in case.manager.notifications[-2].alerts] == ["resolved", "firing"]


def test_an_alert_without_an_end_is_resolved_when_it_is_not_repeated(case) -> None:
    case.at(0).post(alertname="A")
    assert len(case.manager.alerts(case.time.now)) == 1
    assert [(one[0], one[3]) for one in case.at(700).told() if one[2] == "webhook[0]"] == [
        (30, "new"),
        (330, "resolved"),
    ]
    assert case.manager.alerts(case.time.now) == []


def test_what_fires_and_ends_within_the_wait_is_told_to_nobody(case) -> None:
    case.at(0).post(alertname="A", ends=20)
    assert case.at(700).told() == []


def test_a_source_inhibits_where_the_equal_labels_agree(case) -> None:
    case.at(0).post(alertname="Root", zone="a", ends=10_000)
    case.post(alertname="Leaf", zone="a", ends=10_000)
    case.post(alertname="Leaf", zone="b", ends=10_000)
    assert sorted(one[4] for one in case.at(60).told() if one[2] == "webhook[0]") == [["Leaf"], ["Root"]]
    leaf = next(
        one for one in case.manager.alerts(60_000) if one.labels.get("zone") == "a" and "Leaf" in str(one.labels)
    )
    status = case.manager.status(leaf.labels, case.manager.alerts(60_000), 60_000)
    assert (status.state, [one.get("alertname") for one in status.inhibited_by]) == ("suppressed", ["Root"])


def test_a_muted_route_is_silent_and_tells_afterwards(case) -> None:
    case.at(0).post(alertname="A", team="quiet", ends=10_000)
    assert case.at(3500).told() == []
    assert [one[:2] for one in case.at(4000).told()] == [(3630, "quiet")]


def test_a_silence_keeps_what_it_matches_from_being_told_until_it_ends(case) -> None:
    case.at(0).post(alertname="A", ends=10_000)
    case.silence(ends=400, alertname="A")
    assert case.at(390).told() == []
    assert [one[0] for one in case.at(700).told() if one[2] == "webhook[0]"] == [630]


def test_what_is_done_at_a_time_comes_after_what_is_told_at_it(case) -> None:
    case.at(0).post(alertname="A", ends=10_000)
    case.at(30).silence(ends=400, alertname="A")
    assert [one[0] for one in case.at(60).told() if one[2] == "webhook[0]"] == [30]


def test_ids_of_silences_follow_from_seed_and_number(helpers) -> None:
    first, second = Case(helpers), Case(helpers)
    assert first.silence(ends=10, a="b") == second.silence(ends=20, a="c")
    assert len({one.silence(ends=10, a="b") for one in (first, first, second)}) == 2


def test_a_silence_is_changed_in_place_or_replaced(case) -> None:
    id = case.silence(ends=100, a="b")
    assert case.at(50).silence(ends=300, id=id, a="b") == id
    other = case.at(60).silence(ends=300, id=id, a="c")
    assert other != id
    assert [one.state(60_000) for one in case.manager.silences.all(60_000)] == ["active", "expired"]
    case.manager.expire_silence(other, 70_000)
    case.manager.expire_silence(other, 80_000)  # once is enough
    assert {one.ends for one in case.manager.silences.all(80_000)} == {60_000, 70_000}
    assert case.manager.silences.all(80_000 + 121 * HOUR) == []


@pytest.mark.parametrize(
    ("silence", "what"),
    [
        ({"ends": 100}, "at least one matcher required"),
        ({"ends": 100, "a": ""}, "at least one matcher must not match the empty string"),
        ({"ends": 10, "a": "b"}, "end time can't be in the past"),
        ({"ends": 30, "starts": 40, "a": "b"}, "start time must be before end time"),
        ({"ends": 100, "id": "x", "a": "b"}, "silence not found"),
    ],
)
def test_a_bad_silence_is_refused(case, silence, what) -> None:
    with pytest.raises(SilenceError, match=what):
        case.at(20).silence(**silence)


def test_a_matcher_that_matches_everything_or_nothing_readable_is_refused(case) -> None:
    for value, what in ((".*", "must not match the empty string"), ("(", "invalid regular expression")):
        matcher = SilenceMatcher(name="a", value=value, isRegex=True)
        with pytest.raises(SilenceError, match=what):
            case.manager.put_silence(Silence(id="", matchers=(matcher,), starts=0, ends=9, updated=0), 0)


def test_bad_alerts_are_told_and_the_others_taken(case) -> None:
    alerts = [PostedAlert(labels={}), PostedAlert(labels={"a": "b"}, starts=9, ends=3), PostedAlert(labels={"a": "c"})]
    assert case.manager.post(alerts, 0) == ["at least one label pair required", "start time must be before end time"]
    assert [dict(one.labels) for one in case.manager.alerts(0)] == [{"a": "c"}]


def test_a_listener_is_told_of_every_notification_in_order(case) -> None:
    heard: list[int] = []
    case.manager.subscribe(lambda one: heard.append(one.time))
    case.at(0).post(alertname="A", ends=9_000)
    case.at(5_000).manager.catch_up()
    assert heard == sorted(heard) == [one.time for one in case.manager.notifications]
    assert heard


def test_what_is_done_is_part_of_the_digest_and_what_is_asked_is_not(case, helpers) -> None:
    other = Case(helpers)
    case.at(100).manager.alerts(100_000)
    assert case.manager.digest() == other.manager.digest()
    case.silence(ends=400, a="b")
    silenced = case.manager.digest()
    assert silenced != other.manager.digest()
    case.post(alertname="A")
    assert case.manager.digest() != silenced
