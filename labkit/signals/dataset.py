"""A recording: one folder with the signals of a time range, and a manifest that says what it is.

``dataset.json`` is written last and names every file with its SHA-256, so a folder without it is no
recording, and a file that was changed since is found. Nothing is read before its checksum was compared.

    dataset.json         the manifest (:class:`Manifest`)
    README.md            data card: origin, licence, time range, what is in it
    series.parquet       metrics (:mod:`labkit.signals.series_parquet`); metadata.json: their types and help
    logs.parquet         log lines (:mod:`labkit.signals.streams_parquet`)
    spans.parquet        traces (:mod:`labkit.signals.spans_parquet`)
    objects.json.zst     Kubernetes objects as they were at the end
    rules/*.yaml  dashboards/*.json  alertmanager.yml
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from labkit.clock import Millis, parse_rfc3339
from labkit.errors import ClockError, DatasetError
from labkit.signals import series_parquet, spans_parquet, streams_parquet
from labkit.signals.samples import SampleStore
from labkit.signals.series import Metadata
from labkit.signals.spans import SpanStore
from labkit.signals.streams import StreamStore

FORMAT = 1
"""The version of the form of a recording; it rises when an older reader would misread a newer one."""

MANIFEST = "dataset.json"
FOLDER = "datasets"
SERIES, METADATA, LOGS, SPANS = "series.parquet", "metadata.json", "logs.parquet", "spans.parquet"
OBJECTS, ALERTMANAGER, README = "objects.json.zst", "alertmanager.yml", "README.md"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""What a recording may be called: it becomes a folder's name."""

LARGEST = 1 << 29
"""Bytes that packed objects may unpack to; those of a cluster of 5,000 pods are a tenth of it."""

_AGAIN = "fetch the recording again, or remove its folder"
Progress = Callable[[str], None]


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a recording."""

    sha256: str
    bytes: int


class Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much there is of each signal."""

    series: int = 0
    samples: int = 0
    streams: int = 0
    lines: int = 0
    traces: int = 0
    spans: int = 0
    objects: int = 0
    rules: int = 0
    dashboards: int = 0


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a recording is. Times are RFC 3339, ``step`` the usual distance of two samples in seconds.

    ``redactions`` says in words what was taken out; ``truth`` what was really the matter, if that is open.
    """

    format: int = FORMAT
    name: str
    title: str
    description: str = ""
    origin: str
    licence: str
    start: str
    end: str
    step: float | None = None
    contents: Contents
    redactions: tuple[str, ...] = ()
    truth: dict[str, Any] | None = None
    files: dict[str, File]

    @property
    def begin(self) -> Millis:
        """The first moment of the range."""
        return parse_rfc3339(self.start)

    @property
    def finish(self) -> Millis:
        """The last moment of the range: the present of who is connected to the recording."""
        return parse_rfc3339(self.end)


class _Version(msgspec.Struct):
    format: int


class Dataset:
    """A recording on disk. Each method reads one signal, its file verified first; a signal not recorded is empty."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self._verified: set[str] = set()

    @classmethod
    def open(cls, path: Path) -> "Dataset":
        """The recording in the folder ``path``; raises :class:`DatasetError` where there is none."""
        return cls(path, _manifest(path))

    def series(self) -> SampleStore:
        """The metrics, with their types and help."""
        store = series_parquet.read(self._file(SERIES)) if SERIES in self.manifest.files else SampleStore()
        if METADATA in self.manifest.files:
            store.metadata.update(_decode(self._file(METADATA), dict[str, Metadata]))
        return store

    def streams(self) -> StreamStore:
        """The log streams."""
        return streams_parquet.read(self._file(LOGS)) if LOGS in self.manifest.files else StreamStore()

    def spans(self) -> SpanStore:
        """The traces."""
        return spans_parquet.read(self._file(SPANS)) if SPANS in self.manifest.files else SpanStore()

    def objects(self) -> list[dict[str, Any]]:
        """The Kubernetes objects."""
        if OBJECTS not in self.manifest.files:
            return []
        import pyarrow as pa  # noqa: PLC0415  (heavy)

        path = self._file(OBJECTS)
        try:
            with pa.CompressedInputStream(str(path), "zstd") as stream:
                data = stream.read(LARGEST + 1)
            if len(data) > LARGEST:
                raise DatasetError(f"it unpacks to more than {LARGEST:,} bytes", where=str(path), remedy=_AGAIN)
            objects: list[dict[str, Any]] = msgspec.json.decode(data, type=list[dict[str, Any]])
            return objects
        except (OSError, pa.ArrowException, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise DatasetError(f"it cannot be read: {error}", where=str(path), remedy=_AGAIN) from error

    def texts(self, folder: str) -> dict[str, str]:
        """The files of ``rules`` or ``dashboards`` by name, as they are."""
        names = sorted(name for name in self.manifest.files if name.startswith(f"{folder}/"))
        return {name.partition("/")[2]: self._text(name) for name in names}

    def alertmanager(self) -> str | None:
        """Alertmanager's configuration, if it was recorded."""
        return self._text(ALERTMANAGER) if ALERTMANAGER in self.manifest.files else None

    def verify(self, progress: Progress = lambda _: None) -> None:
        """Compare every file with its checksum, read it all, and refuse files that nobody vouches for."""
        for name in self.manifest.files:
            self._file(name)
            progress(name)
        for path in sorted(self.path.rglob("*")):
            name = path.relative_to(self.path).as_posix()
            if not path.is_dir() and name != MANIFEST and name not in self.manifest.files:
                raise DatasetError("the manifest does not know this file", where=str(path), remedy="move it elsewhere")
        for read in (self.series, self.streams, self.spans, self.objects, self.alertmanager):
            read()
        for folder in ("rules", "dashboards"):
            self.texts(folder)

    def _text(self, name: str) -> str:
        path = self._file(name)
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise DatasetError(f"it is no text: {error}", where=str(path), remedy=_AGAIN) from error

    def _file(self, name: str) -> Path:
        """The path of a file, once it is known to be as it was written."""
        path = self.path / name
        if name not in self._verified:
            try:
                self._compare(path, self.manifest.files[name])
            except FileNotFoundError as error:
                raise DatasetError("the file is missing", where=str(path), remedy=_AGAIN) from error
            except OSError as error:
                raise DatasetError(f"it cannot be read: {error.strerror}", where=str(path), remedy=_AGAIN) from error
            self._verified.add(name)
        return path

    def _compare(self, path: Path, known: File) -> None:
        """Raise :class:`DatasetError` for a file that is not as it was written; a pipe or a link is none."""
        if not path.is_file() or path.resolve() != self.path.resolve() / path.relative_to(self.path):
            path.stat()
            raise DatasetError("it is no file of this folder", where=str(path), remedy="do not trust this recording")
        size = path.stat().st_size
        if size != known.bytes:
            raise DatasetError(
                f"it has {size:,} bytes where {known.bytes:,} were written", where=str(path), remedy=_AGAIN
            )
        if sha256(path) != known.sha256:
            raise DatasetError(
                "it is not as it was written: its SHA-256 differs from the manifest's", where=str(path), remedy=_AGAIN
            )


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find(name: str, folder: Path | None = None) -> Dataset:
    """The recording of that name in ``datasets/`` of ``folder`` (the working folder) or above, or at that path."""
    if "/" in name or (Path(name) / MANIFEST).is_file():
        return Dataset.open(Path(name).expanduser().absolute())
    for place in places(folder):
        if (place / name).is_dir():
            return Dataset.open(place / name)
    known = ", ".join(path.name for path in recordings(folder)) or "none"
    raise DatasetError(
        f"there is no recording {name!r}", remedy=f"name one of datasets/ ({known}), or the path of its folder"
    )


def recordings(folder: Path | None = None) -> Iterator[Path]:
    """The folders of all recordings that :func:`find` finds by name, each name once."""
    seen: set[str] = set()
    for place in places(folder):
        for path in sorted(place.iterdir()):
            if (path / MANIFEST).is_file() and path.name not in seen:
                seen.add(path.name)
                yield path


def places(folder: Path | None = None) -> list[Path]:
    """Where recordings lie: ``datasets/`` of a folder and of those above it, then of labkit's own clone."""
    folder = (folder or Path.cwd()).absolute()
    above = [folder, *folder.parents, Path(__file__).parents[2]]
    return [place for place in dict.fromkeys(path / FOLDER for path in above) if place.is_dir()]


def _manifest(path: Path) -> Manifest:
    where = path / MANIFEST
    try:
        data = where.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        part = path.parent / f"{path.name}.part"
        raise DatasetError(
            "there is no recording here" + (", only one that was interrupted" if part.exists() else ""),
            where=str(path),
            remedy="labkit dataset list names those there are; an interrupted one goes on when recorded again",
        ) from error
    except OSError as error:
        raise DatasetError(f"it cannot be read: {error.strerror}", where=str(where), remedy=_AGAIN) from error
    version: int = _decode(where, _Version, data).format
    if version != FORMAT:
        raise DatasetError(
            f"its format is {version}, and this labkit reads {FORMAT}", where=str(where), remedy="use a newer labkit"
        )
    manifest: Manifest = _decode(where, Manifest, data)
    try:
        if manifest.finish < manifest.begin:
            raise DatasetError("it ends before it begins", where=str(where), remedy=_AGAIN)
    except ClockError as error:
        raise DatasetError(error.what, where=str(where), remedy=_AGAIN) from error
    for name in manifest.files:
        if name.startswith("/") or {"", ".", ".."} & set(name.split("/")) or "\0" in name:
            raise DatasetError(
                f"{name!r} is outside its folder", where=str(where), remedy="do not trust this recording"
            )
    return manifest


def _decode(path: Path, kind: Any, data: bytes | None = None) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes() if data is None else data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DatasetError(f"it cannot be read: {error}", where=str(path), remedy=_AGAIN) from error
