"""The face answers from whatever holds series: a world's scrapes, a recording, the results of rules, or all together."""

from typing import Any

import numpy as np
import pytest

from labkit.clock import EPOCH, SECOND
from labkit.signals.joined import Joined
from labkit.signals.samples import SampleStore
from labkit.signals.series import Labels, SeriesStore
from labkit.signals.source import SeriesSource
from tests.sandbox.faces.conftest import NOW

LABELS = [Labels([("__name__", "up"), ("job", job), ("instance", f"{job}:80")]) for job in ("a", "b")]
TIMES = EPOCH + np.arange(7, dtype=np.int64) * 15 * SECOND


def scraped(*labels: Labels) -> SeriesStore:
    store = SeriesStore()
    block = store.block(list(labels))
    for time in TIMES.tolist():
        block.append(time, np.ones(len(labels)))
    return store


def recorded(*labels: Labels) -> SampleStore:
    store = SampleStore()
    for series in labels:
        store.append(series, TIMES, np.ones(len(TIMES)))
    return store


SOURCES = {
    "scrapes": scraped(*LABELS),
    "recording": recorded(*LABELS),
    "both": Joined(scraped(LABELS[0]), recorded(LABELS[1])),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_source_is_answered_from_alike(ask: Any, source: SeriesSource) -> None:
    def data(path: str, *params: tuple[str, str]) -> Any:
        code, body = ask(path, *params, source=source)
        assert code == 200
        return body["data"]

    when = (("start", str(EPOCH // SECOND)), ("end", str(NOW // SECOND)), ("step", "30"))
    assert [one["metric"]["job"] for one in data("query", ("query", "up"))["result"]] == ["a", "b"]
    assert [len(one["values"]) for one in data("query_range", ("query", "up"), *when)["result"]] == [4, 4]
    assert [one["job"] for one in data("series", ("match[]", "up"))] == ["a", "b"]
    assert data("labels") == ["__name__", "instance", "job"]
    assert data("label/job/values") == data("label/job/values", ("match[]", "up")) == ["a", "b"]
    assert [one["scrapePool"] for one in data("targets")["activeTargets"]] == ["a", "b"]
    assert data("status/tsdb")["headStats"]["numSeries"] == 2
