"""Reading what was handed in, a folder or an archive, without trusting a name, a size or a link."""

import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from labkit.errors import CourseError

LARGEST = 64 * 1024 * 1024
"""Bytes of one file that is taken, after unpacking."""

MOST = 10_000
"""Entries of one folder or archive that are looked at."""


class Member(msgspec.Struct, frozen=True):
    """An ordinary file in a source; ``path`` is what the source calls it, good for telling only."""

    path: PurePosixPath
    open: Callable[[], IO[bytes]]

    def read(self) -> bytes:
        """Its bytes, as many as it really has; :class:`CourseError` if they are too many or damaged."""
        try:
            with self.open() as stream:
                content = stream.read(LARGEST + 1)
        except _DAMAGE as error:
            raise CourseError(f"cannot be read: {error}", where=str(self.path), remedy=_AGAIN) from error
        if len(content) > LARGEST:
            raise CourseError(f"larger than {LARGEST >> 20} MB", where=str(self.path), remedy="clear its outputs first")
        return content


_DAMAGE = (
    OSError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
)
_AGAIN = "ask the trainee to hand it in again"


@contextmanager
def open_source(path: Path) -> Iterator[list[Member]]:
    """The ordinary files in a folder or archive; links, devices and folders are passed over."""
    if path.is_dir():
        yield list(_limited(_walk(path), path))
        return
    try:
        archive = zipfile.ZipFile(path) if zipfile.is_zipfile(path) else tarfile.TarFile.open(path)
    except _DAMAGE as error:
        raise CourseError(f"not an archive that can be read: {error}", where=path.name, remedy=_AGAIN) from error
    with archive:
        try:
            members = _zipped(archive) if isinstance(archive, zipfile.ZipFile) else _tarred(archive)
            listed = list(_limited(members, path))
        except _DAMAGE as error:
            raise CourseError(f"damaged: {error}", where=path.name, remedy=_AGAIN) from error
        yield listed


def _limited(members: Iterator[Member | None], path: Path) -> Iterator[Member]:
    """At most :data:`MOST` entries, those that are no ordinary files counted too."""
    for number, member in enumerate(members):
        if number >= MOST:
            raise CourseError(
                f"more than {MOST} entries", where=path.name, remedy="hand in the notebook and the journal only"
            )
        if member:
            yield member


def _walk(folder: Path) -> Iterator[Member | None]:
    for base, _, names in os.walk(folder):
        for name in sorted(names):
            file = Path(base, name)
            ordinary = file.is_file() and not file.is_symlink()
            inside = PurePosixPath(file.relative_to(folder).as_posix())
            yield Member(inside, lambda file=file: file.open("rb")) if ordinary else None  # type: ignore[misc]


def _zipped(archive: zipfile.ZipFile) -> Iterator[Member | None]:
    for info in archive.infolist():
        mode = info.external_attr >> 16
        ordinary = not info.is_dir() and (mode & 0o170000) in (0, 0o100000)
        path = PurePosixPath(info.filename.replace("\\", "/"))
        yield Member(path, lambda info=info: archive.open(info)) if ordinary else None  # type: ignore[misc]


def _tarred(archive: tarfile.TarFile) -> Iterator[Member | None]:
    for info in archive:
        path = PurePosixPath(info.name)
        yield Member(path, lambda info=info: _extract(archive, info)) if info.isreg() else None  # type: ignore[misc]


def _extract(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(info)
    if stream is None:
        raise CourseError("not an ordinary file", where=info.name, remedy=_AGAIN)
    return stream
