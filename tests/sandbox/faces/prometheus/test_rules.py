"""Rules and alerts in Prometheus' API."""

import json

import numpy as np
import pytest

from labkit.alerting.rulefile import load
from labkit.alerting.ruler import Ruler
from labkit.promql import Engine
from labkit.sandbox.faces.prometheus import respond
from labkit.sandbox.faces.prometheus.rules import endpoints
from labkit.signals.labels import Labels
from labkit.signals.samples import SampleStore

NOW = 300_000
FILE = """
groups:
  - name: first
    rules:
      - {record: 'load:sum', expr: 'sum(load)', labels: {team: a}}
      - alert: High
        expr: load > 3
        for: 4m
        labels: {severity: P1, team: a}
        annotations: {summary: 'at {{ $value }}'}
  - name: second
    interval: 1m
    limit: 5
    rules:
      - {alert: Low, expr: 'load < 2', keep_firing_for: 2m, labels: {team: b}}
      - {record: broken, expr: 'load * on () load'}
"""


@pytest.fixture(scope="module")
def ruler() -> Ruler:
    store = SampleStore()
    times = np.arange(0, NOW + 1, 15_000, dtype=np.int64)
    for name, value in (("x", 1.0), ("y", 4.5)):
        values = np.where(times < 180_000, value, 4.5)
        store.append(Labels([("__name__", "load"), ("i", name)]), times, values)
    return Ruler([load(FILE, "/rules/one.yaml")], store, lambda: NOW, interval=15_000)


def ask(ruler: Ruler, path: str, **params):
    pairs = [
        (name.replace("__", "[]"), one) for name, values in params.items() for one in np.atleast_1d(values).tolist()
    ]
    source = ruler.source()
    reply = respond(Engine(source), source, lambda: NOW, f"/api/v1/{path}", pairs, endpoints(ruler))
    return reply.code, json.loads(b"".join(reply.body) if isinstance(reply.body, list) else reply.body)


def rules(ruler: Ruler, **params) -> list[str]:
    code, body = ask(ruler, "rules", **params)
    assert code == 200, body
    return [rule["name"] for group in body["data"]["groups"] for rule in group["rules"]]


def test_rules_have_upstreams_form(ruler) -> None:
    _, body = ask(ruler, "rules")
    first, second = body["data"]["groups"]
    assert (first["name"], first["file"], first["interval"], second["interval"], second["limit"]) == (
        "first", "/rules/one.yaml", 15.0, 60.0, 5,
    )  # fmt: skip
    assert first["lastEvaluation"] == "1970-01-01T00:05:00Z"
    record, high = first["rules"]
    assert (record["type"], record["health"], record["query"]) == ("recording", "ok", "sum(load)")
    assert "alerts" not in record
    assert (high["type"], high["state"], high["duration"], high["keepFiringFor"]) == ("alerting", "firing", 240.0, 0.0)
    assert high["annotations"] == {"summary": "at {{ $value }}"}
    assert [(one["labels"]["i"], one["state"], one["activeAt"]) for one in high["alerts"]] == [
        ("x", "pending", "1970-01-01T00:03:00Z"), ("y", "firing", "1970-01-01T00:00:00Z"),
    ]  # fmt: skip
    assert high["alerts"][1]["value"] == "4.5e+00"
    assert high["alerts"][1]["annotations"] == {"summary": "at 4.5"}
    low, broken = second["rules"]
    assert low["state"] == "inactive"
    assert (broken["health"], "duplicate series" in broken["lastError"]) == ("err", True)


def test_alerts_are_those_that_are_pending_or_firing(ruler) -> None:
    _, body = ask(ruler, "alerts")
    assert [one["labels"]["alertname"] for one in body["data"]["alerts"]] == ["High", "High"]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"type": "alert"}, ["High", "Low"]),
        ({"type": "record"}, ["load:sum", "broken"]),
        ({"rule_name__": ["High", "broken"]}, ["High", "broken"]),
        ({"rule_group__": "second"}, ["Low", "broken"]),
        ({"file__": "/rules/one.yaml", "type": "alert"}, ["High", "Low"]),
        ({"file__": "other"}, []),
        ({"match__": '{team="b"}'}, ["Low"]),
        ({"match__": ['{severity=~"P."}', '{team="b"}']}, ["High", "Low"]),
    ],
)
def test_rules_are_filtered(ruler, params, found) -> None:
    assert rules(ruler, **params) == found


def test_groups_come_in_pages(ruler) -> None:
    _, first = ask(ruler, "rules", group_limit="1")
    token = first["data"]["groupNextToken"]
    _, second = ask(ruler, "rules", group_limit="1", group_next_token=token)
    assert [one["data"]["groups"][0]["name"] for one in (first, second)] == ["first", "second"]
    assert "groupNextToken" not in second["data"]


def test_alerts_can_be_left_out(ruler) -> None:
    _, body = ask(ruler, "rules", exclude_alerts="true")
    assert all(rule.get("alerts", []) == [] for group in body["data"]["groups"] for rule in group["rules"])


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"type": "x"}, 'invalid parameter "type": not supported value "x"'),
        ({"exclude_alerts": "x"}, "error converting exclude_alerts"),
        ({"match__": "("}, "parse error"),
        ({"group_limit": "0"}, "group_limit needs to be greater than 0"),
        ({"group_limit": "x"}, "group_limit needs to be a valid number"),
        ({"group_next_token": "x"}, "group_limit needs to be present"),
        ({"group_limit": "1", "group_next_token": "x"}, "were rule groups changed?"),
    ],
)
def test_a_bad_parameter_is_refused(ruler, params, said) -> None:
    code, body = ask(ruler, "rules", **params)
    assert (code, body["errorType"]) == (400, "bad_data")
    assert said in body["error"]
