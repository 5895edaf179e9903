"""Warnings and infos of answers, with the place in the query that they come from."""

import numpy as np
import pytest

from labkit.promql import Annotations, Engine, Options
from labkit.signals.labels import Labels
from labkit.signals.samples import SampleStore

STEP = 15_000


@pytest.fixture(scope="module")
def engine() -> Engine:
    store = SampleStore()
    times = np.arange(1, 41) * STEP
    for name in ("load", "jobs_total", "x_bucket"):
        store.append(Labels([("__name__", name), ("le", "1")]), times, np.arange(40.0))
    return Engine(store)


def said(engine: Engine, query: str) -> tuple[list[str], list[str]]:
    annotations = engine.instant(query, 40 * STEP).annotations
    assert annotations == engine.range(query, 39 * STEP, 40 * STEP, STEP).annotations
    return annotations.warnings, annotations.infos


def test_most_answers_need_no_word(engine: Engine) -> None:
    for query in ("load", "rate(jobs_total[5m])", "quantile(0.5, load)", "histogram_quantile(0.5, x_bucket)", "1"):
        assert said(engine, query) == ([], [])
    assert engine.instant("1", 0).annotations == Annotations()


def test_a_counter_is_known_by_its_name(engine: Engine) -> None:
    text = 'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "load"'
    assert said(engine, "sum(rate(load[5m]))") == ([], [f"{text} (1:10)"])
    assert said(engine, "1 +\n increase(load[5m])") == ([], [f"{text} (2:11)"])
    assert said(engine, "rate(load[5m]) + rate(load[1m])") == ([], [f"{text} (1:23)", f"{text} (1:6)"])
    assert said(engine, "delta(load[5m]) + irate(load[5m])") == ([], [])
    assert said(engine, "rate(load[10s])") == ([], [])  # of no answer nothing is said
    assert said(engine, "rate(sum(load)[5m:1m])") == ([], [])  # nor of what has no name


@pytest.mark.parametrize(
    ("query", "warning"),
    [
        ("quantile(2, load)", "quantile value should be between 0 and 1, got 2 (1:10)"),
        ("quantile(-0.25, load)", "quantile value should be between 0 and 1, got -0.25 (1:10)"),
        ("quantile_over_time(NaN, load[5m])", "quantile value should be between 0 and 1, got NaN (1:20)"),
        ("histogram_quantile(1e7, x_bucket)", "quantile value should be between 0 and 1, got 1e+07 (1:20)"),
        ("limit_ratio(-1.5, load)", "ratio value should be between -1 and 1, got -1.5, capping to -1 (1:13)"),
        (
            'histogram_quantile(0.5, label_replace(x_bucket, "le", "", "le", ".*"))',
            'bucket label "le" is missing or has a malformed value of "" for metric name "x_bucket" (1:25)',
        ),
    ],
)
def test_what_may_not_be_meant_is_warned_of(engine: Engine, query: str, warning: str) -> None:
    assert said(engine, query) == ([f"PromQL warning: {warning}"], [])


def test_names_that_go_late_are_told_of(engine: Engine) -> None:
    late = Engine(engine._source, Options(delayed_names=True))
    query = 'label_replace(rate(jobs_total[5m]), "of", "$1", "__name__", "(.*)_total")'
    assert engine.instant(query, 40 * STEP).labels == [Labels([("le", "1")])]
    assert late.instant(query, 40 * STEP).labels == [Labels([("le", "1"), ("of", "jobs")])]
