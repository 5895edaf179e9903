"""LogQL over Loki's HTTP API, answered as frames: log lines as a list to read, counts of them as a chart.

The form of requests and answers: https://grafana.com/docs/loki/latest/reference/loki-http-api/. Times are nanoseconds.
"""

from dataclasses import replace
from typing import Any

import pandas as pd

from labkit import logql
from labkit.clock import SECOND, Millis
from labkit.errors import LabkitError
from labkit.lab import prometheus
from labkit.lab.draw import scale, units
from labkit.lab.draw.loglist import Entry, loglist
from labkit.lab.draw.page import remark
from labkit.lab.draw.svg import Markup
from labkit.lab.draw.units import Unit
from labkit.lab.frames import About, Answer
from labkit.lab.http import Api
from labkit.logql import syntax

LIMIT = 500
"""Lines that are fetched, the newest, unless another number is asked for."""
DRAWN = 200
"""Lines of a frame that are drawn."""
_NANOS = 1_000_000
_UNITS = {
    "count_over_time": units.SHORT, "rate": units.PER_SECOND, "bytes_over_time": units.BYTES, "bytes_rate": units.BYTES_A_SECOND,
}  # fmt: skip
_LEFT = frozenset(("and", "unless", "==", "!=", ">", ">=", "<", "<="))
"""Operators that give values of their left side."""


class LogFrame(Answer):
    """A row a line, the newest first: ``time`` (UTC), a column a label, ``line``."""

    _NOTHING = "No lines."

    def _listing(self) -> list[Markup]:
        if not {"time", "line"} <= set(self.columns):
            return super()._listing()
        return self.listed()

    def listed(self, height: str = "36em") -> list[Markup]:
        """The lines, to be scrolled in ``height``: a length of CSS, or ``none`` where they stand in something that scrolls."""
        shown = self.head(DRAWN)
        days = {moment.date() for moment in shown["time"]}
        form = "%H:%M:%S.%f" if len(days) == 1 else "%m-%d %H:%M:%S.%f"
        said = [f"{len(self):,} lines" + (f", the first {DRAWN} drawn" if len(self) > DRAWN else "")]
        lines = shown["line"].tolist()
        common = [f"{name}={one}" for name, one in self.about.common.items() if not all(one in line for line in lines)]
        said += [", ".join(common)] if common else []
        said += [scale.span(shown["time"].iloc[-1].timestamp(), shown["time"].iloc[0].timestamp())]
        return [remark(" · ".join(said)), loglist(_entries(shown, form), height)]


def _entries(frame: pd.DataFrame, form: str) -> list[Entry]:
    labels = [name for name in frame.columns if name not in {"time", "line"}]
    return [
        Entry(row["time"].strftime(form)[:-3], {name: row[name] for name in labels if isinstance(row[name], str)}, str(row["line"]))
        for row in frame.to_dict("records")
    ]  # fmt: skip


def logs(url: str, query: str, start: Millis, end: Millis, *, limit: int = LIMIT, step: Millis | None = None) -> Answer:
    """The newest ``limit`` lines of a log query, or of a metric query its values; raises :class:`QueryError`."""
    step = step or prometheus.step_of(end - start)
    asked = {
        "query": query, "start": str(start * _NANOS), "end": str(end * _NANOS), "limit": str(limit),
        "step": f"{step / SECOND:g}", "direction": "backward",
    }  # fmt: skip
    answer = Api("Loki", url).get("/loki/api/v1/query_range", asked.items(), query=query)
    data, span = answer["data"], (start / SECOND, end / SECOND)
    if data["resultType"] != "streams":
        return _counted(data, About(query, _unit(query), tuple(answer.get("warnings", ())), span=span))
    frame = stream_frame(
        data, About(query, notes=tuple(answer.get("warnings", ())), span=span, hint=_hint(url, data, query))
    )
    if len(frame) < limit:
        return frame
    more = f"There may be more: only the newest {limit} lines were asked for (limit)."
    return LogFrame.of(frame, replace(frame.about, notes=(*frame.about.notes, more)))


def stream_frame(data: dict[str, Any], about: About) -> LogFrame:
    """The frame of streams, the newest line first; what Loki calls structured metadata stands among the labels."""
    rows = [
        {"time": int(value[0]), **stream["stream"], **_metadata(value), "line": value[1]}
        for stream in data["result"]
        for value in stream["values"]
    ]
    labels = sorted({name for row in rows for name in row} - {"time", "line"})
    frame = pd.DataFrame(rows, columns=["time", *labels, "line"])
    frame = frame.sort_values("time", ascending=False, kind="stable", ignore_index=True)
    frame["time"] = pd.to_datetime(frame["time"].astype("int64"), unit="ns", utc=True)
    common = prometheus.common([stream["stream"] for stream in data["result"]])
    return LogFrame.of(frame, replace(about, common=common))


def _metadata(value: list[Any]) -> dict[str, str]:
    """What stands beside a line: its labels, or groups of them where the client asked for groups."""
    extra = value[2] if len(value) > 2 and isinstance(value[2], dict) else {}
    flat: dict[str, str] = {}
    for name, one in extra.items():
        flat |= one if isinstance(one, dict) else {name: one}
    return flat


def _counted(data: dict[str, Any], about: About) -> Answer:
    """A metric query's answer, which has Prometheus' form."""
    return prometheus.range_frame(data, prometheus.described(about, data))


def _unit(query: str) -> Unit:
    """What the values of a metric query are in; :data:`units.NONE` if it cannot be told."""
    try:
        return _measured(logql.parse(query))
    except LabkitError:  # Loki, newer than this parser, has answered it
        return units.NONE


def _measured(node: syntax.Query) -> Unit:
    """The unit of a syntax tree: lines and bytes are counted, of an unwrapped label nothing is known."""
    if isinstance(node, syntax.RangeAggregation):
        return _UNITS.get(node.op, units.NONE) if node.range.unwrap is None else units.NONE
    if isinstance(node, syntax.VectorAggregation):
        return units.SHORT if node.op == "count" else units.NONE if node.op == "stdvar" else _measured(node.inner)
    if isinstance(node, syntax.LabelReplace):
        return _measured(node.inner)
    return _combined(node) if isinstance(node, syntax.BinaryOperation) else units.NONE


def _combined(node: syntax.BinaryOperation) -> Unit:
    left, right = _measured(node.left), _measured(node.right)
    if node.op in _LEFT:
        return units.NONE if node.matching.as_bool else left
    if left != right or node.op not in {"+", "-", "/", "or"}:
        return units.NONE
    return units.SHARE if node.op == "/" and left != units.NONE else left


def _hint(url: str, data: dict[str, Any], query: str) -> str:
    """Of no lines: whether its streams are there at all."""
    from labkit.lab.hints import no_lines  # noqa: PLC0415  (needed only then)

    return "" if data["result"] else no_lines(Api("Loki", url), query)
