"""Set operators between two vectors: ``and``, ``or``, ``unless``."""

from dataclasses import replace

import numpy as np
import promql_parser as ast

from labkit.promql.limits import limited
from labkit.promql.matching import Matching, matching
from labkit.promql.values import Flags, Lines
from labkit.signals.labels import Labels


def combined(node: ast.BinaryExpr, left: Lines, right: Lines) -> Lines:
    """The result of a set operator: series of the left, and for ``or`` those of the right that have no match."""
    how, operator = matching(node.modifier), str(node.op)
    if operator == "or":
        fresh = right.present & ~_met(how, right, left)
        limited((len(left.labels) + len(right.labels)) * fresh.shape[1])
        return Lines(
            [*left.labels, *right.labels],
            np.concatenate([left.values, right.values]),
            np.concatenate([left.present, fresh]),
            np.concatenate([left.flags(), right.flags()]),
        )
    met = _met(how, left, right)
    return replace(left, present=left.present & (met if operator == "and" else ~met))


def _met(how: Matching, lines: Lines, others: Lines) -> Flags:
    """Where a series of ``lines`` has a match among ``others``."""
    there: dict[Labels, Flags] = {}
    for labels, present in zip(others.labels, others.present, strict=True):
        group = how.signature(labels)
        there[group] = there[group] | present if group in there else present
    met = np.zeros(lines.present.shape, bool)
    for row, labels in enumerate(lines.labels):
        group = how.signature(labels)
        if group in there:
            met[row] = there[group]
    return met
