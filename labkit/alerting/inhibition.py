"""Inhibition: alerts that are not told because another says why (upstream ``inhibit/inhibit.go``)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labkit.alerting.config import InhibitConfig
from labkit.alerting.held import HeldAlert
from labkit.clock import Millis
from labkit.signals.labels import Labels
from labkit.signals.matcher import Matcher


@dataclass(frozen=True)
class Inhibition:
    """One rule."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]

    def inhibits(self, held: HeldAlert, labels: Labels, time: Millis) -> bool:
        """Whether ``held`` inhibits an alert of ``labels``, which is a target.

        An alert that is both source and target is not inhibited by another that is both.
        """
        return (
            not held.resolved(time)
            and _match(self.source, held.labels)
            and all(held.labels.get(name) == labels.get(name) for name in self.equal)
            and not (_match(self.source, labels) and _match(self.target, held.labels))
        )


class Inhibitor:
    """All rules of a configuration."""

    def __init__(self, configs: Sequence[InhibitConfig]) -> None:
        self._rules = [Inhibition(one.source.parsed(), one.target.parsed(), one.equal) for one in configs]

    def sources(self, labels: Labels, held: Iterable[HeldAlert], time: Millis) -> list[Labels]:
        """The labels of the alerts that inhibit one of ``labels``, one a rule, by labels the first."""
        known = sorted(held, key=lambda one: one.labels)
        found: dict[Labels, None] = {}
        for rule in self._rules:
            if _match(rule.target, labels):
                source = next((one.labels for one in known if rule.inhibits(one, labels, time)), None)
                if source is not None:
                    found[source] = None
        return list(found)


def _match(matchers: Sequence[Matcher], labels: Labels) -> bool:
    return all(one.matches(labels) for one in matchers)
