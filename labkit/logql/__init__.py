"""LogQL: expressions over a :class:`~labkit.signals.source.StreamSource`, as Loki 3 evaluates them."""

from labkit.logql.engine import Engine, Result, Streams, is_log_query
from labkit.logql.parser import parse, parse_selector
from labkit.logql.work import Limits, Work
from labkit.promql.result import Matrix, Scalar, Vector

__all__ = [
    "Engine", "Limits", "Matrix", "Result", "Scalar", "Streams", "Vector", "Work", "is_log_query", "parse", "parse_selector",
]  # fmt: skip
