"""Answers of Prometheus' API as frames. The answers are in the form its documentation prints."""

import math

import pandas as pd

from labkit.lab import prometheus

UP = {"__name__": "up", "job": "api"}


def matrix(*series):
    return {"resultType": "matrix", "result": [{"metric": metric, "values": values} for metric, values in series]}


def test_a_vector_is_a_row_a_series_with_its_value_last():
    frame = prometheus.instant_frame(
        {
            "resultType": "vector",
            "result": [
                {"metric": {**UP, "instance": "a"}, "value": [1435781451.781, "1"]},
                {"metric": {**UP, "zone": "z"}, "value": [1435781451.781, "NaN"]},
            ],
        }
    )
    assert list(frame.columns) == ["__name__", "instance", "job", "zone", "value"]
    assert frame.iloc[0, -1] == 1.0
    assert math.isnan(frame.iloc[1, -1])


def test_a_scalar_an_empty_vector_and_a_value_without_labels():
    assert prometheus.instant_frame({"resultType": "scalar", "result": [1, "2.5"]}).iloc[-1, -1] == 2.5
    empty = prometheus.instant_frame({"resultType": "vector", "result": []})
    assert empty.empty
    assert list(empty.columns) == ["value"]
    one = prometheus.instant_frame({"resultType": "vector", "result": [{"metric": {}, "value": [1, "3"]}]})
    assert (list(one.columns), one.iloc[-1, -1]) == (["value"], 3.0)


def test_a_matrix_has_a_row_a_time_in_utc_and_a_gap_where_there_was_no_sample():
    frame = prometheus.range_frame(
        matrix(({**UP, "pod": "a"}, [[10, "1"], [25, "2"]]), ({**UP, "pod": "b"}, [[25, "+Inf"], [40, "4"]]))
    )
    assert list(frame.columns) == ["a", "b"]
    assert frame.columns.name == "pod"
    assert list(frame.index) == [pd.Timestamp(second, unit="s", tz="UTC") for second in (10, 25, 40)]
    assert math.isnan(frame.loc[frame.index[0], "b"])
    assert frame["b"].iloc[1] == math.inf


def test_columns_are_named_by_what_differs():
    several = prometheus.range_frame(matrix(({"a": "1", "b": "1"}, [[0, "1"]]), ({"a": "2"}, [[0, "1"]])))
    assert list(several.columns) == ["a=1, b=1", "a=2"]
    assert list(prometheus.range_frame(matrix((UP, [[0, "1"]]))).columns) == ["up"]
    assert list(prometheus.range_frame(matrix(({}, [[0, "1"]]))).columns) == ["value"]


def test_an_empty_matrix_is_an_empty_frame_with_a_time_axis():
    frame = prometheus.range_frame(matrix())
    assert frame.empty
    assert str(frame.index.tz) == "UTC"


def test_it_plots_itself():
    frame = prometheus.range_frame(matrix(({"pod": "a"}, [[10, "1"], [25, "2"]]), ({"pod": "b"}, [[10, "3"]])))
    axes = frame.plot(title="t")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]
    assert axes.get_legend().get_title().get_text() == "pod"


def test_times_are_whole_milliseconds():
    frame = prometheus.range_frame(matrix((UP, [[1795556601.912, "1"], [1795556616.912, "1"]])))
    assert frame.index[0] == pd.Timestamp("2026-11-24T21:43:21.912Z")
