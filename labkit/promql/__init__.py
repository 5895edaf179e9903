"""PromQL: expressions over series, as Prometheus 3 evaluates them.

    Engine(source).instant('sum(up)', time)         a result; its ``annotations`` are warnings and infos
    Engine(source).range('rate(up[5m])', …)

Text becomes a tree in :mod:`~labkit.promql.parsing`, a tree becomes arrays in
:mod:`~labkit.promql.evaluation` (series × steps, all steps at once), and what functions take stands in
:mod:`~labkit.promql.signatures`, apart from how they are computed.
"""

from labkit.promql.annotations import Annotations
from labkit.promql.engine import Engine
from labkit.promql.options import Options
from labkit.promql.result import Matrix, Result, Scalar, String, Vector

__all__ = ["Annotations", "Engine", "Matrix", "Options", "Result", "Scalar", "String", "Vector"]
