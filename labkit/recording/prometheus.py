"""Reading a Prometheus by its HTTP API: raw samples, metadata and rules.

An instant query of a range selector gives the samples themselves, with their own timestamps
(https://prometheus.io/docs/prometheus/latest/querying/api/#range-vectors). Prometheus 2 includes a
range's first moment and Prometheus 3 does not; what is outside the wanted range is left out here.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import msgspec
import numpy as np
import yaml

from labkit.clock import SECOND, Millis
from labkit.errors import DatasetError
from labkit.recording.http import Api, RefusedError, error_of, plausible
from labkit.signals.labels import Labels
from labkit.signals.series import Floats, Metadata, Selected, Times

EVERYTHING = '{__name__=~".+"}'
_NORMAL_NAN = np.uint64(0x7FF8000000000001).view(np.float64)
"""The NaN that Prometheus computes with; the API says only 'NaN' (upstream ``model/value/value.go``)."""


class _Series(msgspec.Struct):
    metric: dict[str, str]
    values: list[tuple[float, str]] = []
    histograms: list[Any] = []


class _Result(msgspec.Struct):
    result: list[_Series]


class _Answer(msgspec.Struct):
    data: _Result


class _Known(msgspec.Struct):
    data: dict[str, list[Metadata]]


class _Rules(msgspec.Struct):
    data: dict[str, list[dict[str, Any]]]


class Prometheus:
    """A Prometheus, and the series of it that are wanted."""

    def __init__(self, api: Api, selectors: Sequence[str] = ()) -> None:
        self._api = api
        self._selectors = tuple(selectors) or (EVERYTHING,)

    def series(self, start: Millis, end: Millis) -> list[Selected]:
        """The samples with ``start <= time < end``; a range that is too much for the server is asked for in halves."""
        found: dict[Labels, tuple[Times, Floats]] = {}
        for selector in self._selectors:
            for one in self._samples(selector, start, end):
                found.setdefault(one.labels, (one.times, one.values))
        return [Selected(labels, *found[labels]) for labels in sorted(found)]

    def metadata(self) -> dict[str, Metadata]:
        """Type and help of the metrics; of a metric that targets describe differently, the first's."""
        known = self._api.get("/api/v1/metadata", [], _Known)
        return {name: entries[0] for name, entries in sorted(known.data.items()) if entries}

    def rules(self) -> dict[str, str]:
        """The rule files by name, written anew from what Prometheus evaluates."""
        groups = self._api.get("/api/v1/rules", [], _Rules).data.get("groups", [])
        files: dict[str, list[dict[str, Any]]] = {}
        with plausible("/api/v1/rules"):
            for group in groups:
                files.setdefault(_file_name(str(group.get("file", ""))), []).append(_group(group))
        return {
            name: yaml.safe_dump({"groups": files[name]}, sort_keys=False, allow_unicode=True, width=120)
            for name in sorted(files)
        }

    def _samples(self, selector: str, start: Millis, end: Millis) -> list[Selected]:
        # The range ends with the last moment that is wanted and begins before the first, for both versions' boundaries.
        question = [("query", f"{selector}[{end - start}ms]"), ("time", _seconds(end - 1))]
        try:
            answer = self._api.post("/api/v1/query", question, _Answer)
        except RefusedError as error:
            if end - start > SECOND and _is_too_much(error):
                middle = (start + end) // 2
                return _joined(self._samples(selector, start, middle), self._samples(selector, middle, end))
            raise
        times: dict[bytes, Times] = {}
        with plausible(selector):
            found = [_selected(one, start, end, times) for one in answer.data.result]
        return [one for one in found if len(one.times)]


def _selected(series: _Series, start: Millis, end: Millis, shared: dict[bytes, Times]) -> Selected:
    if series.histograms:
        raise DatasetError(
            f"{Labels(series.metric.items())} is a native histogram, which a recording cannot hold",
            remedy="leave it out: --match",
        )
    stamps = np.array([time for time, _ in series.values], np.float64)
    times = np.rint(stamps * SECOND).astype(np.int64)
    values = np.array([float(value) for _, value in series.values], np.float64)
    values[np.isnan(values)] = _NORMAL_NAN
    if (np.diff(stamps) <= 0).any():
        raise ValueError(f"the samples of {Labels(series.metric.items())} are not in the order of time")
    wanted = (times >= start) & (times < end)
    times = times[wanted]
    return Selected(Labels(series.metric.items()), shared.setdefault(times.tobytes(), times), values[wanted])


def _joined(early: list[Selected], late: list[Selected]) -> list[Selected]:
    found = {one.labels: one for one in early}
    for one in late:
        if before := found.get(one.labels):
            times: Times = np.concatenate([before.times, one.times])
            values: Floats = np.concatenate([before.values, one.values])
            found[one.labels] = Selected(one.labels, times, values)
        else:
            found[one.labels] = one
    return list(found.values())


def _is_too_much(error: RefusedError) -> bool:
    """Whether half the range may go: too many samples, or no answer within the server's own time."""
    said = error_of(error.body)
    return said.get("errorType") == "timeout" or "too many samples" in str(said.get("error", ""))


def _seconds(time: Millis) -> str:
    return f"{time // SECOND}.{time % SECOND:03d}"


def _file_name(path: str) -> str:
    stem = re.sub(r"[^A-Za-z0-9._-]", "-", PurePosixPath(path).stem).strip(".-") or "rules"
    return f"{stem}.yaml"


def _group(group: dict[str, Any]) -> dict[str, Any]:
    """A group as a rule file writes it."""
    found: dict[str, Any] = {"name": group["name"]}
    if group.get("interval"):
        found["interval"] = _duration(group["interval"])
    if group.get("limit"):
        found["limit"] = group["limit"]
    return found | {"rules": [_rule(rule) for rule in group.get("rules", ())]}


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    found = {"alert" if rule.get("type") == "alerting" else "record": rule["name"], "expr": rule["query"]}
    for field, key in (("for", "duration"), ("keep_firing_for", "keepFiringFor")):
        if rule.get(key):
            found[field] = _duration(rule[key])
    return found | {field: dict(rule[field]) for field in ("labels", "annotations") if rule.get(field)}


def _duration(seconds: float) -> str:
    return f"{seconds:.0f}s" if float(seconds).is_integer() else f"{seconds * SECOND:.0f}ms"


def usual_step(series: Sequence[Selected]) -> Millis | None:
    """The distance of two samples that most samples have to the next; ``None`` where no series has two."""
    arrays = {id(one.times): one.times for one in series}
    often = Counter(id(one.times) for one in series)  # series that are scraped together share their times
    gaps: Counter[Millis] = Counter()
    for key, times in arrays.items():
        distances, counts = np.unique(np.diff(times), return_counts=True)
        for gap, count in zip(distances.tolist(), counts.tolist(), strict=True):
            gaps[gap] += count * often[key]
    return max(sorted(gaps), key=lambda gap: gaps[gap]) if gaps else None
