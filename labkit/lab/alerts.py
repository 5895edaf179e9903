"""Alerts as Prometheus and Alertmanager see them, joined: which condition holds, since when, and who is told.

Prometheus knows what is pending (``/api/v1/alerts``), Alertmanager what is silenced or inhibited, and which receivers
an alert goes to (``/api/v2/alerts``). Forms: the documentation of both APIs.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from labkit.lab.draw import svg
from labkit.lab.draw.page import badge, listing, remark
from labkit.lab.draw.palette import BAD, QUIET, WARNING
from labkit.lab.draw.svg import Markup, div, element, text
from labkit.lab.draw.units import digits
from labkit.lab.frames import About, Answer
from labkit.lab.http import Api

_COLUMNS = ["state", "severity", "name", "since", "value", "receivers", "labels", "annotations"]
_ORDER = ("firing", "pending", "silenced", "inhibited", "resolved")
_COLOURS = {"firing": BAD, "pending": WARNING}
_URGENT = {"p0": BAD, "p1": BAD, "critical": BAD, "page": BAD, "p2": WARNING, "warning": WARNING}
_SAID = ("summary", "description", "message")

Key = frozenset[tuple[str, str]]


class AlertFrame(Answer):
    """A row an alert, the most urgent first: state, severity, name, since (UTC), value, receivers, labels, annotations."""

    _NOTHING = "No alerts."

    def _listing(self) -> list[Markup]:
        if not set(_COLUMNS) <= set(self.columns):
            return super()._listing()
        counts = self["state"].value_counts()
        said = ", ".join(f"{counts[state]} {state}" for state in _ORDER if state in counts)
        rows = [_row(alert) for alert in self.to_dict("records")]
        return [remark(said), listing(("state", "severity", "alert", "since (UTC)", "goes to"), rows)]


def alerts(prometheus: str, alertmanager: str | None) -> AlertFrame:
    """Every alert that is pending or firing now."""
    seen = Api("Prometheus", prometheus).get("/api/v1/alerts")["data"]["alerts"]
    sent = Api("Alertmanager", alertmanager).get("/api/v2/alerts") if alertmanager else []
    return alert_frame(seen, sent)


def alert_frame(seen: list[dict[str, Any]], sent: list[dict[str, Any]]) -> AlertFrame:
    """The frame of what Prometheus has seen and of what was sent to Alertmanager; equal labels mean the same alert."""
    told = {_key(alert): alert for alert in sent}
    rows = [_joined(alert, told.pop(_key(alert), None)) for alert in seen]
    rows += [_joined({**alert, "state": "firing", "activeAt": alert["startsAt"]}, alert) for alert in told.values()]
    rows.sort(key=lambda row: (_ORDER.index(row["state"]), row["severity"], row["name"], row["since"]))
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    frame["since"] = pd.to_datetime(frame["since"], utc=True, format="ISO8601")
    return AlertFrame.of(frame, About("alerts", hint="No alert is pending or firing: no rule's condition holds now."))


def _key(alert: Mapping[str, Any]) -> Key:
    return frozenset(alert["labels"].items())


def _joined(alert: Mapping[str, Any], sent: Mapping[str, Any] | None) -> dict[str, Any]:
    labels = dict(alert["labels"])
    return {
        "state": _state(alert["state"], sent), "severity": labels.pop("severity", ""), "name": labels.pop("alertname", ""),
        "since": alert["activeAt"], "value": float(alert.get("value") or "nan"),
        "receivers": [receiver["name"] for receiver in (sent or {}).get("receivers", ())],
        "labels": labels, "annotations": dict(alert.get("annotations") or {}),
    }  # fmt: skip


def _state(seen: str, sent: Mapping[str, Any] | None) -> str:
    """Prometheus' word, unless Alertmanager keeps the alert to itself."""
    status = (sent or {}).get("status", {})
    if status.get("silencedBy"):
        return "silenced"
    return "inhibited" if status.get("inhibitedBy") else seen


def _row(alert: Mapping[Any, Any]) -> tuple[Markup, ...]:
    annotations = alert["annotations"]
    said = [annotations[name] for name in _SAID if name in annotations]
    value = [] if pd.isna(alert["value"]) else [f"value {digits(alert['value'])}"]
    labels = ", ".join([*(f"{name}={one}" for name, one in alert["labels"].items()), *value])
    links = [f"{name}: {one}" for name, one in annotations.items() if name not in _SAID]
    about = div("max-width:52em;white-space:normal",
        element("b", {}, text(alert["name"])),
        *(div("", text(line)) for line in said),
        div(f"{svg.MUTED};font-size:11.5px;overflow-wrap:anywhere", text("  ".join([labels, *links]))),
    )  # fmt: skip
    return (
        badge(alert["state"], _COLOURS.get(alert["state"], QUIET)), _severity(alert["severity"]), about,
        text(f"{alert['since']:%b %d %H:%M:%S}"), text(", ".join(alert["receivers"])),
    )  # fmt: skip


def _severity(severity: str) -> Markup:
    return badge(severity, _URGENT.get(severity.lower(), QUIET)) if severity else text("")
