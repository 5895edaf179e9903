"""The bootstrap: which Python, what it refuses, and a whole installation of a tiny project from a folder."""

import ast
import hashlib
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from labkit import bootstrap
from labkit.bootstrap import Bootstrap
from labkit.installers import Failure, find_python

CLONE = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["bootstrap.py", "installers.py", "__init__.py"])
def test_an_old_python_can_read_it(name):
    ast.parse((CLONE / "labkit" / name).read_text(), feature_version=(3, 6))


# ── which Python ──────────────────────────────────────────────────────────────────────────────────


def interpreter(folder, name, version, has_venv=True):
    """A program that answers the bootstrap's two questions as a Python of that version would."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    probe = "" if has_venv else 'case "$*" in *ensurepip*) exit 1;; esac\n'
    path.write_text(f"#!/bin/sh\n{probe}echo '{list(version)}'\n")
    path.chmod(0o755)
    return str(path)


def test_the_newest_that_will_do_is_found(tmp_path):
    interpreter(tmp_path, "python3", (3, 9))
    interpreter(tmp_path, "python3.11", (3, 11))
    newer = interpreter(tmp_path, "python3.13", (3, 13))
    assert find_python({"PATH": str(tmp_path)}) == newer


def test_one_without_venv_is_passed_over(tmp_path):
    interpreter(tmp_path, "python3.13", (3, 13), has_venv=False)
    older = interpreter(tmp_path, "python3.11", (3, 11))
    assert find_python({"PATH": str(tmp_path)}) == older


def test_the_one_that_is_named_is_used_and_no_other(tmp_path):
    interpreter(tmp_path, "python3.13", (3, 13))
    named = interpreter(tmp_path, "mine", (3, 12))
    assert find_python({"PATH": str(tmp_path), "PYTHON": named}) == named
    old = interpreter(tmp_path, "old", (3, 8))
    with pytest.raises(Failure, match=r"old is Python 3\.8"):
        find_python({"PATH": str(tmp_path), "PYTHON": old})
    with pytest.raises(Failure, match="not a Python that runs"):
        find_python({"PATH": str(tmp_path), "PYTHON": "/nowhere/python"})


@pytest.mark.parametrize(
    ("pythons", "said", "remedy"),
    [
        ([], r"3\.11 or newer is needed; no Python was found", "apt install"),
        ([("python3", (3, 8), True)], r"3\.11 or newer is needed; .*python3 is Python 3\.8", "PYTHON="),
        ([("python3", (3, 12), False)], "not its venv module", r"apt install python3\.12-venv"),
    ],
)
def test_what_is_lacking_is_said_with_what_to_do(tmp_path, pythons, said, remedy):
    for python in pythons:
        interpreter(tmp_path, *python)
    with pytest.raises(Failure, match=said) as caught:
        find_python({"PATH": str(tmp_path)})
    assert __import__("re").search(remedy, caught.value.remedy)


# ── a whole installation ──────────────────────────────────────────────────────────────────────────

BACKEND = """
import zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "tiny_project-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.writestr("tiny_project.pth", "")
        wheel.writestr("tiny_project-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny-project\\nVersion: 1.0\\n")
        wheel.writestr("tiny_project-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("tiny_project-1.0.dist-info/RECORD", "")
    return name
"""


@pytest.fixture
def clone(tmp_path):
    """A clone in a path with a space, whose lock names one package, which lies in a folder."""
    root = tmp_path / "a clone"
    (root / "labkit").mkdir(parents=True)
    for name in ("bootstrap.py", "installers.py", "__init__.py"):
        (root / "labkit" / name).write_bytes((CLONE / "labkit" / name).read_bytes())
    (root / "backend.py").write_text(BACKEND)
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "tiny-project"\nversion = "1.0"\n'
    )
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    path = wheels / "tiny_package-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("tiny_package.py", "here = True\n")
        wheel.writestr(
            "tiny_package-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-package\nVersion: 1.0\n"
        )
        wheel.writestr(
            "tiny_package-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr("tiny_package-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (root / "requirements.lock").write_text(f"tiny-package==1.0 \\\n    --hash=sha256:{digest}\n")
    return root


def start(clone, **more):
    """The bootstrap of a clone as a process, with an environment that would lead it astray."""
    environ = os.environ | {
        "PYTHON": sys.executable, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": (clone.parent / "wheels").as_uri(), "PIP_USER": "1", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, clone / "labkit" / "bootstrap.py"], env=environ | more, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=clone.parent,
    )  # fmt: skip


def run(clone, **more):
    with start(clone, **more) as process:
        out, err = process.communicate(timeout=100)
    return process.returncode, out, err


def works(clone):
    return (
        subprocess.run([clone / ".venv" / "bin" / "python", "-c", "import tiny_package"], check=False).returncode == 0
    )


def test_it_installs_then_does_nothing_then_follows_the_lock_and_mends_what_is_broken(clone):
    status, out, err = run(clone)
    assert (status, err) == (0, "")
    assert works(clone)
    assert "[   0 s]" in out
    assert list((clone / ".venv").rglob("__pycache__/tiny_package*.pyc")), "compiled, whatever the environment says"

    before = (clone / ".venv" / "labkit.json").stat().st_mtime_ns
    assert run(clone, PATH="/nowhere", PYTHON="/nowhere")[0] == 0, "nothing was asked of any Python"
    assert (clone / ".venv" / "labkit.json").stat().st_mtime_ns == before

    lock = clone / "requirements.lock"
    good = lock.read_text()
    lock.write_text(good.replace("1.0", "2.0"))
    status, _, err = run(clone)
    assert status == 1
    assert "no build for this machine" in err
    assert len(err.strip().splitlines()) == 2, err

    lock.write_text(good)
    (clone / ".venv" / "lib").rename(clone / ".venv" / "lost")
    status, out, err = run(clone)
    assert (status, err) == (0, "")
    assert "making .venv" in out, "a failed installation is made anew"
    assert works(clone)


def test_an_interrupted_installation_is_made_anew(clone):
    process = start(clone)
    try:
        deadline = time.monotonic() + 60
        while not (clone / ".venv" / "labkit.json").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    status, out, _ = run(clone)
    assert status == 0
    assert "making .venv" in out
    assert works(clone)


def test_an_index_that_cannot_be_reached_is_said_in_one_sentence(clone):
    closed = {
        "PIP_NO_INDEX": "0",
        "PIP_FIND_LINKS": "",
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
    }
    status, _, err = run(clone, **closed)
    assert status == 1
    assert "cannot be reached" in err
    assert "Traceback" not in err


def test_a_clone_that_was_moved_gets_its_environment_anew(clone):
    boot = Bootstrap(clone)
    boot.folder.mkdir()
    boot.python.parent.mkdir()
    boot.python.symlink_to(sys.executable)
    boot.write_note(boot.wanted())
    assert boot.is_right()
    moved = clone.rename(clone.parent / "moved")
    assert not Bootstrap(moved).is_right()


def test_a_full_disk_is_refused_before_anything_is_made(clone, monkeypatch, capsys):
    monkeypatch.setattr(
        bootstrap.shutil, "disk_usage", lambda _: os.terminal_size((0, 0)) and type("U", (), {"free": 10**9})
    )
    with pytest.raises(Failure, match=r"1\.0 GB free; the environment needs 1\.5 GB"):
        Bootstrap(clone).run()
    assert not (clone / ".venv").exists()


def test_a_file_that_is_missing_is_named(clone):
    (clone / "requirements.lock").unlink()
    with pytest.raises(Failure, match=r"requirements\.lock is missing"):
        Bootstrap(clone).run()
