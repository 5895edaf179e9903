"""Rules and alerts in Prometheus' HTTP API (upstream ``web/api/v1/api.go`` of 3.5, ``rules`` and ``alerts``)."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labkit.alerting.alerts import Alert
from labkit.alerting.ruler import Ruler
from labkit.alerting.running import AlertingRule, RunningRule
from labkit.clock import SECOND, Millis, rfc3339
from labkit.errors import QueryError
from labkit.gotemplate.printf import shortest
from labkit.promql.parsing import selector_of
from labkit.sandbox.faces.prometheus.call import Answer, Call, Endpoint
from labkit.sandbox.faces.prometheus.parameters import ParameterError, Parameters, invalid
from labkit.signals.matcher import Matcher

ALERTMANAGER = "http://alertmanager.monitoring:9093/api/v2/alerts"
"""Where Prometheus sends its alerts: the address within the cluster."""

_NEVER = "0001-01-01T00:00:00Z"
_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")


def endpoints(ruler: Ruler) -> Mapping[str, Endpoint]:
    """What is answered under ``/api/v1/`` from the rules of ``ruler``."""
    return {
        "rules": lambda call: _rules(ruler, call),
        "alerts": lambda _: _alerts(ruler),
        "alertmanagers": lambda _: Answer({"activeAlertmanagers": [{"url": ALERTMANAGER}], "droppedAlertmanagers": []}),
    }


def _alerts(ruler: Ruler) -> Answer:
    """All alerts that are pending or firing."""
    with ruler.lock:
        ruler.catch_up()
        return Answer({"alerts": [one for rule in ruler.alerting() for one in _active(ruler, rule)]})


def _rules(ruler: Ruler, call: Call) -> Answer:
    wanted = _Wanted.of(call.parameters)
    with ruler.lock:
        ruler.catch_up()
        groups, token = wanted.page(list(_groups(ruler, wanted)))
    return Answer({"groups": groups} | ({"groupNextToken": token} if token else {}))


@dataclass(frozen=True)
class _Wanted:
    """Which rules a request asks for."""

    type: str
    names: Sequence[str]
    groups: Sequence[str]
    files: Sequence[str]
    matchers: Sequence[tuple[Matcher, ...]]
    with_alerts: bool
    limit: int
    token: str

    @classmethod
    def of(cls, parameters: Parameters) -> "_Wanted":
        """What ``parameters`` ask; raises :class:`ParameterError` in upstream's words."""
        type_ = parameters.get("type").lower()
        if type_ not in ("", "alert", "record"):
            raise invalid("type", f'not supported value "{type_}"')
        try:
            matchers = [selector_of(text) for text in parameters.all("match[]")]
        except QueryError as error:
            raise invalid("match[]", error.what) from error
        limit, token = _limit(parameters)
        return cls(
            type_, parameters.all("rule_name[]"), parameters.all("rule_group[]"), parameters.all("file[]"), matchers,
            not _flag(parameters, "exclude_alerts"), limit, token,
        )  # fmt: skip

    def accepts(self, rule: RunningRule) -> bool:
        """Whether the rule is asked for."""
        kind = "alert" if isinstance(rule, AlertingRule) else "record"
        return (
            self.type in ("", kind)
            and (not self.names or rule.rule.name in self.names)
            and (not self.groups or rule.place.group.name in self.groups)
            and (not self.files or rule.place.file in self.files)
            and (not self.matchers or any(_matches(rule.labels, one) for one in self.matchers))
        )

    def page(self, groups: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str]:
        """So many groups from the token on, and the token of the next."""
        tokens = [_token(group) for group in groups]
        if self.token and self.token not in tokens:
            raise invalid("group_next_token", f"invalid group_next_token '{self.token}'. were rule groups changed?")
        begin = tokens.index(self.token) if self.token else 0
        end = begin + self.limit if self.limit else len(groups)
        return groups[begin:end], tokens[end] if end < len(groups) else ""


def _limit(parameters: Parameters) -> tuple[int, str]:
    text, token = parameters.get("group_limit"), parameters.get("group_next_token")
    if token and not text:
        raise invalid("group_limit", "group_limit needs to be present in order to paginate over the groups")
    if not text:
        return 0, ""
    try:
        limit = int(text)
    except ValueError:
        what = f'group_limit needs to be a valid number: strconv.ParseInt: parsing "{text}": invalid syntax'
        raise invalid("group_limit", what) from None
    if limit <= 0:
        raise invalid("group_limit", "group_limit needs to be greater than 0")
    return limit, token


def _flag(parameters: Parameters, name: str) -> bool:
    text = parameters.get(name)
    if text and text not in (*_TRUE, *_FALSE):
        what = f'error converting {name}: strconv.ParseBool: parsing "{text}": invalid syntax'
        raise ParameterError(f'invalid parameter "{name}": {what}')
    return text in _TRUE


def _token(group: Mapping[str, Any]) -> str:
    return hashlib.sha1(f"{group['file']};{group['name']}".encode(), usedforsecurity=False).hexdigest()


def _matches(labels: Mapping[str, str], matchers: Sequence[Matcher]) -> bool:
    return all(one.accepts(labels.get(one.name, "")) for one in matchers)


def _groups(ruler: Ruler, wanted: _Wanted) -> Iterator[dict[str, Any]]:
    """The groups that have a rule that is asked for, by file and name."""
    found: dict[tuple[str, str], list[RunningRule]] = {}
    for rule in ruler.rules:
        if wanted.accepts(rule):
            found.setdefault((rule.place.file, rule.place.group.name), []).append(rule)
    for (file, name), rules in sorted(found.items(), key=lambda item: item[0]):
        place = rules[0].place
        yield {
            "name": name, "file": file, "rules": [_rule(ruler, rule, wanted) for rule in rules],
            "interval": place.interval / SECOND, "limit": place.group.limit, "evaluationTime": 0.0,
            "lastEvaluation": _time(rules[-1].last_evaluation),
        }  # fmt: skip


def _rule(ruler: Ruler, rule: RunningRule, wanted: _Wanted) -> dict[str, Any]:
    common = {
        "name": rule.rule.name, "query": rule.rule.expr.strip(), "labels": dict(sorted(rule.labels.items())),
        "health": rule.health, "evaluationTime": 0.0, "lastEvaluation": _time(rule.last_evaluation),
    }  # fmt: skip
    if rule.last_error:
        common["lastError"] = rule.last_error
    if not isinstance(rule, AlertingRule):
        return {**common, "type": "recording"}
    return {
        **common, "type": "alerting", "state": rule.state, "duration": rule.rule.hold / SECOND,
        "keepFiringFor": rule.rule.keep_firing_for / SECOND,
        "annotations": dict(sorted(rule.rule.annotations.items())),
        "alerts": list(_active(ruler, rule)) if wanted.with_alerts else [],
    }  # fmt: skip


def _active(ruler: Ruler, rule: AlertingRule) -> Iterator[dict[str, Any]]:
    for labels in sorted(rule.machine.active):
        yield _alert(ruler, rule, rule.machine.active[labels])


def _alert(ruler: Ruler, rule: AlertingRule, alert: Alert) -> dict[str, Any]:
    shown = {
        "labels": dict(alert.labels),
        "annotations": rule.annotations(alert, ruler.source()),
        "state": alert.state,
        "activeAt": _time(alert.active_at),
        "value": shortest(alert.value()[1], "e"),
    }
    if alert.keep_since is not None:
        shown["keepFiringSince"] = _time(alert.keep_since)
    return shown


def _time(time: Millis | None) -> str:
    if time is None:
        return _NEVER
    fraction = f".{time % SECOND:03d}".rstrip("0") if time % SECOND else ""
    return rfc3339(time).removesuffix("Z") + fraction + "Z"
