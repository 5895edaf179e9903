"""The data of a panel: its queries, with the variables in them, asked of their datasources at once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.clock import SECOND, Millis
from labkit.errors import QueryError
from labkit.lab import traces
from labkit.lab.draw.names import full_name, short_names
from labkit.lab.frames import Answer
from labkit.lab.grafana.interpolation import Value, built_in, filled
from labkit.lab.grafana.model import Panel, Target
from labkit.lab.grafana.variables import Sources, kind_of
from labkit.lab.logs import LIMIT, LogFrame, logs
from labkit.lab.prometheus import RESOLUTION

Floats = NDArray[np.float64]
_LABEL = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")
_DURATION = re.compile(r"^\s*[<>]?\s*(\d+)(ms|s|m|h|d)\s*$")
_TAG = re.compile(r'([\w.-]+)="?([^"\s]*)"?')
"""A tag of a search in Jaeger, in the manner of logfmt."""
_UNITS: Mapping[str, Millis] = {"ms": 1, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND, "d": 86400 * SECOND}
_ROUND = (
    1, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 7 * 86400,
)  # fmt: skip
"""Distances of points that Grafana rounds to, in seconds."""


@dataclass(frozen=True)
class Series:
    """One series that a query gave: times in seconds since the epoch; ``ref`` is its query's letter.

    ``name`` is Grafana's, by which overrides match; ``shown`` is for a reader, shorter where no legend is asked for.
    """

    ref: str
    name: str
    shown: str
    labels: Mapping[str, str]
    times: Floats
    values: Floats


@dataclass
class Data:
    """All that a panel's queries gave."""

    series: list[Series] = field(default_factory=list)
    logs: LogFrame | None = None
    traces: Answer | None = None
    notes: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    step: Millis = RESOLUTION


def fetched(panel: Panel, pixels: int, values: Mapping[str, Value], sources: Sources, title: str) -> Data:
    """Ask every query of ``panel``; raises :class:`QueryError` in a server's words, with the query as it was sent."""
    interval = interval_of(panel, sources.end - sources.start, pixels, values)
    known = {**built_in(sources.start, sources.end, interval, RESOLUTION, title), **values}
    data = Data(step=interval)
    for target in panel.targets:
        if not target.hide:
            _ask(panel, target, known, sources, data)
    return data


def interval_of(panel: Panel, span: Millis, pixels: int, values: Mapping[str, Value]) -> Millis:
    """``$__interval``: the range over the points that the panel has room for, rounded, and not below its least."""
    least = millis(filled(panel.interval or "", values)) or RESOLUTION
    rough = span / (panel.max_data_points or max(pixels, 100)) / SECOND
    rounded = next((step for step in _ROUND if step >= rough * 0.999), _ROUND[-1]) * SECOND
    return max(least, rounded)


def millis(text: str) -> Millis | None:
    """A duration as Grafana's fields hold it (``30s``, ``>1m``); ``None`` if there is none."""
    found = _DURATION.match(text)
    return int(found[1]) * _UNITS[found[2]] if found else None


def _ask(panel: Panel, target: Target, known: Mapping[str, Value], sources: Sources, data: Data) -> None:
    kind = kind_of(target.datasource, known) or kind_of(panel.datasource, known) or "prometheus"
    if kind == "jaeger":
        data.traces = _traces(target, known, sources)
        return
    query = filled(target.expr, known)
    if not query.strip():
        return
    data.queries.append(query)
    if kind == "loki":
        _ask_loki(panel, target, query, sources, data)
    elif kind == "prometheus":
        _ask_prometheus(target, query, known, sources, data)
    else:
        raise QueryError(f"queries of a datasource of type {kind} are not drawn", where=query)


def _ask_prometheus(target: Target, query: str, known: Mapping[str, Value], sources: Sources, data: Data) -> None:
    api = sources.api("prometheus")
    step = millis(filled(target.interval, known)) or data.step
    if target.instant:
        answer = api.post("/api/v1/query", [("query", query), ("time", str(sources.end / SECOND))], query=query)
    else:
        start, end = (moment // step * step for moment in (sources.start, sources.end))
        span = [("start", str(start / SECOND)), ("end", str(end / SECOND)), ("step", str(step / SECOND))]
        answer = api.post("/api/v1/query_range", [("query", query), *span], query=query)
    data.notes += [*answer.get("warnings", ()), *answer.get("infos", ())]
    data.series += series_of(answer["data"], target, query, sources)


def _ask_loki(panel: Panel, target: Target, query: str, sources: Sources, data: Data) -> None:
    if panel.type == "logs":
        found = logs(sources.api("loki").url, query, sources.start, sources.end, limit=target.max_lines or LIMIT)
        data.logs = found if isinstance(found, LogFrame) else None
        data.notes += found.about.notes
        return
    span = [
        ("start", str(sources.start * 1_000_000)),
        ("end", str(sources.end * 1_000_000)),
        ("step", f"{data.step / SECOND:g}"),
    ]
    answer = sources.api("loki").get("/loki/api/v1/query_range", [("query", query), *span], query=query)
    data.series += series_of(answer["data"], target, query, sources)


def _traces(target: Target, known: Mapping[str, Value], sources: Sources) -> Answer:
    """The traces of a search, or the one whose id is asked for."""
    url = sources.api("jaeger").url
    if target.query_type != "search" and target.query:
        return traces.trace(url, filled(target.query, known))
    texts = {"operation": target.operation, "minDuration": target.min_duration, "maxDuration": target.max_duration}
    wanted = {name: filled(text, known) for name, text in texts.items() if text and text != "All"}
    tags = dict(_TAG.findall(filled(target.tags, known)))
    service = filled(target.service, known) or None
    return traces.search(url, sources.start, sources.end, wanted, service, tags, target.limit or traces.LIMIT)


def series_of(answer: Mapping[str, Any], target: Target, query: str, sources: Sources) -> list[Series]:
    """The series of an answer's ``data``, named as the query's legend asks."""
    result = answer["result"]
    if answer["resultType"] == "scalar":
        result = [{"metric": {}, "value": result}]
    elif answer["resultType"] not in {"vector", "matrix"}:
        return []
    metrics = [one["metric"] for one in result]
    names = [_named(labels, target.legend_format, query) for labels in metrics]
    plain = target.legend_format in {"", "__auto"} and len(metrics) > 1
    shown = short_names(metrics) if plain else names
    return [
        Series(target.ref_id, name, short, one["metric"], *_points(one))
        for name, short, one in zip(names, shown, result, strict=True)
    ]


def _points(one: Mapping[str, Any]) -> tuple[Floats, Floats]:
    pairs: Sequence[tuple[float, str]] = one.get("values") or [one["value"]]
    times, texts = zip(*pairs, strict=True)
    return np.array(times, np.float64), np.array([float(text) for text in texts], np.float64)


def _named(labels: Mapping[str, str], legend: str, query: str) -> str:
    """The legend of a series: ``{{pod}}`` is its label; without a format, or ``__auto``, its labels, or the query."""
    if legend and legend != "__auto":
        return _LABEL.sub(lambda found: labels.get(found[1], ""), legend)
    return full_name(labels) if labels else query
