"""Durations and sizes, in the notations and the words of Go's libraries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.logql.units import duration, go_duration, number, prometheus_duration, size, written_duration, written_range


@given(nanos=st.integers(-(2**62), 2**62))
def test_a_written_duration_is_read_back(nanos: int) -> None:
    assert go_duration(written_duration(nanos)) == nanos


@given(millis=st.integers(0, 10**12))
def test_a_written_range_is_read_back(millis: int) -> None:
    assert prometheus_duration(written_range(millis * 10**6)) == millis * 10**6


@pytest.mark.parametrize(
    ("text", "nanos"),
    [("1h15m30.918s", 4_530_918_000_000), ("-1.5h", -5_400_000_000_000), ("0", 0), (".5s", 500_000_000), ("1d", 86_400 * 10**9),
     ("3us4µs5ns", 7_005), ("1w", 604_800 * 10**9)],
)  # fmt: skip
def test_a_duration(text: str, nanos: int) -> None:
    assert duration(text) == nanos


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", 'time: invalid duration ""'), ("5", 'time: missing unit in duration "5"'), ("x", 'time: invalid duration "x"'),
     ("5x", 'time: unknown unit "x" in duration "5x"'), ("9999999999h", 'time: invalid duration "9999999999h"')],
)  # fmt: skip
def test_what_is_no_duration_of_gos(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r"^time: ") as caught:
        go_duration(text)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "empty duration string"), ("5minutes", 'unknown unit "minutes" in duration "5minutes"'),
     ("5s5m", 'not a valid duration string: "5s5m"'), ("1.5h", 'not a valid duration string: "1.5h"'),
     ("300y", "duration out of range")],
)  # fmt: skip
def test_what_is_no_duration_of_prometheus(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match="duration") as caught:
        prometheus_duration(text)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("text", "number"),
    [("42", 42), ("42B", 42), ("1KB", 1000), ("1kib", 1024), ("1.5 MB", 1_500_000), ("1,005.03 MB", 1_005_030_000),
     ("2 GiB", 2 * 1024**3), ("1T", 10**12), ("0.1KB", 100)],
)  # fmt: skip
def test_a_size(text: str, number: int) -> None:
    assert size(text) == number


@pytest.mark.parametrize("text", ["", "KB", "1 XB", "1..2B", "-1B", "1 kilobyte"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match=r"unhandled size name|invalid syntax"):
        size(text)


@pytest.mark.parametrize("text", ["1_000", " 1", "1 ", "0x", "e5", "--1", "١"])
def test_python_takes_more_for_numbers_than_go(text: str) -> None:
    with pytest.raises(ValueError, match="invalid syntax"):
        number(text)
