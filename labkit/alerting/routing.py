"""The routing tree: which receivers an alert is for, and how it is grouped (upstream ``dispatch/route.go``)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from labkit.alerting.config import RouteConfig
from labkit.alerting.matchers import written
from labkit.clock import HOUR, MINUTE, SECOND, Millis
from labkit.signals.labels import Labels
from labkit.signals.matcher import Matcher

_WAIT: Millis = 30 * SECOND
_INTERVAL: Millis = 5 * MINUTE
_REPEAT: Millis = 4 * HOUR


@dataclass(frozen=True)
class Route:
    """A node with all that it inherits. ``number`` is its place in a walk of the tree; ``key`` is upstream's.

    ``group_by`` is ``None`` where every label groups.
    """

    number: int
    key: str
    receiver: str
    group_by: frozenset[str] | None
    wait: Millis
    interval: Millis
    repeat: Millis
    muted: tuple[str, ...]
    active: tuple[str, ...]
    matchers: tuple[Matcher, ...]
    on: bool
    routes: "list[Route]" = field(default_factory=list)

    def match(self, labels: Labels) -> "list[Route]":
        """The nodes that an alert comes to: the deepest that match, the first of siblings unless it says continue."""
        if not all(one.matches(labels) for one in self.matchers):
            return []
        found: list[Route] = []
        for child in self.routes:
            matched = child.match(labels)
            found += matched
            if matched and not child.on:
                break
        return found or [self]

    def group(self, labels: Labels) -> Labels:
        """The labels that an alert's group has in common."""
        return labels if self.group_by is None else labels.only(self.group_by)

    def walk(self) -> "Iterator[Route]":
        """This node and all below it."""
        yield self
        for child in self.routes:
            yield from child.walk()


def tree(config: RouteConfig) -> Route:
    """The tree that a configuration means."""
    root = Route(0, "", "", frozenset(), _WAIT, _INTERVAL, _REPEAT, (), (), (), on=False)
    return _node(config, root, [0])


def _node(config: RouteConfig, parent: Route, count: list[int]) -> Route:
    matchers = config.selection.parsed()
    own = "{" + ",".join(map(written, matchers)) + "}"
    node = Route(
        number=count[0],
        key=f"{parent.key}/{own}" if parent.key else own,
        receiver=config.receiver or parent.receiver,
        group_by=parent.group_by if config.group_by is None else _grouping(config.group_by),
        wait=parent.wait if config.group_wait is None else int(config.group_wait),
        interval=parent.interval if config.group_interval is None else int(config.group_interval),
        repeat=parent.repeat if config.repeat_interval is None else int(config.repeat_interval),
        muted=config.mute_time_intervals,
        active=config.active_time_intervals,
        matchers=matchers,
        on=config.on,
    )
    count[0] += 1
    node.routes.extend(_node(child, node, count) for child in config.routes)
    return node


def _grouping(names: Sequence[str]) -> frozenset[str] | None:
    return None if "..." in names else frozenset(names)
