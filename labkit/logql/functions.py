"""The functions of Loki's templates (https://grafana.com/docs/loki/latest/query/template_functions/).

As in sprig, what is worked on comes last, so that it can be piped. ``now`` is the time of the line, since
nothing here reads a clock.
"""

import base64
import binascii
import functools
import math
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import orjson

from labkit.errors import QueryError
from labkit.gotemplate.bounds import LONGEST, bounded
from labkit.logql import moments
from labkit.logql.moments import Moment
from labkit.logql.record import Record
from labkit.logql.units import SECOND, go_duration, number, size
from labkit.signals.regex import Pattern, compiled, expanded

Function = Callable[..., Any]


def functions(current: Callable[[], Record]) -> Mapping[str, Function]:
    """All functions; ``current`` is asked for the record that is being written."""
    return {
        **_FUNCTIONS,
        "__line__": lambda: current().line,
        "__timestamp__": lambda: Moment(current().time),
        "now": lambda: Moment(current().time),
    }


# ── texts ─────────────────────────────────────────────────────────────────────────────────────────


def _old_replace(text: str, old: str, new: str, count: int) -> str:
    """Go's ``strings.Replace``."""
    times = text.count(old) if count < 0 else min(count, text.count(old))
    bounded(len(text) + times * (len(new) - len(old)))
    return text.replace(old, new, count)


def _repeat(count: int, text: str) -> str:
    if count < 0 or count * len(text) > LONGEST:
        raise ValueError(f"repeat of {count} is too much")
    return text * count


def _indent(count: int, text: str) -> str:
    lines, space = text.split("\n"), _repeat(count, " ")
    bounded(len(text) + len(lines) * count)
    return "\n".join(space + line for line in lines)


def _align_left(width: int, text: str) -> str:
    return text[:width] + _repeat(max(0, width - len(text)), " ")


def _align_right(width: int, text: str) -> str:
    return _repeat(max(0, width - len(text)), " ") + text[max(0, len(text) - width) :]


def _trunc(length: int, text: str) -> str:
    if length < 0:
        return text[length:] if len(text) + length > 0 else text
    return text[:length]


def _substr(start: int, end: int, text: str) -> str:
    if start < 0:
        return text[: max(end, 0)]
    return text[start:] if end < 0 or end > len(text) else text[start:end]


def _pattern(regex: str) -> Pattern:
    try:
        return compiled(regex, dot_all=False)
    except QueryError as error:
        raise ValueError(error.what) from error


def _replaced(regex: str, text: str, replacement: str, *, literal: bool = False) -> str:
    parts, place, length = [], 0, 0
    references = 0 if literal else replacement.count("$")
    for found in _pattern(regex).finditer(text):
        length = bounded(length + len(replacement) + references * len(found[0]))
        parts += [text[place : found.start()], replacement if literal else expanded(replacement, found)]
        place = found.end()
    return "".join([*parts, text[place:]])


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode(errors="replace")
    except binascii.Error:
        return "illegal base64 data"


# ── numbers ───────────────────────────────────────────────────────────────────────────────────────


def _float(value: Any) -> float:
    """A value as a number; of what is none, zero (as sprig casts)."""
    if isinstance(value, str):
        try:
            return number(value.strip())
        except ValueError:
            return 0.0
    return float(value) if isinstance(value, int | float) else 0.0


def _int(value: Any) -> int:
    if isinstance(value, int):
        return _wrapped(int(value))
    if isinstance(value, str) and value.strip().lstrip("+-").isdecimal():
        return int(value) if abs(_float(value)) < 2.0**63 else 0
    found = _float(value)
    return _wrapped(int(found)) if math.isfinite(found) else 0


def _quotient(left: int, right: int) -> int:
    if not right:
        raise ValueError("runtime error: integer divide by zero")
    return (-1 if (left < 0) != (right < 0) else 1) * (abs(left) // abs(right))


def _remainder(left: int, right: int) -> int:
    return left - right * _quotient(left, right)


def _divided(first: float, *rest: float) -> float:
    for value in rest:
        first = first / value if value else math.nan if not first else math.copysign(math.inf, first)
    return first


def _rounded(value: Any, places: Any, on: float = 0.5) -> float:
    scale = 10.0 ** max(-300, min(_int(places), 300))
    whole, part = math.floor(_float(value) * scale), _float(value) * scale % 1
    return float((whole + 1 if part >= on else whole) / scale)


def _over(combine: Callable[..., Any], cast: Callable[[Any], Any]) -> Function:
    return lambda *values: combine(*map(cast, values))


def _wrapped(value: int) -> int:
    """A whole number of 64 bits, which overflows as Go's do."""
    return (value + 2**63) % 2**64 - 2**63


def _product(*values: int) -> int:
    return functools.reduce(lambda left, right: _wrapped(left * right), values, 1)


def _nanos(value: Any) -> int:
    """The time of a function's argument: a time, or seconds since the epoch."""
    return int(value.nanos) if isinstance(value, Moment) else _int(value) * SECOND


def _unix_to_time(epoch: str) -> Moment:
    scales = {5: 86_400 * SECOND, 10: SECOND, 13: 1_000_000, 16: 1_000, 19: 1}
    if not epoch.lstrip("-").isdecimal() or len(epoch) not in scales:
        raise ValueError(f"unable to parse time '{epoch}'")
    return Moment(int(epoch) * scales[len(epoch)])


def _from_json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


_FUNCTIONS: dict[str, Function] = {
    "ToLower": str.lower, "ToUpper": str.upper, "Replace": _old_replace,
    "Trim": lambda text, cut: text.strip(cut) if cut else text,
    "TrimLeft": lambda text, cut: text.lstrip(cut) if cut else text,
    "TrimRight": lambda text, cut: text.rstrip(cut) if cut else text,
    "TrimPrefix": lambda text, prefix: text.removeprefix(prefix),
    "TrimSuffix": lambda text, suffix: text.removesuffix(suffix),
    "TrimSpace": lambda text: text.strip(),
    "lower": str.lower, "upper": str.upper, "title": lambda text: " ".join(w[:1].upper() + w[1:] for w in text.split(" ")),
    "trunc": _trunc, "substr": _substr, "repeat": _repeat, "indent": _indent,
    "nindent": lambda count, text: "\n" + _indent(count, text),
    "contains": lambda part, text: part in text,
    "hasPrefix": lambda prefix, text: text.startswith(prefix), "hasSuffix": lambda suffix, text: text.endswith(suffix),
    "replace": lambda old, new, text: _old_replace(text, old, new, -1),
    "trim": lambda text: text.strip(), "trimAll": lambda cut, text: text.strip(cut) if cut else text,
    "trimPrefix": lambda prefix, text: text.removeprefix(prefix),
    "trimSuffix": lambda suffix, text: text.removesuffix(suffix),
    "alignLeft": _align_left, "alignRight": _align_right,
    "regexReplaceAll": _replaced,
    "regexReplaceAllLiteral": lambda regex, text, replacement: _replaced(regex, text, replacement, literal=True),
    "count": lambda regex, text: sum(1 for _ in _pattern(regex).finditer(text)),
    "urlencode": quote_plus, "urldecode": unquote_plus,
    "b64enc": lambda text: base64.b64encode(text.encode()).decode(), "b64dec": _decoded,
    "default": lambda default, value="": value or default, "fromJson": _from_json,
    "int": _int, "float64": _float,
    "add": _over(lambda *values: _wrapped(sum(values)), _int), "addf": _over(lambda *values: sum(values, 0.0), _float),
    "sub": _over(lambda left, right: _wrapped(left - right), _int),
    "subf": _over(lambda first, *rest: first - sum(rest), _float),
    "mul": _over(_product, _int), "mulf": _over(lambda *values: math.prod(values), _float),
    "div": _over(_quotient, _int), "divf": _over(_divided, _float), "mod": _over(_remainder, _int),
    "max": _over(lambda *values: max(values), _int), "min": _over(lambda *values: min(values), _int),
    "maxf": _over(lambda *values: max(values), _float), "minf": _over(lambda *values: min(values), _float),
    "ceil": lambda value: float(math.ceil(_float(value))), "floor": lambda value: float(math.floor(_float(value))),
    "round": _rounded,
    "bytes": lambda text: float(size(text)),
    "duration": lambda text: go_duration(text) / SECOND, "duration_seconds": lambda text: go_duration(text) / SECOND,
    "date": lambda layout, time: moments.formatted(layout, _nanos(time)),
    "toDate": lambda layout, text: Moment(moments.parsed(layout, text)),
    "toDateInZone": lambda layout, zone, text: Moment(moments.parsed(layout, text, zone)),
    "unixEpoch": lambda time: str(_nanos(time) // SECOND), "unixEpochMillis": lambda time: str(_nanos(time) // 1_000_000),
    "unixEpochNanos": lambda time: str(_nanos(time)), "unixToTime": _unix_to_time,
}  # fmt: skip
