"""What Alertmanager's API v2 answers to those who only look (upstream ``api/v2/api.go`` and ``openapi.yaml``)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from labkit.alerting import matchers as reading
from labkit.alerting.alertmanager import Alertmanager, Status
from labkit.alerting.held import HeldAlert, fingerprint
from labkit.alerting.routing import Route
from labkit.alerting.silences import Silence, filtered
from labkit.clock import SECOND, Millis, rfc3339
from labkit.errors import QueryError
from labkit.sandbox.faces.alertmanager.errors import Refusal, invalid_type
from labkit.sandbox.faces.prometheus.call import Reply
from labkit.sandbox.faces.prometheus.parameters import Parameters
from labkit.signals.labels import Labels
from labkit.signals.matcher import Match, Matcher

VERSION = "0.28.1"
_TRUE = ("1", "t", "true", "yes", "y", "on", "ok", "checked", "selected", "enabled")
_FALSE = ("0", "f", "false", "no", "n", "off", "disabled")


@dataclass(frozen=True)
class Call:
    """One request and what it is answered from."""

    manager: Alertmanager
    now: Millis
    original: str
    started: Millis
    parameters: Parameters

    def flag(self, name: str) -> bool:
        """A filter that is on unless it is switched off."""
        text = self.parameters.get(name)
        if text.lower() not in ("", *_TRUE, *_FALSE):
            raise invalid_type(name, "query", "boolean", text)
        return text.lower() not in _FALSE

    def filters(self) -> list[Matcher]:
        """The matchers of ``filter``."""
        try:
            return [reading.one(text) for text in self.parameters.all("filter")]
        except reading.MatcherError as error:
            raise Refusal(400, error.what) from error

    def receivers(self) -> Callable[[str], bool]:
        """Whether a receiver is asked for."""
        wanted = self.parameters.get("receiver")
        if not wanted:
            return lambda _: True
        try:
            return Matcher("receiver", Match.REGEX, wanted).accepts
        except QueryError as error:
            raise Refusal(400, f"failed to parse receiver param: {error.what}") from error


def respond(call: Call, path: str) -> Reply:
    """The answer to a GET of ``path``, which begins after ``/api/v2/``."""
    try:
        if path.startswith("silence/"):
            return encoded(_silence(call, path.removeprefix("silence/")))
        return encoded(ENDPOINTS[path](call))
    except Refusal as refusal:
        return refusal.reply


def encoded(data: Any) -> Reply:
    """A successful answer."""
    return Reply(200, orjson.dumps(data))


# ── alerts ───────────────────────────────────────────────────────────────────────────────────────


def _alerts(call: Call) -> list[dict[str, Any]]:
    wanted, receiver = _Filter.of(call), call.receivers()
    alerts = call.manager.alerts(call.now)
    found = []
    for alert in alerts:
        routes = call.manager.root.match(alert.labels)
        status = call.manager.status(alert.labels, alerts, call.now)
        if any(receiver(route.receiver) for route in routes) and wanted.accepts(alert, status):
            found.append(_alert(call, alert, status, routes))
    return sorted(found, key=lambda one: one["fingerprint"])


def _groups(call: Call) -> list[dict[str, Any]]:
    wanted, receiver, muted = _Filter.of(call), call.receivers(), call.flag("muted")
    alerts = call.manager.alerts(call.now)
    groups: dict[tuple[Labels, str, int], list[dict[str, Any]]] = {}
    for alert in alerts:
        routes = call.manager.root.match(alert.labels)
        status = call.manager.status(alert.labels, alerts, call.now)
        for route in routes:
            by = call.manager.muted(route, call.now)
            if receiver(route.receiver) and wanted.accepts(alert, status) and (muted or not by):
                shown = Status(status.silenced_by, status.inhibited_by, by)
                place = (route.group(alert.labels), route.receiver, route.number)
                groups.setdefault(place, []).append(_alert(call, alert, shown, routes))
    return [
        {"alerts": groups[place], "labels": dict(place[0]), "receiver": {"name": place[1]}, "routeLabels": {}}
        for place in sorted(groups)
    ]


@dataclass(frozen=True)
class _Filter:
    matchers: Sequence[Matcher]
    active: bool
    silenced: bool
    inhibited: bool

    @classmethod
    def of(cls, call: Call) -> "_Filter":
        call.flag("unprocessed")  # every alert that is shown has been looked at
        return cls(call.filters(), call.flag("active"), call.flag("silenced"), call.flag("inhibited"))

    def accepts(self, alert: HeldAlert, status: Status) -> bool:
        return (
            reading.accepts(self.matchers, dict(alert.labels))
            and (self.active or status.state != "active")
            and (self.silenced or not status.silenced_by)
            and (self.inhibited or not status.inhibited_by)
        )


def _alert(call: Call, alert: HeldAlert, status: Status, routes: Sequence[Route]) -> dict[str, Any]:
    shown = {
        "annotations": dict(call.manager.annotations(alert, call.now)),
        "endsAt": written(alert.ends or 0),
        "fingerprint": fingerprint(alert.labels),
        "receivers": [{"name": route.receiver} for route in routes],
        "startsAt": written(alert.starts),
        "status": {
            "inhibitedBy": sorted(map(fingerprint, status.inhibited_by)), "mutedBy": status.muted_by,
            "silencedBy": status.silenced_by, "state": status.state,
        },
        "updatedAt": written(alert.updated),
        "labels": dict(alert.labels),
    }  # fmt: skip
    return shown | ({"generatorURL": alert.generator} if alert.generator else {})


# ── silences, receivers, status ──────────────────────────────────────────────────────────────────


def _silences(call: Call) -> list[dict[str, Any]]:
    states = [state for state in ("active", "pending", "expired") if call.flag(state)]
    kept = [one for one in call.manager.silences.all(call.now) if one.state(call.now) in states]
    return [_shown(one, call.now) for one in filtered(kept, call.filters())]


def _silence(call: Call, id: str) -> dict[str, Any]:
    kept = {one.id: one for one in call.manager.silences.all(call.now)}
    if id not in kept:
        raise Refusal(404, None)
    return _shown(kept[id], call.now)


def _shown(silence: Silence, now: Millis) -> dict[str, Any]:
    return {
        "id": silence.id, "status": {"state": silence.state(now)}, "updatedAt": written(silence.updated),
        "comment": silence.comment, "createdBy": silence.created_by, "endsAt": written(silence.ends),
        "matchers": [
            {"isEqual": one.isEqual, "isRegex": one.isRegex, "name": one.name, "value": one.value}
            for one in silence.matchers
        ],
        "startsAt": written(silence.starts),
    }  # fmt: skip


def _receivers(call: Call) -> list[dict[str, Any]]:
    return [{"name": one.name} for one in call.manager.config.receivers]


def _status(call: Call) -> dict[str, Any]:
    return {
        "cluster": {"peers": [], "status": "disabled"},
        "config": {"original": call.original},
        "uptime": written(call.started),
        "versionInfo": {
            "branch": "labkit", "buildDate": "", "buildUser": "labkit", "goVersion": "", "revision": "labkit",
            "version": VERSION,
        },
    }  # fmt: skip


def written(time: Millis) -> str:
    """A time as the API writes it: RFC 3339 with milliseconds."""
    return f"{rfc3339(time).removesuffix('Z')}.{time % SECOND:03d}Z"


ENDPOINTS: Mapping[str, Callable[[Call], Any]] = {
    "alerts": _alerts, "alerts/groups": _groups, "silences": _silences, "receivers": _receivers, "status": _status,
}  # fmt: skip
"""What is answered to a GET under ``/api/v2/``, beside ``silence/{id}``."""
