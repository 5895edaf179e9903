"""The tree: what may lie in it, and what must not be in its files."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

CLONE = Path(__file__).parents[1]
FOLDERS = {"labs", "source", "release", "autograded", "labkit", "datasets", "tests", ".ci", ".github"}
REGISTRIES = re.compile(
    r"(?:https?|file)://[^\s\"')>]*(?:pypi|/simple\b|artifactory|nexus|devpi|npmjs|/wheels\b)[^\s\"')>]*", re.IGNORECASE
)


def files():
    """Every file that is or would be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CLONE,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git clone")
    names = (CLONE / name for name in listed.stdout.decode().split("\0") if name)
    return sorted(path for path in names if path.is_file())


def text_of(path):
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_only_the_designs_folders_are_at_the_top():
    assert {path.relative_to(CLONE).parts[0] for path in files() if path.parent != CLONE} <= FOLDERS


def test_no_file_is_too_long_or_too_large():
    for path in files():
        assert path.stat().st_size < 2_000_000, path
        assert path.suffix != ".py" or text_of(path).count("\n") < 500, path


def test_no_file_holds_a_registrys_address_or_a_path_of_this_machine():
    places = re.compile(
        "|".join(re.escape(str(place)) + r"\b" for place in (CLONE, sys.base_prefix) if len(str(place)) > 8)
    )
    for path in files():
        if path == Path(__file__) or path.name in {"test_installers.py", "test_bootstrap.py"}:
            continue
        assert not REGISTRIES.search(text_of(path)), path
        assert not places.search(text_of(path)), path


def test_the_lock_pins_everything_by_hash_and_says_nothing_of_where_from():
    lock = (CLONE / "requirements.lock").read_text()
    assert not re.search(r"^\s*(?:-|\w+://)(?!-hash)", lock, re.MULTILINE)
    pins = re.split(r"\n(?=\S)", lock.strip())
    assert len(pins) > 100
    for pin in pins:
        assert re.match(r"[\w.-]+==[\w.]+", pin), pin
        assert "--hash=sha256:" in pin, pin


def notebooks():
    return [path for path in files() if path.suffix == ".ipynb"]


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: str(path.relative_to(CLONE)))
def test_notebooks_are_committed_without_outputs(path):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs"), "".join(cell["source"])[:80]
        assert cell.get("execution_count") is None


def test_a_notebooks_cell_is_no_program():
    """A model solution may be longer: nobody reads it on the way."""
    for path in notebooks():
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            assert cell["cell_type"] != "code" or "BEGIN SOLUTION" in source or source.count("\n") < 15, path


def test_the_makefile_lists_each_of_its_targets():
    text = (CLONE / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):(?!=)", text, re.MULTILINE)) - {"environment"}
    listed = subprocess.run(["make"], cwd=CLONE, capture_output=True, text=True, check=True).stdout
    assert targets == set(re.findall(r"make (\w+) ", listed))


@pytest.mark.parametrize(
    "command", [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], ["lint-imports"]], ids=" ".join
)
def test_style_types_and_layers(command):
    program = CLONE / ".venv" / "bin" / command[0]
    if not program.exists():
        pytest.skip("no .venv here: make test")
    ended = subprocess.run([program, *command[1:]], cwd=CLONE, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-2000:]
