"""The parameters of Jaeger's query API: what they mean, and what upstream says of those it cannot read.

Upstream: ``cmd/query/app/query_parser.go`` and ``default_params.go`` of Jaeger 2.10.
"""

import json
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from labkit.clock import DAY, Millis
from labkit.sandbox.faces.jaeger.go_numbers import GoError, boolean, hexadecimal, integer, nanoseconds
from labkit.signals.spans import Micros, SpanQuery

LIMIT = 100
"""Traces that are found if no limit is given."""
DEPTH = 100_000
"""The highest limit: the traces that Jaeger's memory storage keeps."""
LOOKBACK: Millis = 2 * DAY
"""How far back is searched if no ``start`` is given."""
CALLS_LOOKBACK: Millis = DAY
"""How far back dependencies are computed if no ``lookback`` is given."""

Pairs = Sequence[tuple[str, str]]
T = TypeVar("T")


MOST_IDS = 100
"""Traces that may be asked for by id at once. Upstream has no such limit, and reads as long as it takes."""


class ParameterError(Exception):
    """A parameter that is missing or cannot be read: Jaeger answers 400."""


class Search(msgspec.Struct, frozen=True):
    """What ``/api/traces`` is asked: certain traces, or those that a query describes."""

    trace_ids: tuple[str, ...]
    query: SpanQuery


def first(pairs: Pairs, name: str) -> str:
    """The value of a parameter, or nothing; of one given several times the first counts."""
    return next((value for key, value in pairs if key == name), "")


def search(pairs: Pairs, now: Millis) -> Search:
    """The parameters of ``/api/traces``, in the order in which upstream reads them (so the first error is the same)."""
    start = _read(pairs, "start", integer, (now - LOOKBACK) * 1_000)
    end = _read(pairs, "end", integer, now * 1_000)
    tags = _tags(pairs)
    limit = _limit(first(pairs, "limit"))
    shortest, longest = (_read(pairs, name, nanoseconds, 0) for name in ("minDuration", "maxDuration"))
    ids = tuple(_one_of_many(value) for key, value in pairs if key == "traceID")
    if len(ids) > MOST_IDS:
        raise ParameterError(f"parameter 'traceID' is given {len(ids)} times, {MOST_IDS} are the most")
    _read(pairs, "raw", boolean, default=False)
    service = first(pairs, "service")
    if not ids and not service:
        raise ParameterError("parameter 'service' is required")
    if shortest and longest and longest < shortest:
        raise ParameterError("'maxDuration' should be greater than 'minDuration'")
    query = SpanQuery(
        service=service, start=start, end=end, operation=first(pairs, "operation") or None, tags=tags,
        # Durations are whole microseconds: at least 1.5 µs is at least 2, at most 1.5 µs at most 1.
        shortest=-(-shortest // 1_000) if shortest else None, longest=longest // 1_000 if longest else None,
        limit=limit,
    )  # fmt: skip
    return Search(ids, query)


def period(pairs: Pairs, now: Millis) -> tuple[Micros, Micros]:
    """``endTs`` and ``lookback`` of ``/api/dependencies`` (milliseconds) as a start and an end."""
    end = _read(pairs, "endTs", integer, now)
    lookback = _read(pairs, "lookback", integer, CALLS_LOOKBACK)
    return (end - lookback) * 1_000, end * 1_000


def one_trace(pairs: Pairs, text: str) -> str:
    """The id of the trace that ``/api/traces/{id}`` is asked for, after its parameters have been read."""
    found = trace_id(text)
    for name in ("start", "end"):
        _read(pairs, name, integer, 0)
    _read(pairs, "raw", boolean, default=False)
    return found


def trace_id(text: str) -> str:
    """A trace id in full: Jaeger takes one without its leading zeros."""
    if len(text) > 32:
        raise ParameterError(f"TraceID cannot be longer than 32 hex characters: {text}")
    try:
        high = hexadecimal(text[:-16]) if len(text) > 16 else 0
        return f"{high:016x}{hexadecimal(text[-16:]):016x}"
    except GoError as error:
        raise ParameterError(str(error)) from error


def _one_of_many(text: str) -> str:
    try:
        return trace_id(text)
    except ParameterError as error:
        raise ParameterError(f"cannot parse traceID param: {error}") from error


def _limit(text: str) -> int:
    try:
        return integer(text, 32) if text else LIMIT
    except GoError as error:
        raise ParameterError(str(error)) from error


def _read(pairs: Pairs, name: str, read: Callable[[str], T], default: T) -> T:
    text = first(pairs, name)
    try:
        return read(text) if text else default
    except GoError as error:
        raise ParameterError(f"unable to parse param '{name}': {error}") from error


def _tags(pairs: Pairs) -> dict[str, str]:
    """``tag=key:value`` and ``tags={"key": "value"}``; of a key given twice the later holds, JSON last."""
    tags = {}
    for text in (value for key, value in pairs if key == "tag"):
        key, colon, value = text.partition(":")
        if not colon:
            raise ParameterError(f"malformed 'tag' parameter, expecting key:value, received: {text}")
        tags[key] = value
    for text in (value for key, value in pairs if key == "tags"):
        tags |= _json(text)
    return tags


def _json(text: str) -> dict[str, str]:
    """A JSON object of strings (``null`` is an empty one, and an empty string as a value: Go's rules)."""
    try:
        found = json.loads(text, parse_int=float)  # of a number only that it is one is told
    except json.JSONDecodeError as error:
        raise _malformed(_go_complaint(error)) from error
    except RecursionError as error:
        raise _malformed("exceeded max depth") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _malformed(f"json: cannot unmarshal {_go_kind(found)} into Go value of type map[string]string")
    for value in found.values():
        if value is not None and not isinstance(value, str):
            raise _malformed(f"json: cannot unmarshal {_go_kind(value)} into Go value of type string")
    return {key: value or "" for key, value in found.items()}


def _malformed(why: str) -> ParameterError:
    return ParameterError(f"malformed 'tags' parameter, cannot unmarshal JSON: {why}")


_COMPLAINTS = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Expecting ':' delimiter": "after object key",
    "Expecting ',' delimiter": "after object key:value pair",
    "Extra data": "after top-level value",
    "Invalid control character at": "in string literal",
}


def _go_complaint(error: json.JSONDecodeError) -> str:
    """What Go's ``encoding/json`` says where Python's ``json`` says ``error``."""
    if error.pos >= len(error.doc) or error.msg.startswith("Unterminated string"):
        return "unexpected end of JSON input"
    return f"invalid character {error.doc[error.pos]!r} {_COMPLAINTS.get(error.msg, 'looking for beginning of value')}"


def _go_kind(value: object) -> str:
    kinds = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return kinds[type(value)]
