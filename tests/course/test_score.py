"""``lab.score``: on a trainee's machine it tells what is recorded; under nbgrader it gives points."""

from typing import Any

import pytest

from labkit.course import score


def test_before_submission_it_tells_what_was_seen_and_no_points(
    desk: Any, work: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = desk.submit("ada-crash", [*work.checks(), *work.right("ada-crash")], outcome=lambda action: {"code": 200})
    assert score.score("pods", folder) is None
    told = capsys.readouterr().out
    assert told.startswith(
        "recorded; points are given after submission\n  2025-11-28T12:00:01Z  pods in llm-research-lab-prod"
    )
    assert score.score("finding", folder) is None
    assert "answered state: 'degraded'" in capsys.readouterr().out


def test_before_anything_is_done_it_says_so(desk: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder = desk.submit("ada", [])
    score.score("kafka", folder)
    assert capsys.readouterr().out == "nothing is recorded for 'kafka' yet\n"
    (folder / "journal.jsonl").unlink()
    score.score("kafka", folder)
    assert "nothing recorded" in capsys.readouterr().out


def test_under_nbgrader_identity_is_the_folder_and_a_classmates_journal_gets_nothing(
    desk: Any, work: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = desk.submit("ada", [*work.checks(), *work.right("bob")], owner="bob")
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setenv("LABKIT_TRAINEE", "bob")
    assert score.score("pods", folder) == 0.0
    assert "sandbox of bob, not of ada" in capsys.readouterr().out
