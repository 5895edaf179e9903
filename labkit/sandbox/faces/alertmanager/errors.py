"""How Alertmanager's API v2 refuses: its own refusals are a JSON string, its framework's an object.

Codes from 600 on are those of go-openapi's ``errors`` package; they go out with the status 422.
"""

from typing import Any

import orjson

from labkit.sandbox.faces.prometheus.call import Reply


class Refusal(Exception):
    """An answer that is no answer; ``said`` is the body's JSON, or ``None`` for an empty body."""

    def __init__(self, code: int, said: Any) -> None:
        super().__init__(str(said))
        self.reply = Reply(code, b"" if said is None else orjson.dumps(said))


def framed(code: int, message: str) -> Refusal:
    """A refusal by the framework."""
    return Refusal(code if code < 600 else 422, {"code": code, "message": message})


def invalid_type(name: str, place: str, wanted: str, given: str) -> Refusal:
    """A value that is not of its type."""
    return framed(601, f'{name} in {place} must be of type {wanted}: "{given}"')


def required(name: str) -> Refusal:
    """A field of a body that must be there."""
    return framed(602, f"{name} in body is required")
