"""The journal: what an operator did, when, and what came of it, in a chain of hashes.

A journal is a file of JSON lines. The first is its :class:`Header`; each further one an
:class:`Entry` whose ``hash`` covers the entry and the hash before it, so that a damaged line is
found and named. The chain proves that a file is *whole*, not that it is *true*: a grader takes
only the inputs (time, face, action) and replays them (see DESIGN.md, 'Grading').
"""

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Self, TypeVar

import msgspec

from labkit.clock import Millis
from labkit.errors import JournalError

FORMAT = 1
_T = TypeVar("_T")
_encode = msgspec.json.Encoder(order="deterministic").encode


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What must be known to replay a journal: the world it was written in."""

    seed: int
    start: Millis
    exercise: str | None = None
    trainee: str | None = None
    format: int = FORMAT


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One action: at ``time`` (virtual), ``actor`` did ``action`` through ``face``."""

    seq: int
    time: Millis
    actor: str
    face: str
    action: dict[str, Any]
    outcome: dict[str, Any]
    hash: str = ""

    def sealed(self, previous: str) -> "Entry":
        """This entry with the hash that chains it to ``previous``."""
        body = _encode(msgspec.structs.replace(self, hash=""))
        return msgspec.structs.replace(self, hash=hashlib.sha256(previous.encode() + body).hexdigest())


class Journal:
    """An append-only list of entries, mirrored to a file when it has one."""

    def __init__(self, header: Header, file: IO[bytes] | None = None, entries: Iterable[Entry] = ()) -> None:
        self.header = header
        self.entries: list[Entry] = list(entries)
        self._file = file

    @classmethod
    def create(cls, path: Path, header: Header) -> Self:
        """A new journal at ``path``; refuses to overwrite an existing one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            journal = cls(header, _alone(path.open("xb"), path))
        except FileExistsError:
            raise JournalError(
                "a journal is already there", where=str(path), remedy="move it away, or go on with it"
            ) from None
        journal._write(header)
        return journal

    @classmethod
    def resume(cls, path: Path) -> Self:
        """Go on with the journal at ``path``, its chain verified first; half a last line is cut off."""
        header, entries = read(path)
        os.truncate(path, len(_whole(path)))
        return cls(header, _alone(path.open("ab"), path), entries)

    @property
    def hash(self) -> str:
        """The hash at the end of the chain: one value that stands for the whole journal."""
        return self.entries[-1].hash if self.entries else seal_of(self.header)

    def append(self, time: Millis, actor: str, face: str, action: dict[str, Any], outcome: dict[str, Any]) -> Entry:
        """Add an action and its outcome; returns the sealed entry."""
        entry = Entry(seq=len(self.entries), time=time, actor=actor, face=face, action=action, outcome=outcome).sealed(
            self.hash
        )
        self.entries.append(entry)
        self._write(entry)
        return entry

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file:
            self._file.close()

    def _write(self, line: Header | Entry) -> None:
        if self._file:
            self._file.write(_encode(line) + b"\n")
            self._file.flush()


def _alone(file: IO[bytes], path: Path) -> IO[bytes]:
    """The file, locked for as long as it is open: two writers would break each other's chain."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise JournalError(
            "another sandbox writes this journal", where=str(path), remedy="end it first (labkit down), or use it"
        ) from None
    return file


def seal_of(header: Header) -> str:
    """The hash with which a journal's chain begins."""
    return hashlib.sha256(_encode(header)).hexdigest()


def read(path: Path) -> tuple[Header, list[Entry]]:
    """The header and entries of a journal file, its chain verified line by line.

    Raises :class:`JournalError` naming the first line that is not as it was written.
    """
    lines = _whole(path).splitlines()
    if not lines:
        raise JournalError("the journal is empty", where=str(path), remedy="submit the file as the sandbox wrote it")
    header = _decode(lines[0], Header, path, 1)
    if header.format != FORMAT:
        raise JournalError(
            f"journal format {header.format} is not {FORMAT}", where=f"{path}:1", remedy="use the labkit it came from"
        )
    return header, list(_chain(lines[1:], seal_of(header), path))


def _whole(path: Path) -> bytes:
    """The file up to the end of its last whole line: a sandbox that was killed may leave half of one."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise JournalError(error.strerror or str(error), where=str(path), remedy="check the file's name") from error
    return data[: data.rfind(b"\n") + 1]


def _chain(lines: list[bytes], previous: str, path: Path) -> Iterator[Entry]:
    for number, line in enumerate(lines, start=2):
        entry = _decode(line, Entry, path, number)
        if entry.seq != number - 2 or entry.sealed(previous).hash != entry.hash:
            raise JournalError(
                "the chain of hashes breaks here: a line was changed, removed or added",
                where=f"{path}:{number}",
                remedy="submit the file as the sandbox wrote it",
            )
        previous = entry.hash
        yield entry


def _decode(line: bytes, kind: type[_T], path: Path, number: int) -> _T:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise JournalError(
            f"not a journal line ({error})",
            where=f"{path}:{number}",
            remedy="submit the file as the sandbox wrote it",
        ) from error
