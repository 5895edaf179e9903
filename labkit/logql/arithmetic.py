"""Aggregations and operators between vectors: LogQL's are PromQL's, so PromQL's code does them.

A node of LogQL is written as PromQL over vectors ``l`` and ``r``, whose place the values take.
"""

import functools
from collections.abc import Iterable
from typing import Any

import numpy as np
import promql_parser as ast

from labkit.logql import syntax
from labkit.logql.failures import EvaluationError, ParseError
from labkit.promql.aggregate import aggregate
from labkit.promql.binary import binary
from labkit.promql.failures import ExecutionError
from labkit.promql.relabel import label_replace
from labkit.promql.values import Lines, Numbers, Text, tidy

MetricValue = Numbers | Lines
"""What a metric query gives at every step: a number, or series."""

_CHOSEN = {"topk": "topk", "bottomk": "bottomk", "approx_topk": "topk"}


def aggregated(node: syntax.VectorAggregation, lines: Lines) -> Lines:
    """The value of a vector aggregation."""
    if node.op in ("sort", "sort_desc"):
        return _sorted(lines, descending=node.op == "sort_desc")
    grouping = _grouped(node.grouping)
    parameter = None if node.parameter is None else Numbers(np.full(lines.values.shape[1], float(node.parameter)))
    op = _CHOSEN.get(node.op, node.op)
    written = f"{op}{grouping}({'1, ' if parameter else ''}l)"
    return aggregate(_node(written), lines, parameter)


def calculated(node: syntax.BinaryOperation, left: MetricValue, right: MetricValue) -> MetricValue:
    """The value of a binary operator; what is divided by zero is not a number, as in Loki."""
    try:
        written = _node(f"l {node.op} {_matched(node.matching)} r")
    except ValueError as error:
        raise ParseError(str(error)) from error
    if node.op in ("/", "%"):
        right = _without_zeros(right)
    try:
        value = binary(written, left, right)
    except ExecutionError as error:
        raise EvaluationError(error.what, remedy=error.remedy) from error
    assert isinstance(value, Lines | Numbers)  # as both sides are
    return tidy(value) if isinstance(value, Lines) else value


def relabelled(node: syntax.LabelReplace, lines: Lines) -> Lines:
    """The value of ``label_replace``."""
    texts = (Text(text) for text in (node.target, node.replacement, node.source, node.pattern))
    try:
        return label_replace(lines, *texts)
    except ExecutionError as error:
        raise EvaluationError(error.what) from error


def _grouped(grouping: syntax.Grouping | None) -> str:
    if grouping is None:
        return ""
    return f" {'without' if grouping.without else 'by'} ({_names(grouping.names)}) "


def _matched(matching: syntax.Matching) -> str:
    text = "bool" if matching.as_bool else ""
    if matching.names is not None:
        text += f" {'on' if matching.on else 'ignoring'} ({_names(matching.names)})"
    return text + (f" group_{matching.group} ({_names(matching.include)})" if matching.group else "")


def _names(names: Iterable[str]) -> str:
    """Labels in quotes: some that LogQL takes are words of PromQL's, or of letters that it wants quoted."""
    return ", ".join(f'"{name}"' for name in names)


@functools.lru_cache(256)
def _node(written: str) -> Any:
    return ast.parse(written)


def _without_zeros(value: MetricValue) -> MetricValue:
    values = np.where(value.values == 0, np.nan, value.values)
    return Numbers(values) if isinstance(value, Numbers) else Lines(value.labels, values, value.present)


def _sorted(lines: Lines, *, descending: bool) -> Lines:
    """By value, if there is but one step; NaN comes last."""
    if lines.values.shape[1] != 1:
        return lines
    order = np.argsort(-lines.values[:, 0] if descending else lines.values[:, 0], kind="stable")
    return Lines([lines.labels[row] for row in order], lines.values[order], lines.present[order])
