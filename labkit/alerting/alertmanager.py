"""An Alertmanager in virtual time: alerts in, notifications as data out, silences and inhibition between.

Like the rules it catches up when somebody asks. Things of one time happen in this order: alerts come
from the rules, groups that are due are told, then what was done through the API. So it makes no
difference when and how often somebody asks.
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass

import msgspec

from labkit.alerting.alerts import Transition
from labkit.alerting.config import Config
from labkit.alerting.dispatch import Dispatcher, Group
from labkit.alerting.held import HeldAlert, merged
from labkit.alerting.inhibition import Inhibitor
from labkit.alerting.intervals import within
from labkit.alerting.notifications import Notification, NotificationLog, Notified
from labkit.alerting.posted import PostedAlert, held
from labkit.alerting.receivers import Integration
from labkit.alerting.routing import Route, tree
from labkit.alerting.ruler import Ruler
from labkit.alerting.running import AlertingRule
from labkit.alerting.silences import Silence, Silences
from labkit.alerting.templates import table_link
from labkit.clock import MINUTE, Millis
from labkit.signals.labels import Labels

RESEND: Millis = MINUTE
"""How often Prometheus repeats a firing alert (``--rules.alert.resend-delay``)."""

_KEPT: Millis = 30 * MINUTE
"""How long a resolved alert is remembered (``--alerts.gc-interval``)."""


@dataclass(frozen=True)
class Status:
    """Whether an alert is told: the ids of the silences and the labels of the alerts that keep it from it."""

    silenced_by: list[str]
    inhibited_by: list[Labels]
    muted_by: list[str]

    @property
    def state(self) -> str:
        """``active`` or ``suppressed``."""
        return "suppressed" if self.silenced_by or self.inhibited_by or self.muted_by else "active"


class Alertmanager:
    """The alerts of ``ruler`` and of the API, routed by ``config``; ``seed`` makes the silences' ids."""

    def __init__(self, config: Config, ruler: Ruler, seed: int, start: Millis) -> None:
        self.config = config
        self.root: Route = tree(config.tree)
        self.silences = Silences(seed)
        self.notifications: list[Notification] = []
        self._ruler = ruler
        self._inhibitor = Inhibitor(config.inhibit_rules)
        self._intervals = {one.name: within(one.time_intervals) for _, one in config.intervals()}
        self._integrations = {one.name: list(one.integrations()) for one in config.receivers}
        self._log = NotificationLog()
        self._dispatcher = Dispatcher(self.root, start, self._deliver)
        self._known: dict[Labels, HeldAlert] = {}
        self._posted: list[tuple[Millis, HeldAlert]] = []
        self._taken = 0
        self._listeners: list[Callable[[Notification], None]] = []

    # ── what is done through the API ──────────────────────────────────────────────────────────

    def put_silence(self, wanted: Silence, now: Millis) -> Silence:
        """Make or change a silence; raises :class:`~labkit.alerting.silences.SilenceError`."""
        return self.silences.put(wanted, now)

    def expire_silence(self, id: str, now: Millis) -> None:
        """End a silence; raises :class:`~labkit.alerting.silences.SilenceError`."""
        self.silences.expire(id, now)

    def post(self, alerts: Sequence[PostedAlert], now: Millis) -> list[str]:
        """Take alerts; gives upstream's complaints about those that are none, the others are taken."""
        problems = []
        for alert in alerts:
            taken = held(alert, now, int(self.config.settings.resolve_timeout))
            if isinstance(taken, str):
                problems.append(taken)
            else:
                self._posted.append((now, taken))
        return problems

    def subscribe(self, listener: Callable[[Notification], None]) -> None:
        """Be told of every further notification, in the order of their times, whenever they are caught up with."""
        self._listeners.append(listener)

    def digest(self) -> bytes:
        """A hash of what was done to it; all else follows from that and from the series."""
        if not self._posted and not self.silences.changed:
            return b""
        posted = [(time, alert.labels, alert.starts, alert.ends) for time, alert in self._posted]
        return self.silences.digest() + msgspec.json.encode(posted)

    # ── what is asked through the API ─────────────────────────────────────────────────────────

    def alerts(self, now: Millis) -> list[HeldAlert]:
        """The alerts that are not over, by labels, with the times that are shown."""
        with self._ruler.lock:
            self.catch_up()
            known = dict(self._known)
            for _, alert in self._posted[self._taken :]:
                known[alert.labels] = merged(known[alert.labels], alert) if alert.labels in known else alert
            shown = [known[labels].at(now) for labels in sorted(known)]
            return [alert for alert in shown if alert.ends is None or alert.ends >= now]

    def status(self, labels: Labels, alerts: Sequence[HeldAlert], now: Millis) -> Status:
        """Whether an alert of ``labels`` is told, given all ``alerts``."""
        return Status(self.silences.of(labels, now), self._inhibitor.sources(labels, alerts, now), [])

    def muted(self, route: Route, now: Millis) -> list[str]:
        """The time intervals by which a route is silent now."""
        muted = [name for name in route.muted if self._intervals[name](now)]
        if route.active and not any(self._intervals[name](now) for name in route.active):
            muted += route.active
        return muted

    def annotations(self, alert: HeldAlert, now: Millis) -> Mapping[str, str]:
        """An alert's annotations."""
        with self._ruler.lock:
            return alert.annotations(now)

    # ── catching up ───────────────────────────────────────────────────────────────────────────

    def catch_up(self) -> Millis:
        """Live through what has come due; up to when."""
        with self._ruler.lock:
            return Context().run(self._catch_up)

    def _catch_up(self) -> Millis:
        until = self._ruler.catch_up()
        transitions = self._transitions()
        place = 0
        while True:
            due = self._next(transitions, place)
            if due is None or due[0] > until:
                return until
            time, kind = due
            if kind == 0:
                self._take(time, transitions[place][1])
                place += 1
            elif kind == 1:
                self._dispatcher.flush()
            else:
                self._take(time, self._posted[self._taken][1])
                self._taken += 1

    def _next(self, transitions: Sequence[tuple[Millis, HeldAlert]], place: int) -> tuple[Millis, int] | None:
        """When the next thing happens, and of which kind it is, in the order of one time."""
        coming = [
            (transitions[place][0], 0) if place < len(transitions) else None,
            (flush, 1) if (flush := self._dispatcher.next()) is not None else None,
            (self._posted[self._taken][0], 2) if self._taken < len(self._posted) else None,
        ]
        return min((one for one in coming if one is not None), default=None)

    def _transitions(self) -> list[tuple[Millis, HeldAlert]]:
        """What the rules' alerts have become since this was last asked, in the order of time."""
        found = []
        for number, rule in enumerate(self._ruler.alerting()):
            changes, rule.transitions = rule.transitions, []
            found += [(one.time, number, one.alert.labels, self._held(rule, one)) for one in changes]
        return [(time, alert) for time, _, _, alert in sorted(found, key=lambda one: one[:3])]

    def _held(self, rule: AlertingRule, change: Transition) -> HeldAlert:
        alert, ruler = change.alert, self._ruler
        assert alert.fired_at is not None
        fired, interval = alert.fired_at, rule.place.interval
        period = (RESEND // interval + 1) * interval
        last = change.time if not change.firing else None

        def told(time: Millis) -> tuple[Millis, Millis]:
            sent = fired + (time - fired) // period * period if last is None else last
            return sent, sent + 4 * max(interval, RESEND)

        return HeldAlert(
            labels=Labels({**ruler.external_labels, **dict(alert.labels)}.items()),
            starts=fired,
            ends=last,
            updated=change.time,
            annotations=lambda time: rule.annotations(alert, ruler.source(), told(time)[0]),
            generator=ruler.external_url + table_link(rule.rule.expr),
            told=told,
        )

    def _take(self, time: Millis, alert: HeldAlert) -> None:
        known = self._known.get(alert.labels)
        alert = alert if known is None else merged(known, alert)
        self._known = {
            labels: one for labels, one in self._known.items() if one.ends is None or one.ends + _KEPT > time
        }
        self._known[alert.labels] = alert
        self._dispatcher.insert(time, alert)

    def _deliver(self, time: Millis, group: Group, alerts: list[HeldAlert]) -> None:
        """The pipeline of one group: inhibition, time intervals, silences, then each way of its receiver."""
        told = [one for one in alerts if not self._inhibitor.sources(one.labels, self._known.values(), time)]
        if not told or self.muted(group.route, time):
            return
        told = [one for one in told if not self.silences.of(one.labels, time, before=True)]
        if not told:
            return
        for integration in self._integrations[group.route.receiver]:
            due = self._log.told(integration, group.key, told, time, group.route.repeat)
            if due is not None:
                self._notify(time, group, integration, *due)

    def _notify(
        self, time: Millis, group: Group, integration: Integration, reason: str, alerts: Sequence[HeldAlert]
    ) -> None:
        notified = tuple(_notified(alert, time) for alert in alerts)
        firing = any(one.status == "firing" for one in notified)
        notification = Notification(
            time, group.route.receiver, str(integration), group.key, group.labels, "firing" if firing else "resolved",
            reason, notified,
        )  # fmt: skip
        self.notifications.append(notification)
        for listener in self._listeners:
            listener(notification)


def _notified(alert: HeldAlert, time: Millis) -> Notified:
    over = alert.resolved(time)
    annotations = tuple(sorted(alert.annotations(time).items()))
    return Notified(
        alert.labels, annotations, "resolved" if over else "firing", alert.starts, alert.ends if over else None
    )
