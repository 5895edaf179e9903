"""Parameters are read as upstream reads them, and refused in its words."""

import pytest

from labkit.sandbox.faces.prometheus.parameters import BEGIN, END, ParameterError, Parameters


def given(text: str) -> Parameters:
    return Parameters([("p", text), ("limit", text)])


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1", 1000), ("1.5", 1500), ("1.0006", 1001), ("-1.5", -1500), ("1e3", 1_000_000), (".5", 500), ("1_0", 10_000),
        ("1970-01-01T00:00:01Z", 1000), ("1970-01-01T01:00:01.5+01:00", 1500),
        ("1970-01-01T00:00:01.123456789Z", 1123), ("-292273086-05-16T16:47:06Z", BEGIN),
        ("292277025-08-18T07:12:54.999999999Z", END),
    ],
)  # fmt: skip
def test_a_time(text: str, time: int) -> None:
    assert given(text).time("p") == given(text).time_or("p", 7) == time


@pytest.mark.parametrize(
    "text", ["x", " 1", "1 ", "NaN", "+Inf", "1e300", "1970-13-01T00:00:00Z", "1970-01-01", "0x1", "١"]
)
def test_no_time(text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        given(text).time("p")
    assert str(caught.value) == f'invalid parameter "p": cannot parse "{text}" to a valid timestamp'
    with pytest.raises(ParameterError, match="invalid time value for 'p': cannot parse"):
        given(text).time_or("p", 7)


def test_a_time_that_is_not_given() -> None:
    assert Parameters([]).time_or("p", 7) == 7
    with pytest.raises(ParameterError, match='cannot parse "" to a valid timestamp'):
        Parameters([]).time("p")


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("15", 15_000), ("0.0015", 1), ("-1", -1000), ("1h30m", 5_400_000), ("1y2w3d4h5m6s7ms", 33_019_506_007),
        ("0", 0), ("NaN", 0), ("1.5e1", 15_000),
    ],
)  # fmt: skip
def test_a_duration(text: str, duration: int) -> None:
    assert given(text).duration("p") == duration


@pytest.mark.parametrize("text", ["", "x", "1x", "m", "1m1h", "1.5h", "-1h", "300y", "9" * 99 + "y"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ParameterError, match="to a valid duration"):
        given(text).duration("p")


def test_a_duration_that_no_integer_holds() -> None:
    with pytest.raises(ParameterError, match=r"It overflows int64"):
        given("1e300").duration("p")


@pytest.mark.parametrize(("text", "limit"), [("", 0), ("0", 0), ("5", 5), ("+5", 5)])
def test_a_limit(text: str, limit: int) -> None:
    assert given(text).limit() == limit


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-1", "limit must be non-negative"), ("x", 'strconv.Atoi: parsing "x": invalid syntax'),
        ("1.5", 'strconv.Atoi: parsing "1.5": invalid syntax'),
        ("9" * 5000, f'strconv.Atoi: parsing "{"9" * 5000}": value out of range'),
    ],
)  # fmt: skip
def test_no_limit(text: str, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        given(text).limit()
    assert str(caught.value) == f'invalid parameter "limit": {message}'
