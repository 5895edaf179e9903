"""APIs of Prometheus, Loki and Jaeger over stores in memory, as :class:`labkit.recording.http.Api` answers them."""

import re
from collections import Counter

import msgspec
import numpy as np

from labkit.clock import EPOCH, HOUR, MINUTE
from labkit.errors import DatasetError
from labkit.signals.labels import NAME, Labels
from labkit.signals.matcher import Match, Matcher
from labkit.signals.samples import SampleStore
from labkit.signals.spans import Event, Span, SpanQuery, SpanStore
from labkit.signals.streams import StreamStore

START, END = EPOCH, EPOCH + 2 * HOUR + 17 * MINUTE

_PART = re.compile(r'(\w+)(=~|=)"([^"]*)"')


class FakeApi:
    """Answers from ``series``, ``streams`` and ``spans``; ``closed`` is the range boundary of Prometheus 2."""

    def __init__(self, series=None, streams=None, spans=None, *, closed=False):
        self.series, self.streams, self.spans, self.closed = series, streams, spans, closed
        self.asked = Counter()
        self.fails_after = None

    def get(self, path, parameters, kind):
        self.asked[path] += 1
        if self.fails_after is not None and sum(self.asked.values()) > self.fails_after:
            raise DatasetError("the API is away")
        given = dict(parameters)
        answers = {
            "/api/v1/query": self._query, "/api/v1/metadata": lambda _: {}, "/api/v1/rules": lambda _: {"groups": []},
            "/loki/api/v1/labels": self._names, "/loki/api/v1/query_range": self._lines,
            "/api/services": lambda _: self.spans.services(), "/api/traces": self._traces,
        }  # fmt: skip
        return msgspec.convert({"data": answers[path](given)}, kind)

    post = get

    def _query(self, given):
        selector, milliseconds = re.fullmatch(r"(.*)\[(\d+)ms\]", given["query"]).groups()
        end = round(float(given["time"]) * 1000)
        start = end - int(milliseconds) + (not self.closed)
        assert selector == '{__name__=~".+"}'
        found = self.series.select([], start, end)
        return {"result": [
            {"metric": dict(one.labels), "values": [
                (time / 1000, str(value)) for time, value in zip(one.times.tolist(), one.values.tolist(), strict=True)]}
            for one in found
        ]}  # fmt: skip

    def _names(self, given):
        return sorted({name for labels in self.streams.streams([], -(2**62), 2**62) for name, _ in labels})

    def _lines(self, given):
        assert given["direction"] == "forward"
        ops = {"=": Match.EQUAL, "=~": Match.REGEX}
        matchers = [Matcher(name, ops[op], value) for name, op, value in _PART.findall(given["query"])]
        found = self.streams.select(matchers, int(given["start"]), int(given["end"]))
        lines = sorted(
            (
                (time, index, line)
                for index, one in enumerate(found)
                for time, line in zip(one.times.tolist(), one.lines, strict=True)
            ),
            key=lambda one: one[:2],
        )[: int(given["limit"])]
        values = {}
        for time, index, line in lines:
            values.setdefault(index, []).append([str(time), line])
        return {"result": [{"stream": dict(found[index].labels), "values": rows} for index, rows in values.items()]}

    def _traces(self, given):
        query = SpanQuery(
            service=given["service"], start=int(given["start"]), end=int(given["end"]), limit=int(given["limit"])
        )
        return [_trace(spans) for spans in self.spans.search(query)]


def _trace(spans):
    processes = {f"p{index}": span for index, span in enumerate(spans)}
    return {
        "traceID": spans[0].trace_id,
        "spans": [
            {
                "traceID": span.trace_id, "spanID": span.span_id, "operationName": span.operation,
                "startTime": span.start, "duration": span.duration, "processID": name, "tags": _tags(span.tags),
                "references": [{"refType": "CHILD_OF", "traceID": span.trace_id, "spanID": span.parent_id}] if span.parent_id else [],
                "logs": [{"timestamp": event.time, "fields": _tags(event.fields)} for event in span.events],
            }
            for name, span in processes.items()
        ],
        "processes": {name: {"serviceName": span.service, "tags": _tags(span.process)} for name, span in processes.items()},
    }  # fmt: skip


def _tags(tags):
    types = {bool: "bool", int: "int64", float: "float64", str: "string"}
    return [{"key": key, "type": types[type(value)], "value": value} for key, value in tags.items()]


def system():
    """Series, log streams and spans of a bit more than two hours."""
    series, streams, spans = SampleStore(), StreamStore(), SpanStore()
    scrapes = np.arange(START, END + 1, 15_000, dtype=np.int64)
    target = {"job": "api", "instance": "a:1"}
    series.append(Labels({NAME: "up", **target}.items()), scrapes, np.ones(len(scrapes)))
    series.append(Labels({NAME: "hits_total", **target}.items()), scrapes, np.arange(len(scrapes), dtype=float))
    gone = scrapes[: len(scrapes) // 2]
    series.append(Labels({NAME: "gone", **target}.items()), gone, np.full(len(gone), np.inf))
    odd = np.array([START, START + HOUR - 1, START + HOUR, START + HOUR + 1, END], np.int64)
    series.append(Labels({NAME: "odd", "job": "x"}.items()), odd, np.array([1.5, 2, 3, 4, -0.0]))
    for minute in range(137):
        for labels in ({"app": "api"}, {"app": "worker", "pod": "w-0"}, {"pod": "lone"}):
            at = (START + minute * MINUTE) * 1_000_000
            streams.write(Labels(labels.items()), at + minute, f"line {minute} ä")
            streams.write(Labels(labels.items()), at + minute, f"line {minute} again")
        trace = f"{minute:032x}"
        at = (START + minute * MINUTE) * 1000
        spans.add(Span(trace_id=trace, span_id=f"{minute:016x}", service="api", operation="GET /", start=at, duration=7,
                       tags={"span.kind": "server", "code": 200, "ok": True, "f": 2.0}, process={"pod": "a"},
                       events=(Event(time=at, fields={"event": "x"}),)))  # fmt: skip
        spans.add(Span(trace_id=trace, span_id=f"{minute + 999:016x}", parent_id=f"{minute:016x}", service="worker",
                       operation="run", start=at + 4_000_000_000 // 2, duration=9))  # fmt: skip
    return series, streams, spans
