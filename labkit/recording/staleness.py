"""Stale markers, which Prometheus' API does not show, found again by the rule by which Prometheus wrote them.

When a target is scraped and a series that was there before is not, the series gets a marker at the time of
that scrape (https://prometheus.io/docs/prometheus/latest/querying/basics/#staleness). The time of each
scrape is that of the target's ``up``. A series with timestamps of its own gets no markers, and is told by
samples that lie between the scrapes. A target that itself has gone leaves no scrape to find one by.
"""

from collections.abc import Iterable

import numpy as np

from labkit.signals.labels import Labels
from labkit.signals.samples import SampleStore
from labkit.signals.series import STALE, Selected, Times

_TARGET = ("job", "instance")


def marked(series: Iterable[Selected]) -> SampleStore:
    """The series with the markers that they had."""
    selected = list(series)
    scrapes = {one.labels.only(_TARGET): one.times for one in selected if one.labels.name == "up"}
    store = SampleStore()
    shared: dict[bytes, Times] = {}
    for one in selected:
        times, values = one.times, one.values
        ends = _ends(times, scrapes.get(one.labels.only(_TARGET)))
        if len(ends):
            times, values = np.concatenate([times, ends]), np.concatenate([values, np.full(len(ends), STALE)])
            order = np.argsort(times, kind="stable")
            times, values = times[order], values[order]
            times = shared.setdefault(times.tobytes(), times)
        store.append(Labels(one.labels), times, values)
    return store


def _ends(times: Times, scrapes: Times | None) -> Times:
    """The scrapes in which a series was missed that had been in the scrape before."""
    if scrapes is None or len(scrapes) < 2 or times is scrapes:
        return np.empty(0, np.int64)
    there = np.isin(scrapes, times, assume_unique=True)
    if there.sum() < len(times):
        return np.empty(0, np.int64)  # it has times of its own
    return scrapes[1:][there[:-1] & ~there[1:]]
