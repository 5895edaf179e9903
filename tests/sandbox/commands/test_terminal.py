"""What replay makes of the keys that a terminal sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.sandbox.commands.terminal import without_interrupted


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (b"", b""),
        (b"SELECT 1;\r\x04", b"SELECT 1;\r\x04"),
        (b"SELECT pg_sleep(25);\r\x03", b""),
        (b"SELECT pg_sleep(25);\r\x03\x03\x03SELECT 2;\r", b"SELECT 2;\r"),
        (b"SELECT 1;\rSELECT pg_sleep(25);\r\x03SELECT 2;\r", b"SELECT 1;\rSELECT 2;\r"),
        (b"SELECT 1;\nSELECT pg_sleep(25);\r\n\x03\\q\n", b"SELECT 1;\n\\q\n"),
        (b"SELECT 1;\rSELEC\x03SELECT 2;\r", b"SELECT 1;\rSELECT 2;\r"),
        (b"one\r\x03two\r\x03three\r", b"three\r"),
        (b"\x03\x03SELECT 1;\r", b"SELECT 1;\r"),
        (b"SELECT '\xff\x0b\x85';\rpg\x03", b"SELECT '\xff\x0b\x85';\r"),
    ],
)
def test_an_interrupted_line_is_left_out(typed, kept):
    assert without_interrupted(typed) == kept


LINES = st.lists(st.tuples(st.binary(max_size=5).filter(lambda x: not set(x) & {3, 10, 13}), st.booleans()), max_size=9)


@given(LINES)
def test_the_lines_that_were_not_interrupted_stay(lines: list[tuple[bytes, bool]]):
    typed = b"".join(line + (b"\r\x03" if interrupted else b"\r") for line, interrupted in lines)
    assert without_interrupted(typed) == b"".join(line + b"\r" for line, interrupted in lines if not interrupted)


def test_a_whole_line_of_keys_is_quick():
    assert without_interrupted(b"x" * 1_000_000) == b"x" * 1_000_000
