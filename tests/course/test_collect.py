"""Collecting: folders and archives, honest and hostile."""

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from labkit.course import archive
from labkit.course.collect import collect
from labkit.errors import CourseError

BOTH = {"exercise-1/exercise-1.ipynb": b"{}", "exercise-1/journal.jsonl": b"{}\n"}


def zipped(path: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)


def tarred(path: Path, files: dict[str, bytes], *links: tarfile.TarInfo) -> None:
    with tarfile.open(path, "w:gz") as made:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o4777
            made.addfile(info, io.BytesIO(content))
        for link in links:
            made.addfile(link)


def link(name: str, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info


@pytest.fixture
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("inbox")


def told(desk: Any, inbox: Path) -> dict[str, tuple[str, str]]:
    return {one.trainee: (one.status, "; ".join(one.notes)) for one in collect(desk.assignment, inbox)}


def stored(desk: Any, trainee: str) -> dict[str, bytes]:
    folder = desk.assignment.folder("submitted", trainee)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*")}


def test_folders_and_archives_are_taken_alike(desk: Any, inbox: Path) -> None:
    for name, content in BOTH.items():
        file = inbox / "ada" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    zipped(inbox / "bob.zip", {"exercise-1.ipynb": b"{}", "journal.jsonl": b"{}\n"})
    tarred(inbox / "cyd.tar.gz", BOTH | {"exercise-1/.labkit/kubeconfig": b"secret", "core": b"x"})
    (inbox / "readme.txt").write_text("not a submission")
    assert told(desk, inbox) == dict.fromkeys(["ada", "bob", "cyd"], ("new", ""))
    assert stored(desk, "ada") == stored(desk, "bob") == stored(desk, "cyd")
    assert set(stored(desk, "ada")) == {"exercise-1.ipynb", "journal.jsonl"}
    assert told(desk, inbox) == dict.fromkeys(["ada", "bob", "cyd"], ("unchanged", ""))


def test_a_second_hand_in_replaces_the_first_whole(desk: Any, inbox: Path) -> None:
    zipped(inbox / "ada.zip", BOTH)
    collect(desk.assignment, inbox)
    zipped(inbox / "ada.zip", {"journal.jsonl": b"new"})
    assert told(desk, inbox) == {"ada": ("replaced", "no exercise-1.ipynb")}
    assert stored(desk, "ada") == {"journal.jsonl": b"new"}


def test_the_nearest_file_counts_and_the_choice_is_told(desk: Any, inbox: Path) -> None:
    zipped(inbox / "ada.zip", BOTH | {"a/b/journal.jsonl": b"far"})
    status, notes = told(desk, inbox)["ada"]
    assert status == "new"
    assert "2 times: took exercise-1/journal.jsonl" in notes
    assert stored(desk, "ada")["journal.jsonl"] == BOTH["exercise-1/journal.jsonl"]


def test_nothing_escapes_from_an_archive(desk: Any, inbox: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    zipped(inbox / "up.zip", {"../../../source/exercise-1/exercise-1.ipynb": b"evil", "/etc/journal.jsonl": b"evil"})
    tarred(inbox / "links.tgz", {"exercise-1.ipynb": b"{}"}, link("journal.jsonl", str(secret)))
    (inbox / "linked").mkdir()
    (inbox / "linked" / "journal.jsonl").symlink_to(secret)
    (inbox / "whole").symlink_to(desk.assignment.folder("source"))
    before = (desk.assignment.folder("source") / "exercise-1.ipynb").read_bytes()
    assert told(desk, inbox) == {
        "links": ("new", "no journal.jsonl"),
        "linked": (
            "rejected",
            "neither exercise-1.ipynb nor journal.jsonl is in it\n  → ask the trainee to hand in both",
        ),
        "up": ("new", ""),
    }
    assert (desk.assignment.folder("source") / "exercise-1.ipynb").read_bytes() == before
    assert stored(desk, "up") == {"exercise-1.ipynb": b"evil", "journal.jsonl": b"evil"}
    assert all(path.stat().st_mode & 0o7111 == 0 for path in (tmp_path / "submitted").rglob("*") if path.is_file())


def test_bombs_and_rubbish_are_rejected_and_the_rest_goes_on(
    desk: Any, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MOST", 50)
    monkeypatch.setattr(archive, "LARGEST", 1 << 20)
    zipped(inbox / "bomb.zip", {"exercise-1.ipynb": b"0" * (2 << 20)})
    zipped(inbox / "many.zip", BOTH | {f"file-{number}": b"" for number in range(60)})
    (inbox / "rubbish.zip").write_bytes(b"PK\x03\x04 nothing")
    (inbox / "cut.tar.gz").write_bytes(b"\x1f\x8b\x08\x00")
    zipped(inbox / "torn.zip", BOTH)
    torn = bytearray((inbox / "torn.zip").read_bytes())
    torn[60:70] = b"\xff" * 10
    (inbox / "torn.zip").write_bytes(torn)
    zipped(inbox / "bad name*.zip", BOTH)
    zipped(inbox / "twice.zip", BOTH)
    tarred(inbox / "twice.tgz", BOTH)
    zipped(inbox / "zoe.zip", BOTH)
    result = told(desk, inbox)
    assert {name for name, (status, _) in result.items() if status != "rejected"} == {"zoe"}
    assert "larger than" in result["bomb"][1]
    assert "more than 50 entries" in result["many"][1]
    assert "not an archive" in result["rubbish"][1]
    assert "cannot be a trainee's name" in result["bad name*"][1]
    assert "more than once" in result["twice"][1]
    assert [path.name for path in (desk.root / "submitted").iterdir()] == ["zoe"]


def test_an_empty_or_missing_source_is_refused(desk: Any, inbox: Path) -> None:
    with pytest.raises(CourseError, match="no submissions here"):
        collect(desk.assignment, inbox)
    with pytest.raises(CourseError, match="not a folder"):
        collect(desk.assignment, inbox / "nowhere")
