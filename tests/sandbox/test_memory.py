"""What was freed goes back to the machine, also from below what is still in use."""

import os

import pytest

from labkit.sandbox import memory


@pytest.mark.skipif("glibc" not in str(getattr(os, "confstr", lambda _: "")("CS_GNU_LIBC_VERSION")), reason="glibc's")
def test_freed_memory_is_given_back():
    many = [bytes(1_000) for _ in range(200_000)]
    kept = many[::1_000]
    del many
    before = memory.resident()
    assert memory.release()
    assert before - memory.resident() > 50_000_000
    assert len(kept) == 200
