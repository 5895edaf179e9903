"""One request to Prometheus' HTTP API, and the two kinds of answer to it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from labkit.clock import Millis
from labkit.promql import Engine
from labkit.sandbox.faces.prometheus.parameters import Parameters
from labkit.signals.source import SeriesSource

TRUNCATED = "results truncated due to limit"

CODES: Mapping[str, int] = {
    "bad_data": 400, "execution": 422, "timeout": 503, "canceled": 499, "internal": 500, "unavailable": 500,
    "not_found": 404,
}  # fmt: skip
"""The status code of every error type (upstream ``getDefaultErrorCode``)."""

JSON = "application/json"


class Refused(Exception):
    """An error answer; ``kind`` is one of :data:`CODES`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Call:
    """A request and what it is answered from; ``arrival`` is when it came, by the monotonic clock."""

    engine: Engine
    source: SeriesSource
    now: Millis
    parameters: Parameters
    arrival: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Pieces:
    """JSON that is written already, in pieces."""

    pieces: list[bytes]


@dataclass(frozen=True)
class Answer:
    """What an endpoint answers.

    ``data`` is what :mod:`orjson` encodes, or is encoded already, or ``None`` for an answer without content.
    """

    data: Any
    warnings: list[str] = field(default_factory=list)
    infos: list[str] = field(default_factory=list)


Endpoint = Callable[[Call], Answer]


class Reply(NamedTuple):
    """An answer as HTTP carries it."""

    code: int
    body: bytes
    media_type: str = JSON


def limited(found: list[Any], limit: int) -> Answer:
    """``found``, or its first ``limit`` and a warning; 0 is no limit."""
    if 0 < limit < len(found):
        return Answer(found[:limit], [TRUNCATED])
    return Answer(found)


def success(answer: Answer) -> Reply:
    """The envelope of an answer; nothing in it, nothing to say: 204."""
    if answer.data is None:
        return Reply(204, b"")
    said = {"warnings": answer.warnings, "infos": answer.infos}
    tail = [b',"%b":%b' % (kind.encode(), orjson.dumps(texts)) for kind, texts in said.items() if texts]
    pieces = answer.data.pieces if isinstance(answer.data, Pieces) else [orjson.dumps(answer.data)]
    return Reply(200, b"".join([b'{"status":"success","data":', *pieces, *tail, b"}"]))


def failure(kind: str, message: str) -> Reply:
    """The envelope of an error."""
    return Reply(CODES[kind], orjson.dumps({"status": "error", "errorType": kind, "error": message}))
