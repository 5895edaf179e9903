"""Alerts, joined from Prometheus' and Alertmanager's answers."""

import math

import pandas as pd

from labkit.lab.alerts import alert_frame, alerts

HIGH = {"alertname": "LatencyHigh", "severity": "P1", "component": "api"}
DOG = {"alertname": "Watchdog", "severity": "none"}
FULL = {"alertname": "PoolFull", "severity": "P2"}
SEEN = [
    {"labels": FULL, "annotations": {}, "state": "pending", "activeAt": "2025-11-28T11:59:00Z", "value": "9.6e-01"},
    {"labels": DOG, "annotations": {}, "state": "firing", "activeAt": "2025-11-27T12:00:00Z", "value": "1e+00"},
    {
        "labels": HIGH,
        "annotations": {"summary": "p99 <high>", "runbook_url": "https://x/y"},
        "state": "firing",
        "activeAt": "2025-11-28T11:53:00.123456789Z",
        "value": "8.1e-01",
    },
]


def sent(labels, silenced=(), inhibited=(), receivers=("pager",)):
    return {
        "labels": labels, "annotations": {}, "startsAt": "2025-11-28T11:58:00.000Z", "endsAt": "2025-11-28T12:02:00.000Z", "fingerprint": "f", "updatedAt": "",
        "receivers": [{"name": name} for name in receivers], "status": {"state": "active", "silencedBy": list(silenced), "inhibitedBy": list(inhibited)},
    }  # fmt: skip


def test_the_states_of_both_and_the_most_urgent_first():
    frame = alert_frame(SEEN, [sent(HIGH, receivers=("l2", "slack")), sent(DOG, silenced=["s"])])
    assert list(zip(frame["state"], frame["name"], strict=True)) == [
        ("firing", "LatencyHigh"),
        ("pending", "PoolFull"),
        ("silenced", "Watchdog"),
    ]
    first = frame.iloc[0]
    assert first["severity"] == "P1"
    assert first["labels"] == {"component": "api"}
    assert first["receivers"] == ["l2", "slack"]
    assert first["since"] == pd.Timestamp("2025-11-28T11:53:00.123456789Z")
    assert first["value"] == 0.81


def test_one_that_only_alertmanager_knows_is_there_too():
    frame = alert_frame([], [sent({"alertname": "ByHand"}, inhibited=["x"])])
    assert frame["state"].tolist() == ["inhibited"]
    assert math.isnan(frame["value"].iloc[0])
    assert "value" not in frame._repr_html_()


def test_it_is_drawn_escaped_and_nothing_says_so():
    html = alert_frame(SEEN, [])._repr_html_()
    assert "2 firing, 1 pending" in html
    assert "p99 &lt;high&gt;" in html
    assert "https://x/y" in html
    assert "No alerts." in alert_frame([], [])._repr_html_()
    assert "No alert is pending or firing" in alert_frame([], [])._repr_html_()


def test_both_are_asked(served):
    served.answers |= {"/api/v1/alerts": {"data": {"alerts": SEEN}}, "/api/v2/alerts": [sent(HIGH)]}
    assert len(alerts(served.url, served.url)) == 3
    assert alerts(served.url, None)["receivers"].tolist() == [[], [], []]
    assert [path for path, _ in served.asked] == ["/api/v1/alerts", "/api/v2/alerts", "/api/v1/alerts"]
