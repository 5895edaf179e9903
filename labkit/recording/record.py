"""Making a recording of a time range: chunk by chunk from the APIs, redacted, and put together at the end."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from labkit.clock import Millis, parse_rfc3339
from labkit.recording import staleness
from labkit.recording.chunks import Chunks, Plan, alone
from labkit.recording.jaeger import Jaeger
from labkit.recording.kubernetes import ObjectSource
from labkit.recording.loki import Loki
from labkit.recording.prometheus import Prometheus, usual_step
from labkit.recording.redaction import Redaction
from labkit.signals import dataset_writer, series_parquet, spans_parquet, streams_parquet
from labkit.signals.dataset import Manifest
from labkit.signals.dataset_writer import About, Signals
from labkit.signals.parquet import EVER
from labkit.signals.samples import SampleStore
from labkit.signals.series import Metadata, Selected
from labkit.signals.spans import SpanStore
from labkit.signals.streams import StreamStore

Progress = Callable[[str, int, int], None]
"""Called with a signal's name, how many of its chunks are finished, and how many there are."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where to record from; ``rules``, ``dashboards`` and ``alertmanager`` are texts that are at hand."""

    prometheus: Prometheus | None = None
    loki: Loki | None = None
    jaeger: Jaeger | None = None
    cluster: ObjectSource | None = None
    rules: dict[str, str] = field(default_factory=dict)
    dashboards: dict[str, str] = field(default_factory=dict)
    alertmanager: str | None = None


def record(
    target: Path, plan: Plan, sources: Sources, about: Callable[[Millis | None], About], *,
    redaction: Redaction | None = None, replace: bool = False, progress: Progress = lambda *_: None,
) -> Manifest:  # fmt: skip
    """Record ``plan`` into the folder ``target``; what an interrupted run has finished is not asked for again.

    ``about`` is given the usual distance of two samples. Raises :class:`DatasetError`.
    """
    part = dataset_writer.begin(target, replace=replace)
    with alone(part):
        recorder = _Recorder(Chunks(part, plan), redaction or Redaction(), progress)
        signals = recorder.signals(sources)
        step = usual_step(signals.series.select([], *EVER)) if signals.series is not None else None
        manifest = dataset_writer.write(target, about(step), signals, replace=replace, part=part / "whole")
    shutil.rmtree(part)
    return manifest


@dataclass(frozen=True)
class _Recorder:
    chunks: Chunks
    redaction: Redaction
    progress: Progress

    def signals(self, sources: Sources) -> Signals:
        """Everything the sources have, as it may be seen."""
        prometheus = sources.prometheus
        metadata = self._document("metadata.json", dict[str, Metadata], prometheus.metadata) if prometheus else {}
        rules = self._document("rules.json", dict[str, str], prometheus.rules) if prometheus else {}
        cluster = sources.cluster
        objects = self._document("objects.json", list[dict[str, Any]], cluster.objects) if cluster else []
        return Signals(
            series=self._series(prometheus, metadata, rules) if prometheus else None,
            streams=self._streams(sources.loki) if sources.loki else None,
            spans=self._spans(sources.jaeger) if sources.jaeger else None,
            objects=[one for one in objects if self._existed(one)],
            rules=rules | self.redaction.object(sources.rules),
            dashboards=self.redaction.object(sources.dashboards),
            alertmanager=self.redaction.object(sources.alertmanager),
        )

    def _existed(self, object: dict[str, Any]) -> bool:
        """Whether an object was there at the end of the range, since objects are taken later."""
        created = object.get("metadata", {}).get("creationTimestamp")
        return not created or parse_rfc3339(created) <= self.chunks.plan.end

    def _series(self, prometheus: Prometheus, metadata: dict[str, Metadata], rules: dict[str, str]) -> SampleStore:
        def fetch(start: Millis, end: Millis) -> Iterable[Selected]:
            return self.redaction.series(SampleStore(), prometheus.series(start, end)).select([], *EVER)

        paths = self._each("series", fetch, series_parquet.write)
        joined = SampleStore()
        for path in paths:
            for one in series_parquet.read(path).select([], *EVER):
                joined.append(one.labels, one.times, one.values)
        store = staleness.marked(joined.select([], *EVER), staleness.intervals_of(rules), self.chunks.plan.end)
        names = {labels.name for labels in store.series([], *EVER)}
        store.metadata.update({name: known for name, known in metadata.items() if _described(name, names)})
        return store

    def _streams(self, loki: Loki) -> StreamStore:
        def fetch(start: Millis, end: Millis) -> Any:
            return _merged(map(self.redaction.stream, loki.streams(start * 1_000_000, end * 1_000_000)))

        store = StreamStore()
        for path in self._each("logs", fetch, streams_parquet.write):
            for stream in streams_parquet.read(path).select([], *EVER):
                for time, line in zip(stream.times.tolist(), stream.lines, strict=True):
                    store.write(stream.labels, time, line)
        return store

    def _spans(self, jaeger: Jaeger) -> SpanStore:
        def fetch(start: Millis, end: Millis) -> Any:
            return list(map(self.redaction.span, jaeger.spans(start * 1000, end * 1000)))

        store = SpanStore()
        seen: set[tuple[str, str, str]] = set()
        for path in self._each("traces", fetch, spans_parquet.write):
            for span in spans_parquet.read(path).spans(*EVER):
                key = span.trace_id, span.span_id, span.kind  # a trace is found in every chunk that it touches
                if key not in seen:
                    seen.add(key)
                    store.add(span)
        return store

    def _each(
        self, signal: str, fetch: Callable[[Millis, Millis], Any], write: Callable[[Path, Any], int]
    ) -> Sequence[Path]:
        """The files of all chunks of a signal, made as far as they are not there."""
        ranges = list(self.chunks.plan.chunks())
        paths = []
        for index, (start, end) in enumerate(ranges):
            self.progress(signal, index, len(ranges))
            name = f"{signal}-{index:06}.parquet"
            paths.append(self.chunks.finish(name, lambda path, s=start, e=end: write(path, fetch(s, e))))  # type: ignore[misc]
        self.progress(signal, len(ranges), len(ranges))
        return paths

    def _document(self, name: str, kind: type[Any], fetch: Callable[[], Any]) -> Any:
        """What is asked for once, kept as JSON, without what must not be seen."""
        path = self.chunks.finish(
            name,
            lambda path: path.write_bytes(msgspec.json.encode(self.redaction.object(msgspec.to_builtins(fetch())))),
        )
        return msgspec.json.decode(path.read_bytes(), type=kind)


def _merged(streams: Iterable[Any]) -> Any:
    """Streams that redaction has made one, their lines in the order of time."""
    lines: dict[Any, list[tuple[int, str]]] = {}
    for stream in streams:
        lines.setdefault(stream.labels, []).extend(zip(stream.times.tolist(), stream.lines, strict=True))
    store = StreamStore()
    for labels, found in lines.items():
        for time, line in sorted(found, key=lambda one: one[0]):
            store.write(labels, time, line)
    return store.select([], *EVER)


def _described(name: str, series: set[str]) -> bool:
    """Whether a metric has series: of its own name, or of those of a histogram's or summary's parts."""
    return any(name + suffix in series for suffix in ("", "_bucket", "_count", "_sum", "_total", "_info", "_created"))
