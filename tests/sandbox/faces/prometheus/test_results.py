"""Numbers and results are written as Prometheus writes them, bit for bit."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.promql import Matrix, Vector
from labkit.promql.numbers import encoded
from labkit.sandbox.faces.prometheus.results import cut, numbers, rendered
from labkit.signals.labels import Labels

A, B = Labels([("__name__", "a")]), Labels([("__name__", "b"), ("x", 'quote " and \\ and ü')])


def one_by_one(values: list[float]) -> list[str]:
    return [encoded(value) for value in values]


def in_bulk(values: list[float]) -> list[str]:
    return [text.decode() for text in numbers(np.array(values, np.float64))]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "-0"), (1.0, "1"), (0.1, "0.1"), (1e20, "100000000000000000000"), (1e21, "1e+21"),
        (1e-6, "0.000001"), (9.9e-7, "9.9e-07"), (123456789012345680.0, "123456789012345680"), (math.nan, "NaN"),
        (math.inf, "+Inf"), (-math.inf, "-Inf"), (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
        (2.0**53, "9007199254740992"), (-1.5, "-1.5"), (0.00001, "0.00001"),
    ],
)  # fmt: skip
def test_a_number_is_written_as_go_writes_it(value: float, text: str) -> None:
    """Expected texts are those of ``strconv.FormatFloat`` under upstream's choice of format."""
    assert in_bulk([value]) == [text]
    assert in_bulk([value, 0.5]) == [text, "0.5"]  # beside a number with a fraction another way is taken


@given(st.lists(st.floats(width=64)))
def test_many_numbers_are_written_as_each_alone(values: list[float]) -> None:
    assert in_bulk(values) == one_by_one(values)


@given(st.lists(st.integers(-(2**60), 2**60).map(float) | st.sampled_from([-0.0, 0.0])))
def test_whole_numbers_are_written_as_each_alone(values: list[float]) -> None:
    assert in_bulk(values) == one_by_one(values)


def test_a_matrix_shows_what_is_present_and_times_with_their_milliseconds() -> None:
    times = np.array([-1500, 0, 1500, 2005])
    values = np.array([[1.0, 2.0, 3.0, 4.5], [1.0, 2.0, np.nan, 4.0], [9.0, 9.0, 9.0, 9.0]])
    present = np.array([[True] * 4, [False, True, True, False], [False] * 4])
    text = b"{%b}" % b"".join(rendered(Matrix([A, B, A], times, values, present)))
    assert text.startswith(
        b'{"resultType":"matrix","result":[{"metric":{"__name__":"a"},"values":[[-1.500,"1"],[0,"2"]'
    )
    assert json.loads(text)["result"] == [
        {"metric": {"__name__": "a"}, "values": [[-1.5, "1"], [0, "2"], [1.5, "3"], [2.005, "4.5"]]},
        {"metric": dict(B), "values": [[0, "2"], [1.5, "NaN"]]},
    ]


def test_a_vector_without_series_is_an_empty_list() -> None:
    assert b"".join(rendered(Vector(0, [], np.empty(0)))) == b'"resultType":"vector","result":[]'


def test_a_limit_cuts_series_and_says_so() -> None:
    vector = Vector(0, [A, B], np.array([1.0, 2.0]))
    shown, more = cut(vector, 1)
    assert (shown.labels, more) == ([A], True)
    assert cut(vector, 0) == (vector, False)
    assert cut(vector, 2) == (vector, False)
