"""Functions that put an instant query's series in order; a range query's answer is sorted by labels whatever they do."""

import re
from functools import cmp_to_key

import numpy as np

from labkit.promql.values import Lines, Text
from labkit.signals.labels import Labels

_PIECES = re.compile(r"\d+|\D+")


def by_value(lines: Lines, *, descending: bool) -> Lines:
    """By value, NaN last."""
    if lines.values.shape[1] != 1:
        return lines
    values = lines.values[:, 0]
    return lines.rows(np.argsort(-values if descending else values, kind="stable"))


def by_label(lines: Lines, *names: Text, descending: bool) -> Lines:
    """By the values of the labels named, one after the other, numbers within them as numbers; then by all labels."""
    if lines.values.shape[1] != 1:
        return lines

    def compare(first: int, second: int) -> int:
        return _compared(lines.labels[first], lines.labels[second], [name.value for name in names])

    order = sorted(range(len(lines.labels)), key=cmp_to_key(compare), reverse=descending)
    return lines.rows(np.array(order, np.intp))


def _compared(first: Labels, second: Labels, names: list[str]) -> int:
    for name in names:
        left, right = first.get(name), second.get(name)
        if left != right:
            return -1 if _before(left, right) else 1
    return -1 if first < second else int(first > second)


def _before(left: str, right: str) -> bool:
    """Whether ``left`` comes before ``right`` where runs of digits are compared as numbers (as ``natsort``)."""
    pieces, others = _PIECES.findall(left), _PIECES.findall(right)
    for piece, other in zip(pieces, others, strict=False):
        if piece == other:
            continue
        if piece.isdecimal() and other.isdecimal() and int(piece) != int(other):
            return int(piece) < int(other)
        return bool(piece < other)
    return len(pieces) < len(others)
