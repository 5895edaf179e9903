"""Aggregation over the series of an instant vector.

Rules: https://prometheus.io/docs/prometheus/latest/querying/operators/#aggregation-operators and
upstream ``engine.go`` (``aggregation``, ``aggregationK``, ``aggregationCountValues``).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import promql_parser as ast

from labkit.promql import choice
from labkit.promql.failures import ExecutionError, unsupported
from labkit.promql.kahan import Sum, summed
from labkit.promql.limits import limited, timely
from labkit.promql.numbers import formatted
from labkit.promql.quantiles import quantile
from labkit.promql.values import Flags, Floats, Lines, Numbers, Text, Value, nothing
from labkit.signals.labels import NAME, Labels

_SCALE = 2.0**-64


@dataclass(frozen=True)
class Groups:
    """Which series of a vector belong together: ``rows[g]`` are those of ``labels[g]``."""

    labels: list[Labels]
    rows: list[list[int]]
    lines: Lines

    @property
    def shape(self) -> tuple[int, int]:
        """Groups and steps."""
        return len(self.labels), self.lines.values.shape[1]

    @property
    def present(self) -> Flags:
        """Where a group has a series, of shape (groups, steps)."""
        found = np.zeros(self.shape, bool)
        for group, rows in enumerate(self.rows):
            found[group] = self.lines.present[rows].any(axis=0)
        return found

    def ranks(self) -> Iterator[tuple[Floats, Flags]]:
        """The first series of every group, then the second, …: values and presence, (groups, steps) each."""
        for rank in range(max(map(len, self.rows), default=0)):
            timely()
            index = np.array([rows[min(rank, len(rows) - 1)] for rows in self.rows])
            has = np.array([rank < len(rows) for rows in self.rows])
            yield self.lines.values[index], self.lines.present[index] & has[:, None]


def aggregate(node: ast.AggregateExpr, lines: Lines, parameter: Value | None) -> Lines:
    """The value of an aggregation over ``lines``."""
    key = grouping(node.modifier)
    name = str(node.op)
    if name in choice.KINDS:
        return choice.chosen(name, lines, list(_grouped(lines, key).values()), _numbers(parameter))
    if name == "count_values":
        return _count_values(lines, key, _text(parameter))
    groups = _groups(lines, key)
    limited(groups.shape[0] * groups.shape[1])
    with np.errstate(all="ignore"):
        if name == "quantile":
            values = _quantiles(groups, _numbers(parameter))
        elif name in _REDUCERS:
            values = _REDUCERS[name](groups)
        else:
            raise unsupported(f"the aggregation {name}")
    dropped = lines.flags()[[rows[0] for rows in groups.rows]] if groups.rows else None
    return Lines(groups.labels, values, groups.present, dropped)


def grouping(modifier: ast.AggModifier | None) -> Callable[[Labels], Labels]:
    """What of a series' labels its group keeps."""
    if modifier is None:
        return lambda _: Labels()
    names = frozenset(modifier.labels)
    if modifier.type == ast.AggModifierType.By:
        return lambda labels: labels.only(names)
    return lambda labels: labels.without(names | {NAME})


def _groups(lines: Lines, key: Callable[[Labels], Labels]) -> Groups:
    members = _grouped(lines, key)
    return Groups(list(members), list(members.values()), lines)


def _grouped(lines: Lines, key: Callable[[Labels], Labels]) -> dict[Labels, list[int]]:
    """The rows of every group."""
    members: dict[Labels, list[int]] = {}
    for row, labels in enumerate(lines.labels):
        members.setdefault(key(labels), []).append(row)
    return members


def _numbers(value: Value | None) -> Floats:
    if not isinstance(value, Numbers):
        raise ExecutionError("expected type scalar in aggregation parameter")
    return value.values


def _text(value: Value | None) -> str:
    if not isinstance(value, Text):
        raise ExecutionError("expected type string in aggregation parameter")
    if not value.value or not value.utf8:  # Prometheus 3 takes any other text for a label's name
        raise ExecutionError(f'invalid label name "{value.value}"')
    return value.value


def _sum(groups: Groups, scale: float = 1.0) -> Floats:
    if groups.shape[1] == 1:
        values, present = groups.lines.values[:, 0] * scale, groups.lines.present[:, 0]
        return np.array([[summed(values[rows][present[rows]].tolist())] for rows in groups.rows]).reshape(-1, 1)
    total = Sum(groups.shape)
    for values, there in groups.ranks():
        total.add(values * scale, there)
    return total.value


def _count(groups: Groups) -> Floats:
    number = np.zeros(groups.shape)
    for group, rows in enumerate(groups.rows):
        number[group] = groups.lines.present[rows].sum(axis=0)
    return number


def _mean(groups: Groups) -> Floats:
    total, number = _sum(groups), _count(groups)
    mean: Floats = total / number
    if np.isinf(total).any():  # scaled by a power of two nothing is rounded, and only what is infinite overflows
        mean = np.where(np.isinf(total), _sum(groups, _SCALE) / number / _SCALE, mean)
    return mean


def _variance(groups: Groups) -> Floats:
    """The population variance (Welford's, begun with the first value as upstream does; infinities make it NaN)."""
    number, mean, squares = np.zeros(groups.shape), np.zeros(groups.shape), np.zeros(groups.shape)
    for values, there in groups.ranks():
        number += there
        deviation = values - mean
        moved = mean + deviation / number
        grown = np.where(number == 1, values * 0.0, squares + deviation * (values - moved))
        np.copyto(mean, np.where(number == 1, values, moved), where=there)
        np.copyto(squares, grown, where=there)
    variance: Floats = squares / number
    return variance


def _extreme(groups: Groups, better: Callable[[Floats, Floats], Flags]) -> Floats:
    best = np.full(groups.shape, np.nan)
    for values, there in groups.ranks():
        np.copyto(best, values, where=there & (better(values, best) | np.isnan(best)))
    return best


def _quantiles(groups: Groups, levels: Floats) -> Floats:
    result = np.full(groups.shape, np.nan)
    for group, rows in enumerate(groups.rows):
        values, present = groups.lines.values[rows], groups.lines.present[rows]
        timely()
        for step, level in enumerate(levels):
            seen = values[present[:, step], step]
            result[group, step] = quantile(level, seen[None, :])[0]
    return result


_REDUCERS: dict[str, Callable[[Groups], Floats]] = {
    "sum": _sum,
    "count": _count,
    "group": lambda groups: np.ones(groups.shape),
    "avg": _mean,
    "min": lambda groups: _extreme(groups, np.less),
    "max": lambda groups: _extreme(groups, np.greater),
    "stdvar": _variance,
    "stddev": lambda groups: np.sqrt(_variance(groups)),
}


def _count_values(lines: Lines, key: Callable[[Labels], Labels], label: str) -> Lines:
    """How many series have each value, which becomes a label."""
    steps = lines.values.shape[1]
    counts: dict[Labels, Floats] = {}
    for group, rows in _grouped(lines, key).items():
        index, step = np.nonzero(lines.present[rows])
        found, which = np.unique(lines.values[rows][index, step], return_inverse=True)
        timely()
        limited((len(counts) + len(found)) * steps)
        number = np.zeros((len(found), steps))
        np.add.at(number, (which.ravel(), step), 1.0)
        for value, row in zip(found.tolist(), number, strict=True):
            labels = Labels([*group, (label, formatted(value))])
            counts[labels] = counts[labels] + row if labels in counts else row
    if not counts:
        return nothing(steps)
    values = np.stack(list(counts.values()))
    return Lines(list(counts), values, values > 0)
