"""Section 7.5.3: which team an alert's ticket goes to, by the conditions of ``ticket-routing-rules.yaml``.

The conditions are a small language: ``FIELD == 'text'`` and ``FIELD contains 'text'`` (literal, with
case), joined by OR and AND (which binds more tightly); ``default`` holds where no other rule does.
Rules overlap, and the reading of that is: all that match add labels, cc and notifications, the first
that assigns does, and a security alert always pages.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from labkit.errors import ManifestError

_COMPARISON = re.compile(r"\s*(\w+)\s*(==|contains)\s*'([^']*)'\s*")
_SOURCE = "ticket-routing-rules.yaml"

Fields = Mapping[str, str]
"""What conditions read of an alert: ``alert_name``, ``severity``, ``component``."""


@dataclass(frozen=True)
class Rule:
    """One rule: alternatives of comparisons (FIELD, operator, text) that must all hold, and its actions."""

    name: str
    alternatives: tuple[tuple[tuple[str, str, str], ...], ...]
    actions: Mapping[str, Any]

    @property
    def default(self) -> bool:
        """Whether the rule holds where no other does."""
        return not self.alternatives

    def matches(self, alert: Fields) -> bool:
        """Whether one of the alternatives holds of the alert."""
        return any(all(_holds(alert, *one) for one in every) for every in self.alternatives)


@dataclass
class Ticket:
    """What the rules that matched make of an alert."""

    rules: list[str] = field(default_factory=list)
    assign_to: str = ""
    incident: bool = False
    """Whether it is an incident; otherwise a ticket."""
    priority: str = ""
    labels: list[str] = field(default_factory=list)
    cc: list[str] = field(default_factory=list)
    notify: list[str] = field(default_factory=list)


def load(text: str) -> list[Rule]:
    """The rules of a file; raises :class:`ManifestError` for a condition that is not of the language."""
    return [_rule(one) for one in yaml.safe_load(text)["rules"]]


def route(rules: Sequence[Rule], alert: Fields) -> Ticket:
    """The ticket of an alert."""
    matching = [rule for rule in rules if rule.matches(alert)] or [rule for rule in rules if rule.default]
    ticket = Ticket()
    for rule in matching:
        ticket.rules.append(rule.name)
        ticket.assign_to = ticket.assign_to or str(rule.actions.get("assign_to", ""))
        ticket.priority = ticket.priority or str(rule.actions.get("priority", ""))
        ticket.incident = ticket.incident or bool(rule.actions.get("create_incident"))
        for name, known in (("labels", ticket.labels), ("cc", ticket.cc), ("notify", ticket.notify)):
            known.extend(one for one in rule.actions.get(name, ()) if one not in known)
    return ticket


def _rule(document: Mapping[str, Any]) -> Rule:
    actions = {name: value for action in document["action"] for name, value in action.items()}
    return Rule(document["name"], _condition(document["condition"]), actions)


def _condition(text: str) -> tuple[tuple[tuple[str, str, str], ...], ...]:
    if text.strip() == "default":
        return ()
    return tuple(tuple(_comparison(one, text) for one in every.split(" AND ")) for every in text.split(" OR "))


def _comparison(text: str, condition: str) -> tuple[str, str, str]:
    found = _COMPARISON.fullmatch(text)
    if found is None:
        raise ManifestError(
            f"{text.strip()!r} is no comparison",
            where=f"{_SOURCE}: {condition}",
            remedy="write FIELD == 'text' or FIELD contains 'text', joined by AND and OR",
        )
    return found[1], found[2], found[3]


def _holds(alert: Fields, name: str, operator: str, text: str) -> bool:
    value = alert.get(name, "")
    return value == text if operator == "==" else text in value
