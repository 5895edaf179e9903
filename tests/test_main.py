"""The face and the one boundary: what importing costs, and what a failure looks like."""

import subprocess
import sys

import pytest

import labkit
from labkit.__main__ import main


def python(code, **environ):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)


def test_importing_labkit_imports_nothing_heavy():
    ended = python("import sys; before = set(sys.modules); import labkit; print(*(set(sys.modules) - before))")
    imported = {name.partition(".")[0] for name in ended.stdout.split()}
    assert imported <= {"labkit", *sys.stdlib_module_names}
    assert "labkit." not in ended.stdout


def test_every_public_name_is_there():
    for name in labkit.__all__:
        assert getattr(labkit, name) is not None
    assert dir(labkit) == sorted(labkit.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        labkit.nothing  # noqa: B018


def test_a_foreseen_failure_is_a_message_and_status_1(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["labkit", "env"])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert ended.value.code == 1
    assert out == ""
    assert "no sandbox runs here" in err
    assert "labkit up --detach" in err
    assert "Traceback" not in err


def test_an_interrupted_command_ends_with_130(tmp_path):
    ended = python(
        "import runpy, sys, labkit.cli.app as app\n"
        "def interrupted(): raise KeyboardInterrupt\n"
        "app.run = interrupted\n"
        "sys.argv = ['labkit']\n"
        "runpy.run_module('labkit', run_name='__main__')"
    )
    assert (ended.returncode, ended.stderr) == (130, "")
