"""Binary operators between vectors and scalars.

Rules: https://prometheus.io/docs/prometheus/latest/querying/operators/ and upstream ``engine.go``
(``VectorBinop``, ``VectorscalarBinop``, ``resultMetric``).
"""

from dataclasses import replace

import numpy as np
import promql_parser as ast

from labkit.promql.failures import unsupported
from labkit.promql.matching import matched
from labkit.promql.operators import ARITHMETIC, COMPARISON, SETS, calculated, filtered
from labkit.promql.sets import combined
from labkit.promql.values import Lines, Numbers, Value


def binary(node: ast.BinaryExpr, left: Value, right: Value) -> Value:
    """The value of ``node``, given those of its sides."""
    operator = str(node.op)
    if operator not in ARITHMETIC and operator not in COMPARISON and operator not in SETS:
        raise unsupported(f"the operator {operator}")
    as_bool = node.modifier is not None and node.modifier.return_bool
    if isinstance(left, Numbers) and isinstance(right, Numbers):
        return Numbers(calculated(operator, left.values, right.values))
    if isinstance(left, Lines) and isinstance(right, Numbers):
        return _with_scalar(operator, left, right, as_bool=as_bool, swapped=False)
    if isinstance(left, Numbers) and isinstance(right, Lines):
        return _with_scalar(operator, right, left, as_bool=as_bool, swapped=True)
    if isinstance(left, Lines) and isinstance(right, Lines):
        return combined(node, left, right) if operator in SETS else matched(node, left, right)
    raise unsupported(f"{operator} between {type(left).__name__} and {type(right).__name__}")


def _with_scalar(operator: str, lines: Lines, scalar: Numbers, *, as_bool: bool, swapped: bool) -> Lines:
    """A vector and a scalar; of a comparison that filters, the vector's values stay."""
    vector, numbers = lines.values, np.broadcast_to(scalar.values, lines.values.shape)
    left, right = (numbers, vector) if swapped else (vector, numbers)
    if operator in COMPARISON and not as_bool:
        return replace(lines, present=lines.present & filtered(operator, left, right))
    return Lines(lines.labels, calculated(operator, left, right), lines.present).nameless()
