"""The wheel: labkit with its data files, and nothing of the instructor's side."""

import subprocess
import sys
import zipfile
from pathlib import Path

CLONE = Path(__file__).parents[1]
DATA = {".toml", ".yaml", ".yml", ".json", ".sql", ".tsv", ".ipynb"}


def test_the_wheel_holds_every_data_file_of_the_package_and_nothing_else(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, CLONE],
        check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = {path.relative_to(CLONE) for path in (CLONE / "labkit").rglob("*") if path.is_file()}
    wanted = {str(path) for path in files if path.suffix in {".py", *DATA} or path.name == "py.typed"}
    assert held == wanted
    assert not [name for name in held if "rubric.toml" in name]
    kinds = {path.suffix for path in files if "__pycache__" not in path.parts}
    assert kinds <= {".py", ".typed", *DATA}, "a new kind of data file: name it in pyproject.toml"
