"""Aggregations that choose among the series of a group: ``topk``, ``bottomk``, ``limitk`` and ``limit_ratio``.

Rules: upstream ``engine.go`` (``aggregationK``).
"""

from dataclasses import replace

import numpy as np
import promql_parser as ast

from labkit.promql.failures import ExecutionError
from labkit.promql.hashing import share
from labkit.promql.limits import timely
from labkit.promql.numbers import general
from labkit.promql.query import Query
from labkit.promql.values import Flags, Floats, Lines

KINDS = ("topk", "bottomk", "limitk", "limit_ratio")
"""What this room computes."""

Rows = list[int]


def chosen(name: str, lines: Lines, groups: list[Rows], number: Floats) -> Lines:
    """Of every one of ``groups`` so many series (or such a share of them), with all their labels.

    ``number`` has the shape (steps,). An instant query's answer comes group by group, each in the order of its ranks.
    """
    if name == "limit_ratio":
        return replace(lines, present=lines.present & _sampled(lines, number))
    if not (number >= 1).any() and not np.isnan(number).any():
        return replace(lines, present=np.zeros(lines.present.shape, bool))
    kept = np.zeros(lines.present.shape, bool)
    for rows in groups:
        timely()
        kept[rows] = _kept(name, lines.values[rows], lines.present[rows], number)
    result = replace(lines, present=kept)
    if len(number) > 1:
        return result
    order = [row for rows in groups for row in _ranked(name, lines.values[rows, 0], np.array(rows))]
    return result.rows(np.array(order, np.intp))


def _kept(name: str, values: Floats, present: Flags, number: Floats) -> Flags:
    """Which series of a group are kept, of shape (series, steps): absent ones rank after NaN, and NaN last."""
    there = present.sum(axis=0)
    limits = np.array([_limit(*pair) if pair[1] else 0 for pair in zip(number.tolist(), there.tolist(), strict=True)])
    if name == "limitk":
        return present & (present.cumsum(axis=0) <= limits)
    keys = np.where(present, -values if name == "topk" else values, np.nan).T
    missing = np.where(present, np.isnan(values), 2).T  # after the numbers NaN, after NaN what is absent
    order = np.lexsort((keys, missing), axis=1) if (missing == 1).any() else np.argsort(keys, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(len(values))[None, :], axis=1)
    return present & (limits > ranks.T)


def invalid_ratios(query: Query, ratios: Floats, node: ast.Expr) -> None:
    """Say which ratios are none (upstream ``NewInvalidRatioWarning``)."""
    for worst, bound in ((ratios.max(initial=0.0), 1), (ratios.min(initial=0.0), -1)):
        if abs(worst) > 1:
            query.warn(f"ratio value should be between -1 and 1, got {general(float(worst))}, capping to {bound}", node)


def _limit(wanted: float, there: int) -> int:
    if np.isnan(wanted) or not -(2.0**63) <= wanted < 2.0**63:
        raise ExecutionError(f"Scalar value {general(wanted)} overflows int64")
    return max(0, min(int(wanted), there))


def _ranked(name: str, values: Floats, rows: np.ndarray) -> np.ndarray:
    """``rows`` from the one that is kept first; NaN comes last."""
    if name == "limitk":
        return rows
    order = np.argsort(-values if name == "topk" else values, kind="stable")
    ranked: np.ndarray = rows[order]
    return ranked


def _sampled(lines: Lines, ratio: Floats) -> Flags:
    """Which series a ratio keeps, by their labels' hash: a negative one keeps those that its complement leaves."""
    if np.isnan(ratio).any() and lines.labels:
        raise ExecutionError("Ratio value NaN is NaN")
    shares = np.array([share(labels) for labels in lines.labels]).reshape(-1, 1)
    taken: Flags = np.where(ratio >= 0, shares < ratio, shares >= 1.0 + np.maximum(ratio, -1.0)) & (ratio != 0)
    return taken
