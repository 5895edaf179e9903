"""Metrics as text: both forms, and what is neither."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.errors import DatasetError
from labkit.recording.exposition import parse
from labkit.signals.labels import Labels
from labkit.signals.series import Metadata

OPENMETRICS = r"""# HELP hits Requests\nby "route".
# TYPE hits counter
# UNIT hits requests
hits_total{route="/a \"b\" {c}",le="1"} 17.0 1520879607.789 # {trace="x"} 0.5 1520879607.1
hits_total{route="/a \"b\" {c}",le="1"} 1.8e1 1520879622.789
empty{} +Inf 1.5
# EOF
"""
PROMETHEUS = """
# a remark, and a metric without a type
up 1 1395066363000
up{job="é\\\\\\n"} NaN -5
# TYPE up untyped
"""


def test_openmetrics_has_seconds_types_and_exemplars():
    found = parse(OPENMETRICS, "f")
    labels = Labels({"__name__": "hits_total", "route": '/a "b" {c}', "le": "1"}.items())
    assert found.series[labels] == ([1520879607789, 1520879622789], [17.0, 18.0])
    assert found.series[Labels([("__name__", "empty")])] == ([1500], [math.inf])
    assert found.metadata == {"hits": Metadata("counter", 'Requests\nby "route".')}


def test_prometheus_own_form_has_milliseconds():
    found = parse(PROMETHEUS, "f")
    assert found.series[Labels([("__name__", "up")])] == ([1395066363000], [1.0])
    times, values = found.series[Labels({"__name__": "up", "job": "é\\\n"}.items())]
    assert times == [-5]
    assert math.isnan(values[0])
    assert found.metadata["up"].type == "unknown"


def test_a_time_for_all_that_have_none():
    assert parse("up 1\n", "f", at=7).series[Labels([("__name__", "up")])] == ([7], [1.0])


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("up 1\n", 1, "has no time"),
        ("up 1 5\nup 1 5\n", 2, "second sample at the same time"),
        ("up 1 5\nup 1 4\n", 2, "goes back in time"),
        ("up one 5\n", 1, "'one' is no number"),
        ("up 1_000 5\n", 1, "is no number"),
        ('up{a="1",a="2"} 1 5\n', 1, "twice"),
        ("up{a=1} 1 5\n", 1, "not a label"),
        ('up{a="1" 1 5\n', 1, "not a sample"),
        ('{a="1"} 1 5\n', 1, "no metric's name"),
        ("up 1 nan\n", 1, "is no time"),
        ("up1\n", 1, "not a sample"),
        ("up 1 1e300\n", 1, "no time of the years"),
        ("a" * 200_000 + "{\n", 1, "not a sample"),
        ("up" + " " * 200_000 + "{\n", 1, "not a sample"),
        ("up " + "1" * 200_000 + "x 5\n", 1, "is no number"),
        ("up 1 5 6 7\n", 1, "not a sample"),
        ("up 1 5\n# EOF\nup 1 6\n", 3, "after # EOF"),
    ],
)  # fmt: skip
def test_what_is_no_metric_is_named_by_line(text, line, says):
    with pytest.raises(DatasetError, match=says) as caught:
        parse(text, "file.txt")
    assert caught.value.where == f"file.txt:{line}"
    assert caught.value.remedy


VALUE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(
    labels=st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True), VALUE, max_size=3),
    time=st.integers(-(10**12), 10**12), value=st.floats(allow_nan=False),
)  # fmt: skip
def test_what_is_written_is_read(labels, time, value):
    def quoted(text):
        return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    inner = ",".join(f'{name}="{quoted(text)}"' for name, text in labels.items())
    found = parse(f"m{{{inner}}} {value!r} {time}\n", "f")
    ((read, (times, values)),) = found.series.items()
    assert read == Labels({"__name__": "m", **labels}.items())
    assert times == [time]
    assert struct.pack("<d", values[0]) == struct.pack("<d", value)
