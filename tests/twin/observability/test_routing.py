"""Ticket routing by 7.5.3: where each alert goes, and that each rule has alerts."""

import re

import pytest
import yaml

from labkit.errors import ManifestError
from labkit.twin import observability
from labkit.twin.observability.routing import load, route

RULES = load(observability.ticket_routing())
TEAMS = {rule.actions["assign_to"] for rule in RULES}


def fields(alert: dict) -> dict[str, str]:
    return {"alert_name": alert["alert"], **alert["labels"]}


def test_the_rules_are_those_of_the_specification(shared):
    text = shared("spec/handoff-and-knowledge-transfer.md").read_text("utf-8")
    block = re.search(r"```yaml\n# ticket-routing-rules\.yaml\n(.*?)```", text, re.DOTALL)
    assert yaml.safe_load(block[1]) == yaml.safe_load(observability.ticket_routing())


def test_every_alert_has_a_team_and_every_rule_an_alert(alerts):
    reached = set()
    for alert in alerts:
        ticket = route(RULES, fields(alert))
        reached.update(ticket.rules)
        assert ticket.assign_to in TEAMS, alert
        if alert["labels"]["severity"] in {"P0", "P1"}:
            assert ticket.incident, alert
            assert "pagerduty://sre-team" in ticket.notify, alert
        if re.search("security|unauthorized", alert["alert"]):
            assert ticket.incident, alert
            assert "pagerduty://security-oncall" in ticket.notify, alert
    assert reached == {rule.name for rule in RULES}


def test_all_that_match_add_and_the_first_assigns():
    ticket = route(RULES, {"alert_name": "db_query_latency_p99_high", "severity": "P1", "component": "postgresql"})
    assert ticket.rules == ["Critical Alerts", "Performance Degradation", "Database Issues"]
    assert (ticket.assign_to, ticket.priority, ticket.incident) == ("L2-oncall-rotation", "Critical", True)
    assert ticket.labels == ["performance", "auto-routed", "database"]
    assert ticket.cc == ["dba-team"]
    assert ticket.notify == ["slack://incidents", "pagerduty://sre-team"]


@pytest.mark.parametrize(
    ("name", "severity", "component", "team"),
    [
        ("api_latency_p99_high", "P2", "api", "L2-performance-team"),
        ("Api_Latency_high", "P2", "api", "L1-triage-queue"),  # matching is literal, with case
        ("db_connection_pool_utilization_high", "P2", "postgresql", "L2-database-team"),
        ("kafka_consumer_lag_high", "P3", "kafka", "L2-platform-team"),
        ("security_unauthorized_requests_surge", "P2", "api", "security-team"),
        ("pod_not_ready", "P3", "kubernetes", "L1-triage-queue"),
        ("api_no_replica_available", "P0", "api", "L2-oncall-rotation"),
    ],
)
def test_each_kind_of_trouble_has_its_team(name, severity, component, team):
    assert route(RULES, {"alert_name": name, "severity": severity, "component": component}).assign_to == team


def test_and_binds_more_tightly_than_or():
    text = "rules: [{name: x, condition: \"a == '1' OR a == '2' AND b contains 'y'\", action: [{assign_to: t}]}]"
    (rule,) = load(text)
    assert [rule.matches(one) for one in ({"a": "1"}, {"a": "2"}, {"a": "2", "b": "xyz"})] == [True, False, True]


def test_a_condition_that_is_none_says_so():
    with pytest.raises(ManifestError, match="is no comparison"):
        load("rules: [{name: x, condition: \"severity != 'P0'\", action: []}]")


def test_alertmanager_pages_for_what_the_rules_page_for(alerts):
    """The receivers of alertmanager.yml, followed by hand, against the assignments of 7.5.3."""
    configuration = yaml.safe_load(observability.alertmanager())
    for alert in alerts:
        ticket, receivers = route(RULES, fields(alert)), receivers_of(configuration["route"], alert)
        assert ticket.assign_to.lower() in {name.lower() for name in receivers}, alert
        assert ("security-oncall" in receivers) == ("pagerduty://security-oncall" in ticket.notify), alert


def receivers_of(tree: dict, alert: dict) -> list[str]:
    labels = {"alertname": alert["alert"], **alert["labels"]}
    found = []
    for child in tree.get("routes", ()):
        if all(matches(matcher, labels) for matcher in child["matchers"]):
            found += receivers_of(child, alert)
            if not child.get("continue"):
                break
    return found or [tree["receiver"]]


def matches(matcher: str, labels: dict[str, str]) -> bool:
    name, operator, value = re.fullmatch(r'(\w+)(=~|!~|=|!=)"(.*)"', matcher).groups()
    held = labels.get(name, "")
    found = bool(re.fullmatch(value, held)) if "~" in operator else held == value
    return found != operator.startswith("!")
