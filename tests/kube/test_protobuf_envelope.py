"""The envelope and messages that kubectl sends, encoded here by the wire format's own rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.kube import protobuf
from labkit.kube.status import StatusError


def field(number: int, value: bytes) -> bytes:
    size, length = b"", len(value)
    while length > 0x7F:
        size, length = size + bytes([length & 0x7F | 0x80]), length >> 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + value


def envelope(kind: str, raw: bytes) -> bytes:
    type_ = field(1, b"authorization.k8s.io/v1") + field(2, kind.encode())
    return b"k8s\0" + field(1, type_) + field(2, raw) + field(3, b"") + field(4, b"")


def test_an_access_review() -> None:
    asked = field(1, b"shop") + field(2, b"get") + field(3, b"apps") + field(5, b"deployments") + field(7, b"web")
    found = protobuf.decode(envelope("SelfSubjectAccessReview", field(2, field(1, asked))))
    assert found["kind"] == "SelfSubjectAccessReview"
    assert found["spec"]["resourceAttributes"] == {
        "namespace": "shop", "verb": "get", "group": "apps", "resource": "deployments", "name": "web",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{}", 400), (envelope("Secret", b""), 415), (b"k8s\0\x0a\x7f", 400), (b"k8s\0\xff", 400), (b"k8s\0\x0b", 400),
        (envelope("SelfSubjectRulesReview", field(2, field(1, b"\xff\xfe"))), 400),
    ],
)  # fmt: skip
def test_what_is_no_review_is_refused(body: bytes, code: int) -> None:
    with pytest.raises(StatusError) as caught:
        protobuf.decode(body)
    assert caught.value.code == code


@given(st.binary(max_size=64))
def test_any_bytes_are_decoded_or_refused(noise: bytes) -> None:
    for body in (b"k8s\0" + noise, envelope("SelfSubjectAccessReview", noise)):
        try:
            protobuf.decode(body)
        except StatusError as error:
            assert error.code in (400, 415)  # noqa: PT017
