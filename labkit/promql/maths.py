"""Functions of one value after the other."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from labkit.promql.values import Floats, Lines, Numbers

SIMPLE: dict[str, Callable[[Floats], Floats]] = {
    "abs": np.abs, "ceil": np.ceil, "floor": np.floor, "exp": np.exp, "sqrt": np.sqrt,
    "ln": np.log, "log2": np.log2, "log10": np.log10,
    "sgn": np.sign,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
    "deg": lambda values: values * 180 / np.pi,
    "rad": lambda values: values * np.pi / 180,
}  # fmt: skip
"""Functions of a value alone."""


def applied(function: Callable[[Floats], Floats], lines: Lines) -> Lines:
    """Every value through ``function``; the metric's name goes."""
    with np.errstate(all="ignore"):
        return Lines(lines.labels, function(lines.values), lines.present).nameless()


def clamp(lines: Lines, low: Numbers, high: Numbers) -> Lines:
    """Values held between ``low`` and ``high``; nothing at steps where ``low`` is above ``high``."""
    result = applied(lambda values: np.maximum(low.values, np.minimum(high.values, values)), lines)
    return replace(result, present=result.present & ~(high.values < low.values))


def clamp_min(lines: Lines, low: Numbers) -> Lines:
    """Values held above ``low``."""
    return applied(lambda values: np.maximum(values, low.values), lines)


def clamp_max(lines: Lines, high: Numbers) -> Lines:
    """Values held below ``high``."""
    return applied(lambda values: np.minimum(values, high.values), lines)


def rounded(lines: Lines, nearest: Numbers | None = None) -> Lines:
    """Values to the nearest multiple, ties upwards (upstream multiplies by the inverse, and so does this)."""
    to = nearest.values if nearest is not None else np.ones(lines.values.shape[1])
    with np.errstate(divide="ignore", over="ignore"):
        inverse = 1.0 / to
    return applied(lambda values: np.floor(values * inverse + 0.5) / inverse, lines)
