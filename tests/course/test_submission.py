"""Submissions: what can be graded is read, what cannot is set aside with the reason."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labkit.clock import EPOCH, SECOND
from labkit.course import submission
from labkit.errors import SubmissionError
from labkit.journal import Header, Journal

ACTION = {"type": "lab.answer", "question": "state", "value": "healthy"}


def write(path: Path, *times: int, **header: Any) -> None:
    journal = Journal.create(
        path, Header(**{"seed": 0, "start": EPOCH, "exercise": "exercise-1", "trainee": "ada"} | header)
    )
    for time in times:
        journal.append(time, "trainee", "lab", ACTION, {})
    journal.close()


def change(old: bytes, new: bytes) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        path.write_bytes(path.read_bytes().replace(old, new, 1))

    return damage


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(submission.LARGEST + 1)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (Path.unlink, "there is no journal"),
        (lambda path: path.write_bytes(b""), "the journal is empty"),
        (lambda path: path.write_bytes(b"\x00\xff\xfe\n"), "journal.jsonl:1: not a journal line"),
        (lambda path: path.write_bytes(b"[" * 100_000 + b"\n"), "the journal cannot be read|not a journal line"),
        (change(b'"healthy"', b'"degraded"'), "journal.jsonl:2: the chain of hashes breaks here"),
        (change(b'"format":1', b'"format":9'), "journal format 9"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be read|directory"),
        (grow, "more than 16 MB"),
    ],
)
def test_a_damaged_journal_is_named(tmp_path: Path, damage: Callable[[Path], None], reason: str) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, EPOCH + SECOND, EPOCH + 2 * SECOND)
    damage(path)
    with pytest.raises(SubmissionError, match=reason) as caught:
        submission.read_journal(path, "exercise-1", "ada")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("times", "header", "reason"),
    [
        ((), {"trainee": "bob"}, "sandbox of bob, not of ada"),
        ((), {"trainee": None}, "sandbox of nobody"),
        ((), {"exercise": "exercise-2"}, "of exercise-2, not of exercise-1"),
        ((EPOCH + 5, EPOCH - 1), {}, "journal.jsonl:3: an action before the sandbox's start"),
        ((EPOCH,) * (submission.MOST + 1), {}, "20001 entries"),
    ],
)
def test_a_journal_that_is_not_of_this_work_is_refused(
    tmp_path: Path, times: tuple[int, ...], header: dict[str, Any], reason: str
) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, *times, **header)
    with pytest.raises(SubmissionError, match=reason):
        submission.read_journal(path, "exercise-1", "ada")


def test_a_long_session_stands_where_it_began(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, EPOCH + 1, EPOCH + 9, EPOCH + 2, EPOCH + 9)
    _, entries = submission.read_journal(path, "exercise-1", "ada")
    assert [(entry.time - EPOCH, entry.seq) for entry in entries] == [(1, 0), (2, 2), (9, 1), (9, 3)]


def test_a_sound_submission_is_read_whole(desk: Any, work: Any) -> None:
    desk.submit("ada", work.checks())
    handed_in = submission.read(desk.assignment, "ada")
    assert len(handed_in.entries) == len(work.checks())
    assert handed_in.notes == []


def test_the_digest_follows_everything_that_the_verdict_rests_on(desk: Any, work: Any) -> None:
    folder = desk.submit("ada", work.checks())
    files = [*folder.iterdir(), desk.assignment.folder("source") / "rubric.toml"]
    seen = {submission.digest(desk.assignment, "ada")}
    for file in files:
        with file.open("ab") as stream:
            stream.write(b" ")
        seen.add(submission.digest(desk.assignment, "ada"))
    assert len(seen) == len(files) + 1
