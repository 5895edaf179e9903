"""Writing a recording so that half of one is never read as whole.

All files go into ``NAME.part``, each forced to the disk, the manifest last; then the folder is renamed.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from labkit.clock import SECOND, Millis, rfc3339
from labkit.errors import DatasetError
from labkit.signals import series_parquet, spans_parquet, streams_parquet
from labkit.signals.data_card import card
from labkit.signals.dataset import (
    ALERTMANAGER,
    LOGS,
    MANIFEST,
    METADATA,
    NAME,
    OBJECTS,
    README,
    SERIES,
    SPANS,
    Contents,
    File,
    Manifest,
    sha256,
)
from labkit.signals.parquet import EVER
from labkit.signals.series import Metadata
from labkit.signals.source import SeriesSource, SpanSource, StreamSource


@dataclass(frozen=True, kw_only=True)
class About:
    """What the writer of a recording says of it; times are virtual or real, in milliseconds, both included."""

    name: str
    title: str
    origin: str
    licence: str
    start: Millis
    end: Millis
    description: str = ""
    step: Millis | None = None
    redactions: tuple[str, ...] = ()
    truth: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Signals:
    """What there is to write; ``rules`` and ``dashboards`` are texts by file name."""

    series: SeriesSource | None = None
    streams: StreamSource | None = None
    spans: SpanSource | None = None
    objects: Sequence[dict[str, Any]] = ()
    rules: Mapping[str, str] = field(default_factory=dict)
    dashboards: Mapping[str, str] = field(default_factory=dict)
    alertmanager: str | None = None


def write(target: Path, about: About, signals: Signals, *, replace: bool = False, part: Path | None = None) -> Manifest:
    """Write the recording ``target``, in the folder ``part`` until it is whole.

    Raises :class:`DatasetError` if there is one already and it may not ``replace``.
    """
    begun = begin(target, replace=replace)
    part = _empty(part or begun)
    contents = _write_signals(part, signals)
    manifest = Manifest(
        name=about.name, title=about.title, description=about.description, origin=about.origin,
        licence=about.licence, start=_moment(about.start), end=_moment(about.end),
        step=about.step / SECOND if about.step else None, contents=contents, redactions=about.redactions,
        truth=about.truth, files={},
    )  # fmt: skip
    (part / README).write_text(card(manifest), encoding="utf-8")
    manifest = msgspec.structs.replace(manifest, files=_files(part))
    (part / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    _publish(part, target)
    return manifest


def admit(target: Path, *, replace: bool = False) -> None:
    """Refuse a name that cannot be, and a recording that is there already, before any work is done."""
    if not NAME.fullmatch(target.name) or target.name.endswith(".part"):
        raise DatasetError(
            f"{target.name!r} cannot name a recording",
            remedy="use small letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 64",
        )
    if target.exists() and not replace:
        raise DatasetError("there is a recording already", where=str(target), remedy="name another, or add --replace")


def begin(target: Path, *, replace: bool = False) -> Path:
    """The folder ``NAME.part`` in which the recording ``target`` grows; what is in it already is kept."""
    admit(target, replace=replace)
    part = target.with_name(target.name + ".part")
    try:
        part.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(f"the folder cannot be made: {error.strerror}", where=str(part)) from error
    return part


def _empty(part: Path) -> Path:
    """The folder, without what an earlier attempt left in it."""
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    return part


def _write_signals(part: Path, signals: Signals) -> Contents:
    """Write the files of the signals there are; how much there is of each."""
    found: dict[str, int] = {}
    if signals.series is not None:
        series = signals.series.select([], *EVER)
        found |= {"series": len(series), "samples": series_parquet.write(part / SERIES, series)}
        _json(part / METADATA, _known(signals.series.metadata))
    if signals.streams is not None:
        streams = signals.streams.select([], *EVER)
        found |= {"streams": len(streams), "lines": streams_parquet.write(part / LOGS, streams)}
    if signals.spans is not None:
        spans = signals.spans.spans(*EVER)
        found["traces"] = len({span.trace_id for span in spans})
        found["spans"] = spans_parquet.write(part / SPANS, spans)
    if signals.objects:
        _compressed(part / OBJECTS, msgspec.json.encode(list(signals.objects), order="deterministic"))
        found["objects"] = len(signals.objects)
    for folder, texts in (("rules", signals.rules), ("dashboards", signals.dashboards)):
        for name, text in texts.items():
            (part / folder).mkdir(exist_ok=True)
            (part / folder / name).write_text(text, encoding="utf-8")
        found[folder] = len(texts)
    if signals.alertmanager is not None:
        (part / ALERTMANAGER).write_text(signals.alertmanager, encoding="utf-8")
    return Contents(**found)


def _known(metadata: Mapping[str, Metadata]) -> dict[str, Metadata]:
    return dict(sorted(metadata.items()))


def _json(path: Path, value: Any) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value)) + b"\n")


def _compressed(path: Path, data: bytes) -> None:
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    with pa.CompressedOutputStream(str(path), "zstd") as stream:
        stream.write(data)


def _files(part: Path) -> dict[str, File]:
    """Every file, forced to the disk, with its checksum."""
    names = sorted(path.relative_to(part).as_posix() for path in part.rglob("*") if path.is_file())
    for name in names:
        sync(part / name)
    return {name: File(sha256(part / name), (part / name).stat().st_size) for name in names}


def _publish(part: Path, target: Path) -> None:
    """Make ``part`` the recording; one that is replaced goes last."""
    for path in (part / MANIFEST, *(folder for folder in part.rglob("*") if folder.is_dir()), part):
        sync(path)
    old = target.with_name(target.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    part.rename(target)
    sync(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def sync(path: Path) -> None:
    """Force a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _moment(time: Millis) -> str:
    return rfc3339(time) if time % SECOND == 0 else rfc3339(time, micros=True)
