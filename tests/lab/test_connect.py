"""Connecting, each from a process of its own, as a kernel is: whose sandbox, how long it lives, what it says."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labkit import control, journal, processes
from labkit.sandbox import claim, lifecycle
from labkit.sandbox.options import Options

SHOW = "import json; print(json.dumps({'pid': lab.endpoints.pid, 'home': str(lab.home), 'seed': lab.endpoints.seed}))"


@pytest.fixture
def kernel(tmp_path):
    """Runs a notebook's code in a folder; ``parent`` stands for the Jupyter that started the kernel."""

    def run(code, folder=tmp_path, **environ):
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("LABKIT_", "JPY_", "NBGRADER_"))
        }
        folder.mkdir(parents=True, exist_ok=True)
        return subprocess.run(
            [sys.executable, "-c", f"import labkit\n{code}"], cwd=folder, capture_output=True, text=True, check=False, timeout=100,
            env=kept | {"LABKIT_CLOCK": "manual"} | environ,
        )  # fmt: skip

    yield run
    for home in [tmp_path / ".labkit", *tmp_path.rglob(".labkit/exercises/*")]:
        if pid := claim.holder(home):
            processes.end(pid, 5)


def told(ended):
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def test_a_sandbox_of_its_own_ends_with_the_kernel_and_leaves_nothing(kernel, tmp_path):
    mine = told(kernel(f"lab = labkit.connect()\nassert labkit.connect().endpoints.pid == lab.endpoints.pid\n{SHOW}"))
    assert processes.gone(mine["pid"], 5)
    assert not Path(mine["home"]).exists()
    assert list(tmp_path.iterdir()) == []


def test_a_kernel_that_is_killed_takes_its_sandbox_with_it(kernel):
    mine = kernel(f"lab = labkit.connect()\n{SHOW}\nimport os, sys; sys.stdout.flush(); os.kill(os.getpid(), 9)")
    assert processes.gone(json.loads(mine.stdout)["pid"], 10)


def test_the_sandbox_that_runs_is_found_from_below_and_left_running(kernel, tmp_path):
    up = lifecycle.start(Options(home=tmp_path / ".labkit", clock="manual"))
    found = told(kernel(f"lab = labkit.connect()\n{SHOW}", folder=tmp_path / "labs" / "module-1"))
    assert found["pid"] == up.pid
    assert lifecycle.running(tmp_path / ".labkit")
    lifecycle.stop(tmp_path / ".labkit")


def test_an_exercise_outlives_the_kernel_but_not_its_jupyter_and_records_beside_the_notebook(kernel, tmp_path):
    with subprocess.Popen(["sleep", "300"]) as jupyter:
        environ = {"JPY_PARENT_PID": str(jupyter.pid), "LABKIT_TRAINEE": "anna"}
        first = told(kernel(f"lab = labkit.connect('exercise-1')\nlab.kubectl('get pods')\n{SHOW}", **environ))
        again = told(kernel(f"lab = labkit.connect('exercise-1')\nlab.answer('state', 'healthy')\n{SHOW}", **environ))
        assert first == again
        other = kernel("labkit.connect('exercise-1', trainee='bert')", **environ)
        assert "trainee anna, not of trainee bert" in other.stderr
        env = subprocess.run(
            [sys.executable, "-m", "labkit", "status", "--json"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert json.loads(env.stdout)["pid"] == first["pid"], "a terminal in this folder means the exercise"
        jupyter.kill()
    assert processes.gone(first["pid"], 10)
    header, entries = journal.read(tmp_path / "journal.jsonl")
    assert (header.trainee, header.exercise, header.seed) == ("anna", "exercise-1", first["seed"])
    assert [entry.action["type"] for entry in entries][-1] == "lab.answer"


def test_two_trainees_get_two_worlds(kernel, tmp_path):
    graded = {"NBGRADER_EXECUTION": "validate"}
    seeds = {
        told(kernel(f"lab = labkit.connect('exercise-1', trainee='{name}')\n{SHOW}", **graded))["seed"]
        for name in ("anna", "bert")
    }
    assert len(seeds) == 2


def test_under_nbgrader_a_submissions_journal_is_left_as_it_is(kernel, tmp_path):
    folder = tmp_path / "autograded" / "anna" / "exercise-1"
    folder.mkdir(parents=True)
    (folder / "journal.jsonl").write_text("evidence")
    code = (
        f"lab = labkit.connect('exercise-1')\nassert lab.endpoints.trainee == 'anna'\nlab.kubectl('get pods')\n{SHOW}"
    )
    mine = told(kernel(code, folder=folder, NBGRADER_EXECUTION="autograde"))
    assert (folder / "journal.jsonl").read_text() == "evidence"
    assert processes.gone(mine["pid"], 5)


def test_where_no_sandbox_can_be_started_the_message_says_why_and_what_to_do(kernel, tmp_path):
    failed = kernel("labkit.connect('exercise-99')")
    assert failed.returncode == 1
    last = failed.stderr.strip().splitlines()
    assert any("no sandbox could be started here" in line for line in last)
    assert any("exercise-99" in line for line in last)
    assert any("labkit doctor" in line for line in last)


def test_a_module_of_the_trainees_does_not_stand_in_for_the_sandboxs(kernel, tmp_path):
    (tmp_path / "random.py").write_text("raise SystemExit('shadowed')")
    (tmp_path / "yaml.py").write_text("raise SystemExit('shadowed')")
    ended = subprocess.run(
        [sys.executable, "-P", "-c", f"import labkit\nlab = labkit.connect()\n{SHOW}"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("LABKIT_")},
    )  # fmt: skip
    assert told(ended)["pid"]


def test_a_file_left_by_a_killed_sandbox_is_not_taken_for_one(kernel, tmp_path):
    up = lifecycle.start(Options(home=tmp_path / ".labkit", clock="manual"))
    os.kill(up.pid, 9)
    assert processes.gone(up.pid, 5)
    assert control.running(tmp_path / ".labkit") is None
    begun = time.monotonic()
    assert told(kernel(f"lab = labkit.connect()\n{SHOW}"))["pid"] != up.pid
    assert time.monotonic() - begun < 30
