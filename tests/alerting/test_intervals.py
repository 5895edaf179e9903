"""Time intervals: what lies in them."""

from datetime import datetime

import msgspec
import pytest

from labkit.alerting.intervals import TimeInterval, within


@pytest.mark.parametrize(
    ("fields", "moment", "inside"),
    [
        ({}, "2025-11-28T12:00Z", True),
        ({"times": [{"start_time": "09:00", "end_time": "12:00"}]}, "2025-11-28T11:59Z", True),
        ({"times": [{"start_time": "09:00", "end_time": "12:00"}]}, "2025-11-28T12:00Z", False),
        ({"times": [{"start_time": "23:00", "end_time": "24:00"}]}, "2025-11-28T23:59Z", True),
        ({"weekdays": ["monday:friday"]}, "2025-11-28T12:00Z", True),
        ({"weekdays": ["Saturday", "sunday"]}, "2025-11-28T12:00Z", False),
        ({"days_of_month": ["-3:-1"]}, "2025-11-28T12:00Z", True),
        ({"days_of_month": ["-3:-1"]}, "2025-11-27T12:00Z", False),
        ({"days_of_month": ["29:31"]}, "2025-02-28T12:00Z", False),
        ({"days_of_month": ["1:-1"]}, "2025-02-28T12:00Z", True),
        ({"months": ["november", "1:2"]}, "2025-11-28T12:00Z", True),
        ({"years": ["2020:2024"]}, "2025-11-28T12:00Z", False),
        (
            {"times": [{"start_time": "13:00", "end_time": "14:00"}], "location": "Europe/Berlin"},
            "2025-11-28T12:30Z",
            True,
        ),
    ],
)
def test_a_time_lies_in_an_interval_or_not(fields, moment: str, inside: bool) -> None:
    interval = msgspec.convert(fields, TimeInterval)
    assert within((interval,))(round(datetime.fromisoformat(moment).timestamp() * 1000)) is inside


@pytest.mark.parametrize(
    "fields",
    [
        {"times": [{"start_time": "9"}]}, {"weekdays": ["friday:monday"]}, {"months": ["13"]}, {"days_of_month": ["-1:5"]},
        {"days_of_month": ["x"]}, {"years": ["x"]}, {"years": ["2025:2020"]}, {"location": "Nowhere/Land"},
    ],
)  # fmt: skip
def test_a_malformed_interval_is_refused(fields) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (each has its own words)
        within((msgspec.convert(fields, TimeInterval),))
