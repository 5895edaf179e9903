"""Stale markers, which Prometheus' API does not show, found again by the rule by which Prometheus wrote them.

When a target is scraped and a series that was there before is not, the series gets a marker at the time of
that scrape (https://prometheus.io/docs/prometheus/latest/querying/basics/#staleness). The time of each
scrape is that of the target's ``up``. A series with timestamps of its own gets no markers, and is told by
samples that lie between the scrapes. A target that itself has gone leaves no scrape to find one by. What a rule
writes gets a marker at the next evaluation of its group that does not write it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import yaml

from labkit.clock import SECOND, Millis
from labkit.errors import DatasetError
from labkit.signals.labels import Labels
from labkit.signals.samples import SampleStore
from labkit.signals.series import STALE, Selected, Times

_ALERTS = ("ALERTS", "ALERTS_FOR_STATE")
_TARGET = ("job", "instance")


def marked(series: Iterable[Selected], intervals: Mapping[str, Millis] | None = None, end: Millis = 0) -> SampleStore:
    """The series with the markers that they had, up to ``end``.

    ``intervals`` are those of the groups of rules, by what a rule records or the name of its alert.
    """
    selected = list(series)
    scrapes = {one.labels.only(_TARGET): one.times for one in selected if one.labels.name == "up"}
    store = SampleStore()
    shared: dict[bytes, Times] = {}
    for one in selected:
        times, values = one.times, one.values
        interval = (intervals or {}).get(one.labels.get("alertname") if one.labels.name in _ALERTS else one.labels.name)
        scraped = scrapes.get(one.labels.only(_TARGET))
        ends = _unwritten(times, interval, end) if interval else _ends(times, scraped)
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


def _unwritten(times: Times, interval: Millis, end: Millis) -> Times:
    """When the evaluations were due that a rule wrote nothing in after it had; half an interval late is in time."""
    missed: Times = times[np.diff(times, append=end) > interval + interval // 2] + interval
    return missed


def intervals_of(rules: Mapping[str, str]) -> dict[str, Millis]:
    """The intervals of the groups in rule files, as :mod:`labkit.recording.prometheus` writes them."""
    found: dict[str, Millis] = {}
    for text in rules.values():
        for group in _groups(text):
            for rule in group["rules"]:
                if "interval" in group:
                    found[rule.get("record") or rule["alert"]] = _milliseconds(group["interval"])
    return found


def _groups(text: str) -> list[dict[str, Any]]:
    try:
        groups: list[dict[str, Any]] = yaml.safe_load(text)["groups"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise DatasetError(
            f"a rule file is none after redaction: {error}", remedy="let the replacement be a plain word"
        ) from error
    return groups


def _milliseconds(duration: str) -> Millis:
    return int(duration[:-2]) if duration.endswith("ms") else int(duration[:-1]) * SECOND
