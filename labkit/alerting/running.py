"""Rules at work: each evaluated over the times that have passed, its results written."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labkit.alerting.alerts import Alert, AlertMachine, Transition
from labkit.alerting.evaluation import OPTIONS, Outcome, concatenated, evaluate, regrouped, renamed
from labkit.alerting.expression import expression
from labkit.alerting.order import Node
from labkit.alerting.rule import Group, Rule
from labkit.alerting.templates import Expander, Sample, changing, sample
from labkit.alerting.until import Until
from labkit.alerting.writing import Writer
from labkit.clock import SECOND, Millis
from labkit.promql import Engine, Vector
from labkit.promql.result import Scalar
from labkit.signals.labels import NAME, Labels
from labkit.signals.source import SeriesSource

LONGEST = 2_000
"""Evaluations in one batch."""
ALERTS = "ALERTS"
FOR_STATE = "ALERTS_FOR_STATE"


@dataclass(frozen=True)
class Place:
    """Where a rule stands: its file, its group with the interval and offset that hold for it, and its number there."""

    file: str
    group: Group
    number: int
    interval: Millis
    offset: Millis

    def __str__(self) -> str:
        """For error messages."""
        return f'{self.file}, group "{self.group.name}", rule {self.number + 1}'


class RunningRule(ABC):
    """One rule, evaluated up to some time. ``start`` is the first time at which its group is evaluated."""

    def __init__(self, rule: Rule, place: Place, start: Millis) -> None:
        self.rule = rule
        self.place = place
        self.expression = expression(rule.expr)
        self.labels = {name: value for name, value in {**place.group.labels, **rule.labels}.items() if value}
        self.health = "unknown"
        self.last_error = ""
        self.last_evaluation: Millis | None = None
        self.transitions: list[Transition] = []
        self._set = {**place.group.labels, **rule.labels}
        self._next = start
        self._writer = Writer(place.offset)
        self.store = self._writer.store

    @property
    @abstractmethod
    def node(self) -> Node:
        """What the rule reads and writes."""

    @abstractmethod
    def _take(self, outcome: Outcome, source: SeriesSource) -> Outcome:
        """Make of the expression's values what is written."""

    def catch_up(self, source: SeriesSource, until: Millis) -> None:
        """Evaluate at every time up to ``until`` at which that has not been done."""
        while self._next <= until:
            interval = self.place.interval
            times = np.arange(self._next, until + 1, interval, dtype=np.int64)[:LONGEST]
            self._next = int(times[-1]) + interval
            outcome = evaluate(source, self.expression, times, self.place.offset)
            written = self._take(outcome, source)
            self._writer.write(written)
            self._note(int(times[-1]), written)

    def _note(self, last: Millis, outcome: Outcome) -> None:
        self.last_evaluation = last
        failed = dict(outcome.failures).get(last)
        self.health, self.last_error = ("ok", "") if failed is None else ("err", failed)

    def _within(self, outcome: Outcome) -> Outcome:
        """Without the times at which the group's limit is exceeded."""
        limit = self.place.group.limit
        number = outcome.present.sum(axis=0)
        over = number > limit
        if not limit or not over.any():
            return outcome
        failures = [
            (time, f"exceeded limit of {limit} with {count} series")
            for time, count in zip(outcome.times[over].tolist(), number[over].tolist(), strict=True)
        ]
        return Outcome(
            outcome.times[~over], outcome.labels, outcome.values[:, ~over], outcome.present[:, ~over],
            tuple(sorted([*outcome.failures, *failures])),
        )  # fmt: skip


class RecordingRule(RunningRule):
    """A rule that records the values of its expression under a name."""

    @property
    def node(self) -> Node:
        """What the rule reads and writes."""
        return Node(self.rule.record, str(self.place), self.expression, (self.rule.record,), self._set)

    def _take(self, outcome: Outcome, source: SeriesSource) -> Outcome:
        duplicate = "vector contains metrics with the same labelset after applying rule labels"
        own = {NAME: self.rule.record, **self._set}
        return self._within(renamed(outcome, lambda labels: Labels({**dict(labels), **own}.items()), duplicate))


class AlertingRule(RunningRule):
    """A rule that raises an alert for every series of its expression."""

    def __init__(self, rule: Rule, place: Place, start: Millis, expander: Expander) -> None:
        super().__init__(rule, place, start)
        self.machine = AlertMachine(rule.hold, rule.keep_firing_for)
        self._expander = expander
        self._changing = any(map(changing, self._set.values()))

    @property
    def node(self) -> Node:
        """What the rule reads and writes: ``ALERTS`` of its name."""
        known = {name: text for name, text in self._set.items() if "{{" not in text} | {"alertname": self.rule.alert}
        return Node(self.rule.alert, str(self.place), self.expression, (ALERTS, FOR_STATE), known)

    @property
    def state(self) -> str:
        """The worst state of its alerts."""
        states = {alert.state for alert in self.machine.active.values()}
        return next((state for state in ("firing", "pending") if state in states), "inactive")

    def annotations(self, alert: Alert, source: SeriesSource, time: Millis | None = None) -> dict[str, str]:
        """An alert's annotations as they were expanded at its last evaluation (at the last up to ``time``)."""
        at, value = alert.value(time)
        query = self._query(source, at)
        return {
            name: self._expander.expand(text, alert.origin, value, query, at / SECOND)
            for name, text in sorted(self.rule.annotations.items())
        }

    def _take(self, outcome: Outcome, source: SeriesSource) -> Outcome:
        named, origins = self._named(outcome, source)
        parts = [named]
        if self.place.group.limit:
            parts = [named.part(place, place + 1) for place in range(len(named.times))]
        written = [self._follow(part, origins) for part in parts if len(part.times)]
        failures = [*named.failures, *(one for part in written for one in part.failures)]
        return _chained(written, tuple(sorted(failures)))

    def _follow(self, outcome: Outcome, origins: Mapping[Labels, Labels]) -> Outcome:
        """Take the alerts through some evaluations; ``ALERTS`` and ``ALERTS_FOR_STATE`` of them."""
        states, transitions = self.machine.follow(outcome, dict(origins))
        active = sum(int((one.pending | one.firing)[-1]) for one in states.values())
        limit = self.place.group.limit
        if limit and active > limit:
            self._forget(int(outcome.times[-1]))
            what = f"exceeded limit of {limit} with {active} alerts"
            return Outcome(
                outcome.times[:0], [], np.zeros((0, 0)), np.zeros((0, 0), bool), ((int(outcome.times[-1]), what),)
            )
        self.transitions += transitions
        rows = [
            (Labels((*labels, (NAME, ALERTS), ("alertstate", state))), flags, np.ones(len(flags)))
            for labels, one in states.items()
            for state, flags in (("pending", one.pending), ("firing", one.firing))
        ]
        rows += [
            (Labels((*labels, (NAME, FOR_STATE))), one.pending | one.firing, one.since)
            for labels, one in states.items()
        ]
        shape = (len(rows), len(outcome.times))
        values = np.array([values for _, _, values in rows]).reshape(shape)
        return Outcome(
            outcome.times, [row[0] for row in rows], values, np.array([row[1] for row in rows], bool).reshape(shape)
        )

    def _forget(self, time: Millis) -> None:
        """Beyond the limit all alerts are dropped; what fired is resolved as far as anybody is told."""
        for alert in self.machine.active.values():
            if alert.fired_at is not None and alert.fired_at < time:
                alert.resolved_at = time
                self.transitions.append(Transition(time, alert, firing=False))
        self.machine.active.clear()

    # ── labels ────────────────────────────────────────────────────────────────────────────────

    def _named(self, outcome: Outcome, source: SeriesSource) -> tuple[Outcome, dict[Labels, Labels]]:
        """The outcome under the alerts' labels, and the series' own labels by these."""
        duplicate = "vector contains metrics with the same labelset after applying alert labels"
        names: list[Labels] = []
        origins: list[Labels] = []
        if self._changing:
            outcome, names, origins = self._by_cell(outcome, source)
        else:
            origins = list(outcome.labels)
            names = [self._alert_labels(labels, 0.0, _nothing, 0.0) for labels in origins]
        known = dict(zip(reversed(names), reversed(origins), strict=True))
        return regrouped(outcome, names, duplicate), known

    def _by_cell(self, outcome: Outcome, source: SeriesSource) -> tuple[Outcome, list[Labels], list[Labels]]:
        """Where labels depend on the value, a series is cut into one row for each labels it has at some time."""
        rows: dict[tuple[int, Labels], list[int]] = {}
        for row, place in np.argwhere(outcome.present).tolist():
            time = int(outcome.times[place])
            labels = self._alert_labels(
                outcome.labels[row], float(outcome.values[row, place]), self._query(source, time), time / SECOND
            )
            rows.setdefault((row, labels), []).append(place)
        shape = (len(rows), len(outcome.times))
        present = np.zeros(shape, bool)
        for index, places in enumerate(rows.values()):
            present[index, places] = True
        source_rows = [row for row, _ in rows]
        values = outcome.values[source_rows].reshape(shape)
        cut = Outcome(outcome.times, [outcome.labels[row] for row in source_rows], values, present, outcome.failures)
        return cut, [labels for _, labels in rows], [outcome.labels[row] for row in source_rows]

    def _alert_labels(self, origin: Labels, value: float, query: Callable[[str], list[Sample]], now: float) -> Labels:
        own = {name: self._expander.expand(text, origin, value, query, now) for name, text in self._set.items()}
        return Labels({**dict(origin.without((NAME,))), **own, "alertname": self.rule.alert}.items())

    def _query(self, source: SeriesSource, time: Millis) -> Callable[[str], list[Sample]]:
        """What templates may ask: the series as they were at ``time``."""
        return lambda text: _samples(Engine(Until(source, time), OPTIONS), text, time)


def _nothing(_: str) -> list[Sample]:
    return []


def _samples(engine: Engine, text: str, time: Millis) -> list[Sample]:
    found = engine.instant(text, time)
    if isinstance(found, Scalar):
        return [sample(Labels(), found.value)]
    if not isinstance(found, Vector):
        raise TypeError("query result is not a vector or scalar")
    return [sample(labels, value) for labels, value in zip(found.labels, found.values.tolist(), strict=True)]


def _chained(parts: Sequence[Outcome], failures: tuple[tuple[Millis, str], ...]) -> Outcome:
    joined = concatenated(parts) if len(parts) != 1 else parts[0]
    return Outcome(joined.times, joined.labels, joined.values, joined.present, failures)
