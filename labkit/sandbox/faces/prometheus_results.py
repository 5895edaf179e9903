"""Results of queries in the form of Prometheus' HTTP API."""

from typing import Any

import numpy as np

from labkit.clock import SECOND, Millis
from labkit.promql import Matrix, Result, Scalar, String, Vector
from labkit.promql.numbers import encoded


def rendered(result: Result, limit: int | None = None) -> tuple[dict[str, Any], bool]:
    """``resultType`` and ``result``, and whether ``limit`` cut series off."""
    match result:
        case Scalar(time, value):
            return {"resultType": "scalar", "result": [_time(time), encoded(value)]}, False
        case String(time, text):
            return {"resultType": "string", "result": [_time(time), text]}, False
        case Vector():
            return {"resultType": "vector", "result": _vector(result)[:limit]}, _cut(result.labels, limit)
        case Matrix():
            return {"resultType": "matrix", "result": _matrix(result)[:limit]}, _cut(result.labels, limit)


def _cut(labels: list[Any], limit: int | None) -> bool:
    return limit is not None and len(labels) > limit


def _vector(vector: Vector) -> list[dict[str, Any]]:
    time = _time(vector.time)
    return [
        {"metric": dict(labels), "value": [time, encoded(value)]}
        for labels, value in zip(vector.labels, vector.values.tolist(), strict=True)
    ]


def _matrix(matrix: Matrix) -> list[dict[str, Any]]:
    times = [_time(time) for time in matrix.times.tolist()]
    series = []
    for labels, values, present in zip(matrix.labels, matrix.values, matrix.present, strict=True):
        shown = np.flatnonzero(present).tolist()
        texts = [encoded(value) for value in values[present].tolist()]
        series.append(
            {"metric": dict(labels), "values": [[times[i], text] for i, text in zip(shown, texts, strict=True)]}
        )
    return [one for one in series if one["values"]]


def _time(time: Millis) -> float | int:
    """Seconds since the epoch, with milliseconds only where there are any."""
    return time // SECOND if time % SECOND == 0 else time / SECOND
