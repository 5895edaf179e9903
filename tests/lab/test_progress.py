"""Progress: silent for quick work, a line for slow work, gone at its end."""

import io
from types import SimpleNamespace

import pytest

from labkit.lab import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=terminal, modules={}))
    return terminal


def test_quick_work_says_nothing(terminal):
    with progress.Progress("panels", 3) as steps:
        for _ in range(3):
            steps.step()
    assert terminal.getvalue() == ""


def test_slow_work_counts_and_leaves_nothing(terminal, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    with progress.Progress("panels", 3) as steps:
        steps.step()
    assert "1 of 3 panels" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_a_file_is_told_nothing(monkeypatch):
    file = io.StringIO()
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=file, modules={}))
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    with progress.Progress("panels", 3) as steps:
        steps.step()
    assert file.getvalue() == ""
