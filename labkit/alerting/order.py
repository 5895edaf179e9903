"""The order of rules by their dependence on each other: one that reads what another writes comes after it.

A Prometheus evaluates a group's rules as they stand in the file, and groups beside each other, so a
rule there may see what another wrote at the evaluation before. Here every rule sees what the others
write at the same time, wherever they stand; so no two may read each other's results.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labkit.alerting.expression import Expression
from labkit.alerting.failures import RuleFileError
from labkit.signals.labels import NAME
from labkit.signals.matcher import Match, Matcher


@dataclass(frozen=True)
class Node:
    """A rule, as far as order goes: what it reads, and the labels that all its series are known to have."""

    name: str
    where: str
    reads: Expression
    metrics: tuple[str, ...]
    known: Mapping[str, str]

    def may_write(self, matchers: Sequence[Matcher]) -> bool:
        """Whether a series of this rule may match."""
        return any(
            all(
                matcher.accepts(metric if matcher.name == NAME else self.known[matcher.name])
                for matcher in matchers
                if matcher.name == NAME or matcher.name in self.known
            )
            for metric in self.metrics
        )


def writers(nodes: Sequence[Node], matchers: Sequence[Matcher]) -> list[int]:
    """The rules of which a series may match, by their places."""
    exact = next((one.value for one in matchers if one.name == NAME and one.op is Match.EQUAL), None)
    return [
        place
        for place, node in enumerate(nodes)
        if (exact is None or exact in node.metrics) and node.may_write(matchers)
    ]


def needs(nodes: Sequence[Node]) -> list[tuple[int, ...]]:
    """By rule: the rules whose results it reads, directly or through others, in an order that can be followed.

    Raises :class:`RuleFileError` if rules read each other's results in a circle.
    """
    direct = [tuple(sorted({one for asked in node.reads.selectors for one in writers(nodes, asked)})) for node in nodes]
    ordered: dict[int, tuple[int, ...]] = {}
    for index in range(len(nodes)):
        _follow(index, direct, ordered, [], nodes)
    return [ordered[index] for index in range(len(nodes))]


def _follow(
    index: int, direct: Sequence[tuple[int, ...]], ordered: dict[int, tuple[int, ...]], path: list[int],
    nodes: Sequence[Node],
) -> tuple[int, ...]:  # fmt: skip
    if index in ordered:
        return ordered[index]
    if index in path:
        circle = [*path[path.index(index) :], index]
        raise RuleFileError(
            "rules read each other's results: " + " → ".join(nodes[one].name for one in circle),
            where=nodes[index].where,
            remedy="let one of them read the series that are scraped",
        )
    found: dict[int, None] = {}
    for other in direct[index]:
        found.update(dict.fromkeys(_follow(other, direct, ordered, [*path, index], nodes)))
        found[other] = None
    ordered[index] = tuple(found)
    return ordered[index]
