"""Dispatch: alerts come into groups, groups are told when their time has come (upstream ``dispatch/dispatch.go``)."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from labkit.alerting.held import HeldAlert
from labkit.alerting.routing import Route
from labkit.clock import SECOND, Millis
from labkit.signals.labels import Labels

_SWEEP: Millis = 30 * SECOND
"""How often groups without alerts are swept away."""

Deliver = Callable[[Millis, "Group", list[HeldAlert]], None]
"""Told of a group that is due: the time, the group and its alerts by labels."""


@dataclass
class Group:
    """The alerts of one route that have the same grouping labels. ``next`` is when they are told."""

    route: Route
    labels: Labels
    next: Millis
    flushed: bool = False
    emptied: Millis | None = None
    alerts: dict[Labels, HeldAlert] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Upstream's name of the group."""
        inner = ", ".join(f'{name}="{value}"' for name, value in self.labels)
        return f"{self.route.key}:{{{inner}}}"

    def swept(self, time: Millis, origin: Millis) -> bool:
        """Whether it was empty when the groups were last swept."""
        return self.emptied is not None and (time - origin) // _SWEEP > (self.emptied - origin) // _SWEEP


class Dispatcher:
    """Groups of alerts, and when each is due. ``origin`` is the time from which sweeps are counted."""

    def __init__(self, root: Route, origin: Millis, deliver: Deliver) -> None:
        self._root = root
        self._origin = origin
        self._deliver = deliver
        self._groups: dict[tuple[int, Labels], Group] = {}
        self._due: list[tuple[Millis, int, Labels]] = []

    def insert(self, time: Millis, alert: HeldAlert) -> None:
        """An alert comes in, or comes in again."""
        for route in self._root.match(alert.labels):
            labels = route.group(alert.labels)
            group = self._groups.get((route.number, labels))
            if group is None or group.swept(time, self._origin):
                group = self._groups[route.number, labels] = Group(route, labels, time + route.wait)
                self._schedule(group)
            group.alerts[alert.labels] = alert
            group.emptied = None
            if not group.flushed and alert.starts + route.wait < time < group.next:
                group.next = time  # its wait is already over
                self._schedule(group)

    def next(self) -> Millis | None:
        """When the next group is due."""
        while self._due and not self._current(self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def flush(self) -> None:
        """Tell the group that is due next."""
        time, number, labels = heapq.heappop(self._due)
        group = self._groups[number, labels]
        if not group.alerts and group.swept(time, self._origin):
            del self._groups[number, labels]
            return
        group.flushed = True
        group.next = time + group.route.interval
        self._schedule(group)
        if group.alerts:
            self._deliver(time, group, [group.alerts[one] for one in sorted(group.alerts)])
            group.alerts = {one: alert for one, alert in group.alerts.items() if not alert.resolved(time)}
            group.emptied = None if group.alerts else time

    def groups(self) -> Iterator[Group]:
        """The groups there are."""
        yield from self._groups.values()

    def _schedule(self, group: Group) -> None:
        heapq.heappush(self._due, (group.next, group.route.number, group.labels))

    def _current(self, due: tuple[Millis, int, Labels]) -> bool:
        """Whether an appointment still holds."""
        group = self._groups.get(due[1:])
        return group is not None and group.next == due[0]
