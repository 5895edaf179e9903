r"""The little protobuf that kubectl sends where it knows no JSON: review objects in a ``k8s`` envelope.

The envelope is ``k8s\0`` and a ``runtime.Unknown`` (1: TypeMeta {1: apiVersion, 2: kind}, 2: raw).
Field numbers are those of the public ``generated.proto`` files of k8s.io/api.
"""

from collections.abc import Iterator
from typing import Any

from labkit.kube.status import StatusError, bad_request

MAGIC = b"k8s\0"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Fields = dict[int, Any]
"""Field number → (JSON name, nested fields or ``str`` or ``bytes``)."""

_RESOURCE: Fields = {
    1: ("namespace", str), 2: ("verb", str), 3: ("group", str), 4: ("version", str), 5: ("resource", str),
    6: ("subresource", str), 7: ("name", str),
}  # fmt: skip
_ACCESS: Fields = {
    1: ("resourceAttributes", _RESOURCE),
    2: ("nonResourceAttributes", {1: ("path", str), 2: ("verb", str)}),
}

MESSAGES: dict[str, Fields] = {
    "SelfSubjectAccessReview": {1: ("metadata", {}), 2: ("spec", _ACCESS), 3: ("status", {})},
    "SelfSubjectRulesReview": {1: ("metadata", {}), 2: ("spec", {1: ("namespace", str)}), 3: ("status", {})},
    "SelfSubjectReview": {1: ("metadata", {}), 2: ("status", {})},
}


def decode(body: bytes) -> dict[str, Any]:
    """The object in an envelope, as its JSON form; 415 for a message that is not in :data:`MESSAGES`."""
    if not body.startswith(MAGIC):
        raise bad_request("the body is not a Kubernetes protobuf message: it does not begin with k8s\\0")
    envelope = _message(
        body[len(MAGIC) :], {1: ("type", {1: ("apiVersion", str), 2: ("kind", str)}), 2: ("raw", bytes)}
    )
    type_ = envelope.get("type", {})
    fields = MESSAGES.get(type_.get("kind", ""))
    if fields is None:
        raise StatusError(
            415,
            "UnsupportedMediaType",
            f"the body of the request was in an unknown format - {type_.get('kind', 'it')} in protobuf is not accepted",
        )
    return {**type_, **_message(envelope.get("raw", b""), fields)}


def _message(data: bytes, fields: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, value in _pairs(data):
        if number not in fields:
            continue
        name, kind = fields[number]
        if isinstance(kind, dict):
            found[name] = _message(value, kind) if isinstance(value, bytes) else {}
        elif kind is str:
            found[name] = _text(value) if isinstance(value, bytes) else ""
        else:
            found[name] = value
    return found


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise bad_request("malformed protobuf: a string is not UTF-8") from error


def _pairs(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Field numbers and raw values of a message, by the wire format of protocol buffers."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == _BYTES:
            length, at = _varint(data, at)
        elif wire in (_FIXED64, _FIXED32):
            length = 8 if wire == _FIXED64 else 4
        else:
            raise bad_request(f"malformed protobuf: wire type {wire}")
        if at + length > len(data):
            raise bad_request("malformed protobuf: a field is longer than its message")
        yield number, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise bad_request("malformed protobuf: a number does not end")
