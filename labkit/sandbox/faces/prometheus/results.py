"""Results of queries as JSON, in the form of Prometheus' HTTP API.

Wide answers are millions of numbers, so they are written in bulk: the numbers of a series by one
call of :mod:`orjson`, whose shortest decimals are Go's too, between times that are written once for
the whole matrix. Only what the two write differently is written one by one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from labkit.clock import SECOND, Millis
from labkit.promql import Matrix, Result, Scalar, String, Vector
from labkit.promql.limits import timely
from labkit.promql.numbers import encoded
from labkit.signals.labels import Labels

Floats = NDArray[np.float64]

_WHOLE = 2**53
_LEAST, _GREATEST = 1e-5, 1e15
"""Between these sizes :mod:`orjson` writes a float as Prometheus does, but for a trailing ``.0``."""


def rendered(result: Result) -> list[bytes]:
    """``resultType`` and ``result``: the inner part of a JSON object, in pieces that are joined but once."""
    match result:
        case Scalar(time, value):
            return [b'"resultType":"scalar","result":[%b,"%b"]' % (_time(time), encoded(value).encode())]
        case String(time, text):
            return [b'"resultType":"string","result":[%b,%b]' % (_time(time), orjson.dumps(text))]
        case Vector(time, labels, values):
            return _of("vector", _samples(time, labels, values))
        case Matrix():
            return _of("matrix", _lines(result))


def cut(result: Result, limit: int) -> tuple[Result, bool]:
    """The first ``limit`` series, and whether there are more; 0 is no limit."""
    match result:
        case Vector(time, labels, values) if 0 < limit < len(labels):
            return Vector(time, labels[:limit], values[:limit]), True
        case Matrix(labels, times, values, present) if 0 < limit < len(labels):
            return Matrix(labels[:limit], times, values[:limit], present[:limit]), True
        case _:
            return result, False


def numbers(values: Floats) -> Sequence[bytes]:
    """``values``, of shape (n,), as answers have them, without their quotes."""
    if not len(values):
        return ()
    with np.errstate(invalid="ignore"):
        whole = values.astype(np.int64)
    if (whole == values).all() and (np.abs(whole) < _WHOLE).all() and not np.signbit(values[whole == 0]).any():
        return _written(whole)
    size = np.abs(values)
    written = _written(values, lambda text: text.replace(b".0,", b",").removesuffix(b".0"))
    for place in np.flatnonzero(~((size >= _LEAST) & (size < _GREATEST) | (size == 0))).tolist():
        written[place] = encoded(float(values[place])).encode()
    return written


def _written(values: NDArray[Any], shorten: Callable[[bytes], bytes] = bytes) -> list[bytes]:
    text: bytes = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    return shorten(text[1:-1]).split(b",")


def _of(kind: str, series: Iterable[bytes]) -> list[bytes]:
    pieces = [b'"resultType":"%b","result":[' % kind.encode()]
    for number, one in enumerate(series):
        if number:
            pieces.append(b",")
        pieces.append(one)
    return [*pieces, b"]"]


def _samples(time: Millis, labels: Sequence[Labels], values: Floats) -> Iterator[bytes]:
    frame = b'{"metric":%%b,"value":[%b,"%%b"]}' % _time(time)
    for series, number in zip(labels, numbers(values), strict=True):
        yield frame % (_metric(series), number)


def _lines(matrix: Matrix) -> Iterator[bytes]:
    """Each series that is somewhere; those that are present everywhere share one frame."""
    pieces = [b'[%b,"%%b"]' % _time(time) for time in matrix.times.tolist()]
    whole = _frame(pieces)
    for labels, values, present in zip(matrix.labels, matrix.values, matrix.present, strict=True):
        timely()
        if present.all():
            frame, shown = whole, values
        else:
            frame, shown = _frame([pieces[place] for place in np.flatnonzero(present).tolist()]), values[present]
        if len(shown):
            yield frame % (_metric(labels), *numbers(shown))


def _frame(pieces: Sequence[bytes]) -> bytes:
    return b'{"metric":%%b,"values":[%b]}' % b",".join(pieces)


def _metric(labels: Labels) -> bytes:
    return orjson.dumps(dict(labels))


def _time(time: Millis) -> bytes:
    """Seconds since the epoch, with milliseconds only where there are any (upstream ``MarshalTimestamp``)."""
    sign, size = ("-" if time < 0 else ""), abs(time)
    seconds, rest = divmod(size, SECOND)
    return f"{sign}{seconds}.{rest:03d}".encode() if rest else f"{sign}{seconds}".encode()
