"""Stale markers found again: where a scrape missed a series that the one before had, and nowhere else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from labkit.recording.staleness import intervals_of, marked
from labkit.signals.labels import NAME, Labels
from labkit.signals.parquet import EVER
from labkit.signals.series import STALE, Selected, SeriesStore, is_stale

TARGET = {"job": "a", "instance": "b:1"}
UP = Labels({NAME: "up", **TARGET}.items())
OTHER = Labels({NAME: "m", **TARGET}.items())


def one(labels, times):
    return Selected(labels, np.array(times, np.int64), np.ones(len(times)))


def markers(*series):
    found = {each.labels: each for each in marked(series).select([], *EVER)}
    return {labels: each.times[is_stale(each.values)].tolist() for labels, each in found.items()}


@given(there=st.lists(st.booleans(), min_size=1, max_size=30))
def test_they_are_those_that_the_writer_of_scrapes_makes(there):
    """SeriesStore marks as Prometheus does: from what is left of its samples the same markers follow."""
    store = SeriesStore()
    for index, present in enumerate(there):
        block = store.block([UP, OTHER] if present else [UP])
        block.append(index * 15_000, np.ones(1 + present))
    written = store.select([], *EVER)
    shown = [
        Selected(each.labels, *(part[~is_stale(each.values)] for part in (each.times, each.values))) for each in written
    ]
    for expected, got in zip(
        written, sorted(marked(shown).select([], *EVER), key=lambda each: each.labels != UP), strict=True
    ):
        assert expected.labels == got.labels
        assert expected.times.tolist() == got.times.tolist()
        assert expected.values.view(np.uint64).tolist() == got.values.view(np.uint64).tolist()


def test_a_series_with_times_of_its_own_is_left_alone():
    assert markers(one(UP, [0, 10, 20, 30]), one(OTHER, [0, 11, 20])) == {UP: [], OTHER: []}


def test_a_series_of_no_target_is_left_alone():
    rule = Labels({NAME: "job:m:sum"}.items())
    assert markers(one(UP, [0, 10, 20]), one(rule, [0])) == {UP: [], rule: []}
    assert np.isnan(STALE)


def test_what_a_rule_wrote_ends_with_the_next_evaluation_that_does_not_write_it():
    rule, alert = (Labels(pairs.items()) for pairs in ({NAME: "job:m:sum"}, {NAME: "ALERTS", "alertname": "Down"}))
    series = [one(rule, [0, 30_000, 60_000, 150_000]), one(alert, [0, 30_100, 61_000])]
    intervals = intervals_of(
        {"f": "groups: [{name: g, interval: 30s, rules: [{record: 'job:m:sum', expr: m}, {alert: Down, expr: m}]}]"}
    )
    found = {
        each.labels: each.times[is_stale(each.values)].tolist()
        for each in marked(series, intervals, 170_000).select([], *EVER)
    }
    assert found == {rule: [90_000], alert: [91_000]}
