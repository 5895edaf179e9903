"""The hash of a series is Prometheus'."""

import pytest

from labkit.promql.hashing import share, xxh64
from labkit.signals.labels import Labels


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"", 0xEF46DB3751D8E999),
        (b"a", 0xD24EC4F1A98C6E5B),
        (b"abc", 0x44BC2CF5AD770999),
        (b"Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1),
    ],
)
def test_it_is_xxhash64(data: bytes, value: int) -> None:
    assert xxh64(data) == value


def test_a_text_stands_after_its_length() -> None:
    assert share(Labels([("a", "b")])) == xxh64(b"\x01a\x01b") / (2**64 - 1)
    long = "x" * 300
    assert share(Labels([("a", long)])) == xxh64(b"\x01a\xff\x2c\x01\x00" + long.encode()) / (2**64 - 1)
