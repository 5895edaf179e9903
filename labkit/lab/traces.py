"""Traces over Jaeger's query API, answered as frames: many as a list, one as a waterfall.

The form of requests and answers is that of Jaeger's ``/api`` (``model/json``): times and durations are microseconds.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd

from labkit.clock import SECOND, Millis
from labkit.errors import QueryError
from labkit.lab.draw.page import badge, code, listing, remark
from labkit.lab.draw.palette import BAD
from labkit.lab.draw.svg import Markup, text
from labkit.lab.draw.units import SECONDS
from labkit.lab.draw.waterfall import Bar, durations, waterfall
from labkit.lab.frames import About, Answer
from labkit.lab.http import Api

LIMIT = 20
"""Traces that are fetched of each service, as in Jaeger's own search, unless another number is asked for."""
DRAWN = 50
_MICROS = 1_000
_COLUMNS = ["time", "trace", "service", "operation", "duration", "spans", "errors"]
_SPAN_COLUMNS = ["start", "service", "operation", "duration", "depth", "error", "span", "parent", "tags"]


class TraceFrame(Answer):
    """A row a trace, the newest first: time, id, root service and operation, duration, spans, spans that failed."""

    _NOTHING = "No traces."

    def _listing(self) -> list[Markup]:
        if not set(_COLUMNS) <= set(self.columns):
            return super()._listing()
        shown = self.head(DRAWN)
        bars = durations(shown["duration"].dt.total_seconds().tolist(), (shown["errors"] > 0).tolist())
        rows = [
            (text(f"{row['time']:%H:%M:%S.%f}"[:-3]), code(row["trace"]), text(f"{row['service']}: {row['operation']}"), bar,
             text(row["spans"]), badge(f"{row['errors']} failed", BAD) if row["errors"] else text(""))
            for row, bar in zip(shown.to_dict("records"), bars, strict=True)
        ]  # fmt: skip
        more = f", the first {DRAWN} drawn" if len(self) > DRAWN else ""
        said = f"{len(self):,} traces{more}. One of them as a waterfall: lab.trace(id)"
        return [remark(said), listing(("time (UTC)", "trace", "root", "duration", "spans", ""), rows)]


class SpanFrame(Answer):
    """A row a span of one trace, children below their parents: start (UTC), duration, depth, and what it carries."""

    def _listing(self) -> list[Markup]:
        if not set(_SPAN_COLUMNS) <= set(self.columns):
            return super()._listing()
        begin, failed = self["start"].min(), int(self["error"].sum())
        total = ((self["start"] + self["duration"]).max() - begin).total_seconds()
        said = (
            f"{self.about.query} · {begin:%Y-%m-%d %H:%M:%S.%f}"[:-3]
            + f" UTC · {SECONDS.text(total)} · {len(self)} spans"
        )
        bars = [_bar(row, begin) for row in self.to_dict("records")]
        return [remark(said + (f" · {failed} failed" if failed else "")), waterfall(bars)]


def _bar(row: Mapping[Any, Any], begin: pd.Timestamp) -> Bar:
    start = (row["start"] - begin).total_seconds()
    return Bar(
        row["service"],
        row["operation"],
        start,
        row["duration"].total_seconds(),
        row["depth"],
        bool(row["error"]),
        row["tags"],
    )


def services(url: str) -> list[str]:
    """The services that have traces."""
    return sorted(_api(url).get("/api/services")["data"] or [])


def search(
    url: str,
    start: Millis,
    end: Millis,
    wanted: Mapping[str, str],
    service: str | None,
    tags: Mapping[str, object],
    limit: int,
) -> TraceFrame:
    """The newest traces between two times; ``wanted`` are Jaeger's own parameters. Without a service, of every one.

    Raises :class:`QueryError` in Jaeger's words, and if there is no such service.
    """
    known = services(url)
    if service is not None and service not in known:
        raise QueryError(f"no service {service!r} has traces", remedy=f"services: {', '.join(known) or 'none yet'}")
    asked = {**wanted, "start": str(start * _MICROS), "end": str(end * _MICROS), "limit": str(limit)}
    if tags:
        asked["tags"] = json.dumps({name: _written(value) for name, value in tags.items()})
    names = [service] if service is not None else known
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = pool.map(
            lambda name: _api(url).get("/api/traces", {"service": name, **asked}.items(), query=str(name)), names
        )
        found = {trace["traceID"]: trace for answer in answers for trace in answer["data"] or ()}
    hint = (
        "" if found else f"No trace between the two times passes. Services with traces: {', '.join(known) or 'none'}."
    )
    about = About("traces", hint=hint, span=(start / SECOND, end / SECOND))
    rows = sorted((_summary(trace) for trace in found.values()), key=lambda row: row[0], reverse=True)[:limit]
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    return TraceFrame.of(_typed(frame, "time"), about)


def trace(url: str, identity: str) -> SpanFrame:
    """One trace; raises :class:`QueryError` if Jaeger does not know it."""
    found = _api(url).get(f"/api/traces/{identity}", query=identity)["data"]
    if not found:
        raise QueryError("trace not found", where=identity, remedy="lab.traces() lists those that are there")
    return span_frame(found[0])


def span_frame(one: Mapping[str, Any]) -> SpanFrame:
    """The frame of a trace in Jaeger's JSON. A span whose parent is missing counts as a root."""
    rows = [_row(span, depth, one["processes"]) for span, depth in _nested(one["spans"])]
    return SpanFrame.of(_typed(pd.DataFrame(rows, columns=_SPAN_COLUMNS), "start"), About(f"trace {one['traceID']}"))


def _api(url: str) -> Api:
    return Api("Jaeger", url)


def _typed(frame: pd.DataFrame, moment: str) -> pd.DataFrame:
    """Microseconds as times and durations."""
    frame[moment] = pd.to_datetime(frame[moment].astype("int64"), unit="us", utc=True)
    frame["duration"] = pd.to_timedelta(frame["duration"].astype("int64"), unit="us")
    return frame


def _summary(one: Mapping[str, Any]) -> tuple[Any, ...]:
    spans = one["spans"]
    root, _ = next(iter(_nested(spans)))
    start, end = min(span["startTime"] for span in spans), max(span["startTime"] + span["duration"] for span in spans)
    service = one["processes"][root["processID"]]["serviceName"]
    failed = sum(_failed(_tags(span)) for span in spans)
    return start, one["traceID"], service, root["operationName"], end - start, len(spans), failed


def _row(span: Mapping[str, Any], depth: int, processes: Mapping[str, Any]) -> tuple[Any, ...]:
    tags = _tags(span) | _logged(span)
    service = processes[span["processID"]]["serviceName"]
    return (
        span["startTime"], service, span["operationName"], span["duration"], depth, _failed(tags), span["spanID"], _parent(span) or "", tags,
    )  # fmt: skip


def _nested(spans: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], int]]:
    """The spans, each after its parent and with its generation; siblings in the order of their start."""
    known = {span["spanID"] for span in spans}
    below: dict[str | None, list[Mapping[str, Any]]] = {}
    for span in sorted(spans, key=lambda span: (span["startTime"], -span["duration"])):
        parent = _parent(span)
        below.setdefault(parent if parent in known and parent != span["spanID"] else None, []).append(span)
    nested, waiting = [], [(span, 0) for span in reversed(below.get(None, []))]
    while waiting:
        span, depth = waiting.pop()
        nested.append((span, depth))
        waiting += [(child, depth + 1) for child in reversed(below.pop(span["spanID"], []))]
    placed = {id(span) for span, _ in nested}
    return nested + [(span, 0) for span in spans if id(span) not in placed]  # spans that are their own ancestors


def _parent(span: Mapping[str, Any]) -> str | None:
    return next(
        (reference["spanID"] for reference in span.get("references") or () if reference["refType"] == "CHILD_OF"), None
    )


def _tags(span: Mapping[str, Any]) -> dict[str, str]:
    return _pairs(span.get("tags") or ())


def _logged(span: Mapping[str, Any]) -> dict[str, str]:
    """What the span's log says, such as an exception's message."""
    return {f"log.{name}": value for log in span.get("logs") or () for name, value in _pairs(log["fields"]).items()}


def _pairs(fields: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {field["key"]: _written(field["value"]) for field in fields}


def _written(value: object) -> str:
    """A tag's value as text: Jaeger compares tags as text, booleans in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _failed(tags: Mapping[str, str]) -> bool:
    return tags.get("error") == "true" or tags.get("otel.status_code") == "ERROR"
