"""Alerts of a rule, and how they go from pending to firing to resolved.

The rules are those of upstream's ``rules/alerting.go`` (3.5): an alert is pending from the first
evaluation that gives its series, firing from the one at which it has been so ``for`` long, and
resolved at the first that does not give it any more and at which ``keep_firing_for`` has passed.
"""

import bisect
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from labkit.alerting.evaluation import Flags, Floats, Outcome, Times
from labkit.clock import Millis
from labkit.signals.labels import Labels


@dataclass
class Alert:
    """One alert from its first evaluation to its end. ``origin`` are the labels of the series that raised it."""

    labels: Labels
    origin: Labels
    active_at: Millis
    fired_at: Millis | None = None
    resolved_at: Millis | None = None
    keep_since: Millis | None = None
    _values: list[tuple[Times, Floats]] = field(default_factory=list)

    @property
    def state(self) -> str:
        """``pending``, ``firing`` or ``inactive``."""
        if self.resolved_at is not None:
            return "inactive"
        return "pending" if self.fired_at is None else "firing"

    def seen(self, times: Times, values: Floats) -> None:
        """Note the values at further evaluations."""
        self._values.append((times, values))

    def value(self, time: Millis | None = None) -> tuple[Millis, float]:
        """The newest value of its series, or the newest at ``time``, and when it was seen."""
        place = len(self._values)
        if time is not None:
            place = max(1, bisect.bisect_right(self._values, time, key=lambda one: int(one[0][0])))
        times, values = self._values[place - 1]
        at = len(times) if time is None else max(1, int(times.searchsorted(time, side="right")))
        return int(times[at - 1]), float(values[at - 1])


class Transition(NamedTuple):
    """An alert begins to fire, or is resolved."""

    time: Millis
    alert: Alert
    firing: bool


@dataclass
class States:
    """What became of one alert's series over some times: (times,) each; ``since`` is when it became active, in seconds."""

    pending: Flags
    firing: Flags
    since: Floats


class AlertMachine:
    """The alerts of one rule that are active, and the step from one stretch of evaluations to the next."""

    def __init__(self, hold: Millis, keep: Millis) -> None:
        self.active: dict[Labels, Alert] = {}
        self._hold = hold
        self._keep = keep

    def follow(self, outcome: Outcome, origins: dict[Labels, Labels]) -> tuple[dict[Labels, States], list[Transition]]:
        """Go through further evaluations; ``origins`` gives the series' own labels by those of the alert."""
        states: dict[Labels, States] = {}
        transitions: list[Transition] = []
        rows = {labels: row for row, labels in enumerate(outcome.labels)}
        nowhere = np.zeros(len(outcome.times), bool)
        for labels in sorted(rows.keys() | self.active.keys()):
            row = rows.get(labels)
            present = nowhere if row is None else outcome.present[row]
            values = np.zeros(0) if row is None else outcome.values[row]
            walk = _Walk(self, labels, origins.get(labels, labels), outcome.times)
            states[labels] = walk.along(present, values)
            transitions += walk.transitions
        return states, sorted(transitions, key=lambda one: (one.time, one.alert.labels))

    @property
    def hold(self) -> Millis:
        """How long an alert is pending."""
        return self._hold

    @property
    def keep(self) -> Millis:
        """How long an alert goes on to fire without its series."""
        return self._keep


class _Walk:
    """One alert's way through evaluations, run by run: where its series is, and where it is not."""

    def __init__(self, machine: AlertMachine, labels: Labels, origin: Labels, times: Times) -> None:
        self._machine = machine
        self._labels = labels
        self._origin = origin
        self._times = times
        self.transitions: list[Transition] = []
        number = len(times)
        self._states = States(np.zeros(number, bool), np.zeros(number, bool), np.zeros(number))

    def along(self, present: Flags, values: Floats) -> States:
        """Go through all runs."""
        turns = np.flatnonzero(present[1:] != present[:-1]) + 1
        bounds = [0, *turns.tolist(), len(present)]
        for begin, end in pairwise(bounds):
            if begin == end:
                continue
            if present[begin]:
                self._given(begin, end, values)
            else:
                self._missing(begin, end)
        return self._states

    def _given(self, begin: int, end: int, values: Floats) -> None:
        times, active = self._times, self._machine.active
        alert = active.get(self._labels)
        if alert is None:
            alert = active[self._labels] = Alert(self._labels, self._origin, int(times[begin]))
        alert.keep_since = None
        alert.seen(times[begin:end], values[begin:end].copy())  # a view would keep all series
        fires = begin
        if alert.fired_at is None:
            fires += int(times[begin:end].searchsorted(alert.active_at + self._machine.hold))
            if fires < end:
                alert.fired_at = int(times[fires])
                self.transitions.append(Transition(alert.fired_at, alert, firing=True))
        self._states.pending[begin:fires] = True
        self._states.firing[fires:end] = True
        self._states.since[begin:end] = alert.active_at // 1000

    def _missing(self, begin: int, end: int) -> None:
        times, active = self._times, self._machine.active
        alert = active.get(self._labels)
        if alert is None:
            return
        ends = begin
        if alert.fired_at is not None and self._machine.keep:
            alert.keep_since = alert.keep_since if alert.keep_since is not None else int(times[begin])
            ends += int(times[begin:end].searchsorted(alert.keep_since + self._machine.keep))
        self._states.firing[begin:ends] = True
        self._states.since[begin:ends] = alert.active_at // 1000
        if ends == end:
            return
        del active[self._labels]
        if alert.fired_at is not None:
            alert.resolved_at = int(times[ends])
            self.transitions.append(Transition(alert.resolved_at, alert, firing=False))
