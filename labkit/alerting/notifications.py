"""Notifications: what would have been sent, to whom and when; and the log by which repeats are left out."""

from collections.abc import Sequence
from dataclasses import dataclass

from labkit.alerting.held import HeldAlert
from labkit.alerting.receivers import Integration
from labkit.clock import Millis
from labkit.signals.labels import Labels


@dataclass(frozen=True)
class Notified:
    """One alert of a notification, as it was then."""

    labels: Labels
    annotations: tuple[tuple[str, str], ...]
    status: str
    starts: Millis
    ends: Millis | None


@dataclass(frozen=True)
class Notification:
    """Something that a receiver was told at ``time``. ``integration`` is one of its ways, like ``webhook[0]``.

    ``reason`` is ``new`` (something fires that was not told before), ``resolved`` or ``repeat``.
    """

    time: Millis
    receiver: str
    integration: str
    group_key: str
    group_labels: Labels
    status: str
    reason: str
    alerts: tuple[Notified, ...]


@dataclass(frozen=True)
class _Entry:
    time: Millis
    firing: frozenset[Labels]
    resolved: frozenset[Labels]
    expires: Millis


class NotificationLog:
    """What each integration was last told of each group (upstream ``nflog`` and ``notify.DedupStage``)."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str, str], _Entry] = {}

    def told(
        self, one: Integration, key: str, alerts: Sequence[HeldAlert], time: Millis, repeat: Millis
    ) -> tuple[str, list[HeldAlert]] | None:
        """Why and of which alerts the integration is told; ``None`` where it need not be."""
        firing = frozenset(alert.labels for alert in alerts if not alert.resolved(time))
        resolved = frozenset(alert.labels for alert in alerts if alert.resolved(time))
        place = (key, one.receiver, str(one))
        entry = self._entries.get(place)
        if entry is not None and entry.expires <= time:
            entry = None
        reason = _reason(entry, firing, resolved, time - repeat, send_resolved=one.send_resolved)
        if not reason:
            return None
        self._entries[place] = _Entry(time, firing, resolved, time + 2 * repeat)
        sent = [alert for alert in alerts if one.send_resolved or not alert.resolved(time)]
        return (reason, sent) if sent else None


def _reason(
    entry: _Entry | None, firing: frozenset[Labels], resolved: frozenset[Labels], due: Millis, *, send_resolved: bool
) -> str:
    if entry is None:
        return "new" if firing else ""
    if not firing <= entry.firing:
        return "new"
    if not firing:
        return "resolved" if entry.firing else ""
    if send_resolved and not resolved <= entry.resolved:
        return "resolved"
    return "repeat" if entry.time < due else ""
