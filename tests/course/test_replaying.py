"""The worker that repeats submissions: it survives those that hang or bring it down."""

import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from labkit.course.replaying import Worker
from labkit.errors import SubmissionError

JOBS = """
import os, tempfile, time
from labkit.errors import SubmissionError

def job(exercise, trainee, inputs, start):
    tempfile.mkdtemp(prefix="labkit-replay-")
    if trainee == "hangs":
        time.sleep(60)
    if trainee == "dies":
        os._exit(3)
    if trainee == "bad":
        raise SubmissionError("no such action", where="journal entry 3", remedy="ask")
    if trainee == "bug":
        raise ZeroDivisionError
    return {"trainee": trainee, "start": start, "pid": os.getpid(), "temp": tempfile.gettempdir()}
"""


def temp(tmp_path: Path) -> Path:
    """The folder for temporary files of a test that uses ``job``."""
    (tmp_path / "temp").mkdir(exist_ok=True)
    return tmp_path / "temp"


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A job that a child process can import."""
    (tmp_path / "labkit_test_jobs.py").write_text(JOBS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(temp(tmp_path)))
    yield import_module("labkit_test_jobs").job
    del sys.modules["labkit_test_jobs"]


def test_one_process_serves_many_and_outlives_none(job: Any) -> None:
    with Worker(job) as worker:
        first: Any = worker("e", "ada", [], 1)
        second: Any = worker("e", "bob", [], 2)
        with pytest.raises(SubmissionError, match="no such action") as bad:
            worker("e", "bad", [], 3)
        third: Any = worker("e", "cyd", [], 4)
    assert (bad.value.where, bad.value.remedy) == ("journal entry 3", "ask")
    assert first["pid"] == second["pid"] == third["pid"]
    assert (second["trainee"], second["start"]) == ("bob", 2)


@pytest.mark.parametrize(
    ("trainee", "reason"), [("hangs", "longer than 3 s"), ("dies", "broke down"), ("bug", "broke down")]
)
def test_after_one_that_ends_badly_the_next_is_served(job: Any, tmp_path: Path, trainee: str, reason: str) -> None:
    with Worker(job, limit=3) as worker:
        with pytest.raises(SubmissionError, match=reason):
            worker("e", trainee, [], 0)
        assert list(temp(tmp_path).iterdir()) == []
        answer: Any = worker("e", "ada", [], 0)
        assert list(Path(answer["temp"]).glob("labkit-replay-*"))
    assert answer["trainee"] == "ada"
    assert list(temp(tmp_path).iterdir()) == []
