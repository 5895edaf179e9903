"""What binary operators do with numbers (Go's rules for division, remainder and powers)."""

from collections.abc import Callable

import numpy as np

from labkit.promql.values import Flags, Floats


def _pow(left: Floats, right: Floats) -> Floats:
    return np.float_power(left, right)


ARITHMETIC: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": _pow,
    "atan2": np.arctan2,
}
COMPARISON: dict[str, Callable[[Floats, Floats], Flags]] = {
    "==": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
}
SETS = ("and", "or", "unless")


def calculated(operator: str, left: Floats, right: Floats) -> Floats:
    """The result of an arithmetic operator; of a comparison, 1 or 0."""
    with np.errstate(all="ignore"):
        if operator in ARITHMETIC:
            return ARITHMETIC[operator](left, right)
        return COMPARISON[operator](left, right).astype(np.float64)


def filtered(operator: str, left: Floats, right: Floats) -> Flags:
    """Where a comparison holds."""
    return COMPARISON[operator](left, right)
