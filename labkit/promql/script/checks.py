"""Whether an answer is the one expected. Every check gives what is wrong, or nothing."""

import numpy as np

from labkit.clock import Millis
from labkit.promql.annotations import Annotations, Note
from labkit.promql.result import Matrix, Result, Scalar, String, Vector
from labkit.promql.script.commands import Eval, Expected
from labkit.promql.script.notation import Histogram, Point
from labkit.signals.labels import Labels
from labkit.signals.series import is_stale

_EPSILON = 1e-6
"""The relative error upstream allows."""
_SMALLEST = float(np.finfo(float).tiny)

Row = dict[Millis, Point]


def said(command: Eval, annotations: Annotations) -> str:
    """Whether the warnings and infos are those expected, and no others where any are expected."""
    return _said(command, "warn", annotations.warned) or _said(command, "info", annotations.informed)


def _said(command: Eval, kind: str, notes: tuple[Note, ...]) -> str:
    messages = [note.text for note in notes]
    expected: list[Expected] = command.messages.get(kind, [])
    if command.expects(f"no_{kind}") and messages:
        return f"unexpected {kind} annotation: {messages[0]}"
    if not expected:
        return ""
    if not messages:
        return f"expected {kind} annotations but none were found"
    missing = next((one for one in expected if not any(map(one.meets, messages))), None)
    if missing is not None:
        return f"expected {kind} annotation matching {missing}, found {messages}"
    extra = next((one for one in messages if not any(want.meets(one) for want in expected)), None)
    return f"unexpected {kind} annotation: {extra}" if extra is not None else ""


def answered(command: Eval, result: Result) -> str:
    """Whether the answer has the values expected."""
    match result:
        case Scalar():
            return _scalar(command, result)
        case String():
            return "" if command.string == result.value else f"expected {command.string!r}, got {result.value!r}"
        case Vector():
            return _vector(command, result)
        case Matrix():
            return _matrix(command, result)


def _scalar(command: Eval, result: Scalar) -> str:
    if command.scalar is None:
        return f"expected series, got the scalar {result.value}"
    return "" if close(result.value, command.scalar) else f"expected {command.scalar}, got {result.value}"


def _vector(command: Eval, result: Vector) -> str:
    if command.scalar is not None or command.string is not None:
        return "expected a scalar or a string, got a vector"
    if command.expects("ordered") and [labels for labels, _ in command.series] != result.labels:
        return f"expected another order than {list(map(str, result.labels))}"
    got: dict[Labels, Row] = {
        labels: {result.time: value} for labels, value in zip(result.labels, result.values.tolist(), strict=True)
    }
    return compared({labels: {result.time: points[0]} for labels, points in command.series}, got)


def _matrix(command: Eval, result: Matrix) -> str:
    grid = command.grid or command.vector
    if command.scalar is not None or command.string is not None or grid is None:
        return "expected no matrix, but got one"
    if command.expects("ordered"):
        return "expected ordered result, but query returned a matrix"
    start, end, step = grid
    want: dict[Labels, Row] = {}
    for labels, points in command.series:
        row: Row = {start + place * step: value for place, value in enumerate(points) if value is not None}
        if row and max(row) > end:
            return f"expected {len(points)} points for {labels}, but the time range cannot have so many"
        want[labels] = row
    return compared(want, rows(result))


def rows(matrix: Matrix) -> dict[Labels, Row]:
    """The values of a matrix by series and time."""
    return {
        labels: dict(zip(matrix.times[present].tolist(), values[present].tolist(), strict=True))
        for labels, values, present in zip(matrix.labels, matrix.values, matrix.present, strict=True)
        if present.any()
    }


def compared(want: dict[Labels, Row], got: dict[Labels, Row]) -> str:
    """How two answers differ."""
    for labels in got.keys() - want.keys():
        return f"unexpected {labels} in the result, has {list(got[labels].values())}"
    for labels in want.keys() - got.keys():
        return f"expected {labels} with {list(want[labels].values())}, not found"
    for labels, row in want.items():
        if row.keys() != got[labels].keys():
            return f"{labels}: expected points at {sorted(row)}, got {sorted(got[labels])}"
        for time, value in row.items():
            if not close(got[labels][time], value):
                return f"{labels} at {time} ms: expected {value}, got {got[labels][time]}"
    return ""


def close(got: Point, want: Point) -> bool:
    """Whether two values are equal but for upstream's tolerance (``util/almost``)."""
    if isinstance(got, Histogram | None) or isinstance(want, Histogram | None):
        return False
    pair = np.array([got, want])
    if is_stale(pair).any():
        return bool(is_stale(pair).all())
    if np.isnan(pair).any() or got == want:
        return bool(np.isnan(pair).all()) or got == want
    size, difference = abs(got) + abs(want), abs(got - want)
    if got == 0 or want == 0 or size < _SMALLEST:
        return difference < _EPSILON * _SMALLEST
    return bool(difference / min(size, float(np.finfo(float).max)) < _EPSILON)
