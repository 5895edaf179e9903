"""PromQL: expressions over a :class:`~labkit.signals.series.SeriesStore`, as Prometheus 3 evaluates them."""

from labkit.promql.engine import Engine
from labkit.promql.result import Matrix, Result, Scalar, String, Vector

__all__ = ["Engine", "Matrix", "Result", "Scalar", "String", "Vector"]
