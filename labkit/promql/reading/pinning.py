"""A query whose every selector looks at one fixed time, so that it has the same answer whenever it is asked."""

from labkit.clock import SECOND, Millis
from labkit.promql.reading.node import Form, Node
from labkit.promql.reading.outline import outlined
from labkit.promql.reading.tokens import Fault

_MOVING = frozenset(
    ("time", "timestamp", "predict_linear", "days_in_month", "day_of_month", "day_of_week", "day_of_year", "hour",
     "minute", "month", "year", "info")
)  # fmt: skip
"""Functions whose value changes with the time they are called at (upstream ``AtModifierUnsafeFunctions``; and
``info``, which takes info series as of then)."""


def pinned(text: str, at: Millis) -> str | None:
    """``text`` with ``@ at`` after every selector that has none; ``None`` where that would not fix its answer."""
    try:
        outline = outlined(text)
    except (Fault, RecursionError):
        return None
    ends = _ends(outline)
    if ends is None:
        return None
    for end in sorted(ends, reverse=True):
        text = f"{text[:end]} @ {at / SECOND:.3f}{text[end:]}"
    return text


def _ends(node: Node) -> list[int] | None:
    """Where a time is to be written; within a subquery that has one no other is needed."""
    if node.name in _MOVING and node.form is Form.CALL:
        return None
    inner = [_ends(child) for child in node.children]
    if None in inner or ("@" in node.modifiers and node.at is None):  # start() and end() are the query's own
        return None
    if node.form in (Form.SELECTOR, Form.MATRIX, Form.SUBQUERY):
        return [] if node.at is not None else [node.end]
    return [end for ends in inner if ends for end in ends]
