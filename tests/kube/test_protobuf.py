"""The little protobuf: what kubectl sends is read, and what nobody sends is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.kube import protobuf
from labkit.kube.status import StatusError


def field(number: int, value: bytes) -> bytes:
    length, size = len(value), b""
    while length > 0x7F:
        size, length = size + bytes([length & 0x7F | 0x80]), length >> 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + value


def envelope(kind: str, raw: bytes) -> bytes:
    type_ = field(1, b"authorization.k8s.io/v1") + field(2, kind.encode())
    return protobuf.MAGIC + field(1, type_) + field(2, raw)


@given(verb=st.text(max_size=300), resource=st.text(max_size=20), name=st.text(max_size=20))
def test_an_access_review_is_read(verb: str, resource: str, name: str) -> None:
    attributes = field(2, verb.encode()) + field(5, resource.encode()) + field(7, name.encode())
    review = protobuf.decode(envelope("SelfSubjectAccessReview", field(2, field(1, attributes))))
    assert review["kind"] == "SelfSubjectAccessReview"
    assert review["spec"]["resourceAttributes"] == {"verb": verb, "resource": resource, "name": name}


@given(st.binary(max_size=200))
def test_noise_is_a_bad_request_or_an_unsupported_type(noise: bytes) -> None:
    for body in (noise, protobuf.MAGIC + noise):
        with pytest.raises(StatusError) as caught:
            protobuf.decode(body)
        assert caught.value.code in (400, 415)


def test_a_message_we_do_not_know_is_an_unsupported_type() -> None:
    with pytest.raises(StatusError, match="Secret") as caught:
        protobuf.decode(envelope("Secret", b""))
    assert caught.value.code == 415
