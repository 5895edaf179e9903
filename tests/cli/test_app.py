"""The command line: what it lists, refuses and prints, and that it is quick."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from labkit import endpoints
from labkit.cli import report, sandbox
from labkit.cli.app import app
from labkit.control import Status
from labkit.endpoints import Endpoints
from labkit.errors import SandboxNotRunning, SettingsError
from labkit.sandbox.doctor import Finding
from labkit.sandbox.lifecycle import Condition

HERE = Endpoints(
    pid=42, started=0, seed=1, clock="live", kubeconfig=Path("/a home/kubeconfig"), prometheus="http://127.0.0.1:1",
    jaeger="http://127.0.0.1:5", loki="http://127.0.0.1:6",
    research_api="https://127.0.0.1:2", control="http://127.0.0.1:3", database="postgresql://127.0.0.1:4/x?a=b&c=d",
)  # fmt: skip


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    """Runs a command line in an empty folder without any of the user's settings."""
    for name in ("LABKIT_HOME", "LABKIT_TRAINEE", "LABKIT_CLOCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, arguments)


@pytest.fixture
def running(tmp_path, monkeypatch):
    """A home in which a sandbox is said to run."""
    home = tmp_path / ".labkit"
    home.mkdir()
    endpoints.publish(home, HERE, "t")
    monkeypatch.setattr("labkit.control.required", lambda _: (HERE, None))
    return home


def test_it_lists_its_commands_and_its_groups(invoke):
    listed = invoke("--help").stdout
    for name in ("up", "down", "status", "env", "doctor", "lab", "course"):
        assert f"│ {name} " in listed


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["nothing"], "nothing"),
        (["up", "--clock", "fast"], "fast"),
        (["up", "--seed", "x"], "--seed"),
        (["env", "--shell", "tcsh"], "tcsh"),
        (["status", "--jsn"], "--jsn"),
    ],
)
def test_a_wrong_command_line_exits_2_and_says_what_is_wrong(invoke, wrong, said):
    result = invoke(*wrong)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_trainee_without_an_exercise_is_refused(invoke):
    assert isinstance(invoke("up", "--trainee", "anna").exception, SettingsError)


def test_an_exercise_that_there_is_not_is_refused_before_anything_starts(invoke, tmp_path):
    result = invoke("up", "--detach", "--exercise", "exercise-99")
    assert "exercise-99" in str(result.exception)
    assert not (tmp_path / ".labkit").exists()


def test_env_prints_what_a_shell_can_evaluate(invoke, running):
    printed = invoke("env").stdout
    shown = subprocess.run(
        ["/bin/sh", "-c", f'{printed}\nprintf "%s\\n" "$KUBECONFIG" "$DATABASE_URL" "$LABKIT_HOME"'],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert shown == ["/a home/kubeconfig", HERE.database, str(running)]
    assert invoke("env", "--json").stdout
    assert json.loads(invoke("env", "--json").stdout)["PATH"].startswith(f"{running}/bin:")


def test_env_speaks_fish(invoke, running):
    lines = invoke("env", "--shell", "fish").stdout.splitlines()
    assert f"set -gx KUBECONFIG {shlex.quote(str(HERE.kubeconfig))}" in lines
    path = next(line for line in lines if line.startswith("set -gx PATH "))
    assert ":" not in path


def test_without_a_sandbox_env_and_down_say_so_and_print_nothing(invoke):
    for command in ("env", "down"):
        result = invoke(command)
        assert isinstance(result.exception, SandboxNotRunning)
        assert result.stdout == ""


def test_status_is_an_exit_status_and_json(invoke):
    result = invoke("status", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["state"] == "stopped"
    assert "labkit up" in invoke("status").stdout


def test_a_folder_with_an_exercises_journal_means_that_exercise(invoke, tmp_path):
    inner = tmp_path / ".labkit" / "exercises" / "exercise-1"
    inner.mkdir(parents=True)
    copy = Endpoints(
        **{field: getattr(HERE, field) for field in HERE.__struct_fields__} | {"journal": tmp_path / "journal.jsonl"}
    )
    endpoints.publish(inner, copy, "t")
    assert sandbox._home(None) == inner
    assert sandbox._home("exercise-2") == inner.parent / "exercise-2"


def test_a_condition_is_told_in_lines():
    status = Status(pid=42, seed=1, now=0, clock="live", exercise="exercise-1", trainee="anna")
    lines = report.condition_lines(Condition(state="running", home=Path("/h"), pid=42, endpoints=HERE, status=status))
    assert lines[0] == "running, process 42, in /h"
    assert "anna" in lines[1]
    assert json.loads(report.to_json(Condition(state="stopped", home=Path("/h"))))["home"] == "/h"


def test_a_finding_shows_brackets_as_they_are():
    finding = Finding(check="curl", outcome="warn", what="[red]herring[/red]", remedy="none [at all]")
    assert "\\[red]herring" in next(iter(report.finding_lines([finding])))


def test_env_is_quick(running, tmp_path):
    """A shell's start-up file may call it: neither the sandbox's world nor pandas is loaded."""
    code = "import sys; sys.argv = ['labkit', 'env']; from labkit.__main__ import main\ntry: main()\nexcept SystemExit: pass\nprint(*sys.modules, file=sys.stderr)"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("LABKIT")},
    )  # fmt: skip
    loaded = set(ended.stderr.split())
    assert "labkit.cli.sandbox" in loaded
    assert not loaded & {
        "numpy",
        "pandas",
        "uvicorn",
        "starlette",
        "yaml",
        "nbgrader",
        "labkit.world",
        "labkit.kube",
        "IPython",
    }


def test_doctor_answers_for_this_machine(invoke):
    result = invoke("doctor", "--json")
    found = {finding["check"]: finding["outcome"] for finding in json.loads(result.stdout)}
    assert {"Python", "disk", "kubectl", "psql", "PostgreSQL", "ports", "curl"} <= found.keys()
    assert result.exit_code == ("fail" in found.values())
    assert found["kubectl"] == "ok"


@pytest.mark.parametrize(
    "arguments",
    [
        ("promql", "query", b"up\xff"),
        ("dataset", "verify", "/"),
        ("up", "--recorded", "/"),
        ("up", "--recorded", ""),
        ("up", "--recorded", "a" * 5_000),
        ("dataset", "verify", "a" * 5_000),
        ("dataset", "verify", b"\xff"),
    ],
)
def test_no_argument_leads_to_a_traceback(tmp_path, arguments):
    done = subprocess.run(
        [sys.executable, "-P", "-m", "labkit", *arguments], cwd=tmp_path, capture_output=True, check=False,
        env=os.environ | {"LABKIT_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 1
    assert "Traceback" not in said
    assert "→" in said
