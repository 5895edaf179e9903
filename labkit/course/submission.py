"""A submission: one trainee's notebook and journal, checked before anything is made of them."""

import hashlib
from pathlib import Path

import msgspec
from nbformat import NotebookNode

from labkit import journal
from labkit.clock import parse_rfc3339
from labkit.course.assignment import JOURNAL, Assignment
from labkit.course.repair import read_cells, repair
from labkit.errors import JournalError, SubmissionError
from labkit.journal import Entry, Header

LARGEST = 16 * 1024 * 1024
"""Bytes of a journal."""

MOST = 20_000
EARLIEST, LATEST = parse_rfc3339("2020-01-01T00:00:00Z"), parse_rfc3339("2100-01-01T00:00:00Z")
"""Entries of a journal: a session has tens, a busy day some hundreds."""


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """What a trainee handed in. ``notes`` say what was repaired in the notebook."""

    trainee: str
    notebook: NotebookNode
    header: Header
    entries: list[Entry]
    notes: list[str]


def read(assignment: Assignment, trainee: str) -> Submission:
    """The submission of ``trainee``; :class:`SubmissionError` says why it must be set aside."""
    folder = assignment.folder("submitted", trainee)
    header, entries = read_journal(folder / JOURNAL, assignment.name, trainee)
    cells, unread = read_cells(folder / assignment.notebook)
    notebook, repaired = repair(cells, assignment.read("release"))
    return Submission(trainee=trainee, notebook=notebook, header=header, entries=entries, notes=[*unread, *repaired])


def digest(assignment: Assignment, trainee: str) -> str:
    """SHA-256 of all that a verdict rests on: the submission, the rubric and the released notebook."""
    submitted = assignment.folder("submitted", trainee)
    files = [submitted / assignment.notebook, submitted / JOURNAL]
    files += [assignment.folder("source") / "rubric.toml", assignment.folder("release") / assignment.notebook]
    total = hashlib.sha256()
    for file in files:
        total.update(_hash(file))
    return total.hexdigest()


def read_journal(path: Path, exercise: str, trainee: str) -> tuple[Header, list[Entry]]:
    """A submitted journal, whole and this trainee's; :class:`SubmissionError` says what is wrong with it.

    The entries come in the order in which their actions began. A journal holds them in the order
    in which they ended: a session of psql stands after all that was done beside it.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise SubmissionError(f"the journal has more than {LARGEST >> 20} MB", where=JOURNAL, remedy=_ASK)
        header, entries = journal.read(path)
    except FileNotFoundError:
        raise SubmissionError("there is no journal", where=JOURNAL, remedy=_ASK) from None
    except JournalError as error:
        where = (error.where or "").removeprefix(str(path.parent)).lstrip("/")
        raise SubmissionError(error.what, where=where or JOURNAL, remedy=_ASK) from error
    except (RecursionError, IsADirectoryError, PermissionError) as error:
        raise SubmissionError(f"the journal cannot be read: {error}", where=JOURNAL, remedy=_ASK) from error
    _check_owner(header, exercise, trainee)
    _check_extent(header, entries)
    return header, sorted(entries, key=lambda entry: (entry.time, entry.seq))


_ASK = "ask the trainee for the journal.jsonl that lies beside the notebook, as the sandbox wrote it"


def _check_owner(header: Header, exercise: str, trainee: str) -> None:
    if header.exercise != exercise:
        raise SubmissionError(f"the journal is of {header.exercise or 'no exercise'}, not of {exercise}", where=JOURNAL)
    if header.trainee != trainee:
        raise SubmissionError(
            f"the journal was written in the sandbox of {header.trainee or 'nobody'}, not of {trainee}",
            where=JOURNAL,
            remedy="ask both trainees; or move the submission, if it only lies in the wrong folder",
        )


def _check_extent(header: Header, entries: list[Entry]) -> None:
    if len(entries) > MOST:
        raise SubmissionError(f"the journal has {len(entries)} entries, more than {MOST}", where=JOURNAL, remedy=_ASK)
    if not EARLIEST <= header.start <= LATEST:
        raise SubmissionError(f"no sandbox starts at {header.start}", where=f"{JOURNAL}:1", remedy=_ASK)
    for number, entry in enumerate(entries, start=2):
        if entry.time < header.start:
            raise SubmissionError("an action before the sandbox's start", where=f"{JOURNAL}:{number}", remedy=_ASK)


def _hash(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError:
        return b"none"
