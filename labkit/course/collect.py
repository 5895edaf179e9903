"""Collecting: from whatever trainees handed in to ``submitted/``, two files a trainee and no more.

A source is a folder whose entries are named by trainee: folders, or archives (.zip, .tar, .tar.gz,
.tgz, .tar.xz). Of each, only the notebook and the journal are taken, wherever in it they lie, by
copying their bytes to a path of ours: so no name, link or permission of an archive has any effect.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from labkit.course.archive import Member, open_source
from labkit.course.assignment import JOURNAL, Assignment
from labkit.course.course import check_trainee
from labkit.errors import CourseError

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz")


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one entry of the source."""

    trainee: str
    status: Literal["new", "replaced", "unchanged", "rejected"]
    notes: tuple[str, ...] = ()


def collect(assignment: Assignment, source: Path) -> list[Collected]:
    """Take in every submission of ``source``; one that cannot be taken is reported, and the rest go on."""
    if not source.is_dir():
        raise CourseError(
            "not a folder", where=str(source), remedy="name the folder that holds <trainee>/ or <trainee>.zip"
        )
    entries = sorted(path for path in source.iterdir() if not path.name.startswith("."))
    found = [(name, path) for path in entries if (name := _trainee(path))]
    if not found:
        raise CourseError(
            "no submissions here", where=str(source), remedy=f"it should hold <trainee>/ or <trainee>{ARCHIVES[0]}"
        )
    return [_take(assignment, name, path, _rivals(name, found)) for name, path in found]


def _rivals(name: str, found: Sequence[tuple[str, Path]]) -> int:
    return sum(other == name for other, _ in found) - 1


def _trainee(path: Path) -> str:
    """Whose a path is: its name without an archive's suffix; empty if it is neither folder nor archive."""
    if path.is_symlink():
        return ""
    if path.is_dir():
        return path.name
    suffix = next((suffix for suffix in ARCHIVES[::-1] if path.name.lower().endswith(suffix)), None)
    return path.name[: -len(suffix)] if suffix and path.is_file() else ""


def _take(assignment: Assignment, name: str, path: Path, rivals: int) -> Collected:
    try:
        check_trainee(name)
        _check_single(path, rivals)
        with open_source(path) as members:
            return _store(assignment, name, *_choose(members, assignment))
    except CourseError as error:
        return Collected(trainee=name, status="rejected", notes=(str(error),))


def _check_single(path: Path, rivals: int) -> None:
    if rivals:
        raise CourseError("handed in more than once", where=path.name, remedy="keep the one that counts")


def _choose(members: Sequence[Member], assignment: Assignment) -> tuple[dict[str, Member], list[str]]:
    """The nearest notebook and journal, and notes on what is missing or there more than once."""
    chosen: dict[str, Member] = {}
    notes = []
    for wanted in (assignment.notebook, JOURNAL):
        named = sorted((member for member in members if member.path.name == wanted), key=_depth)
        if not named:
            notes.append(f"no {wanted}")
            continue
        chosen[wanted] = named[0]
        if len(named) > 1:
            notes.append(f"{wanted} is there {len(named)} times: took {named[0].path}")
    if not chosen:
        raise CourseError(
            f"neither {assignment.notebook} nor {JOURNAL} is in it", remedy="ask the trainee to hand in both"
        )
    return chosen, notes


def _depth(member: Member) -> tuple[int, str]:
    return len(member.path.parts), str(member.path)


def _store(assignment: Assignment, name: str, chosen: dict[str, Member], notes: list[str]) -> Collected:
    folder = assignment.folder("submitted", name)
    before = _contents(folder)
    after = {file: member.read() for file, member in chosen.items()}
    if before == after:
        return Collected(trainee=name, status="unchanged", notes=tuple(notes))
    folder.mkdir(parents=True, exist_ok=True)
    for file in before.keys() - after.keys():
        (folder / file).unlink()
    for file, content in after.items():
        (folder / file).write_bytes(content)
    return Collected(trainee=name, status="replaced" if before else "new", notes=tuple(notes))


def _contents(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
