"""Damaged notebooks: whatever is left of one, a sound notebook with the work in it comes out."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.course.assignment import grade_cells
from labkit.course.repair import LARGEST, MOST_OWN, Cell, read_cells, repair

RELEASED = nbformat.read(Path(__file__).parents[2] / "release" / "exercise-1" / "exercise-1.ipynb", as_version=4)
NAMES = [cell.id for cell in RELEASED.cells]
CELLS = [Cell(cell.cell_type, cell.source, cell.id) for cell in RELEASED.cells]


def test_an_untouched_notebook_needs_no_repair() -> None:
    notebook, notes = repair(CELLS, RELEASED)
    assert notebook == RELEASED
    assert notes == []


def test_work_and_own_cells_stay_where_they_stood() -> None:
    own = Cell("code", "lab.kubectl('get svc')", None)
    work = Cell("code", "my work", "step-2-work")
    index = NAMES.index("step-2-work")
    notebook, notes = repair([own, *CELLS[:index], work, own, *CELLS[index + 1 :]], RELEASED)
    assert [cell.source for cell in notebook.cells][index + 1 : index + 3] == ["my work", own.source]
    assert notebook.cells[0].source == own.source
    assert notes == []


def test_each_kind_of_damage_is_told() -> None:
    damaged = {
        "pods": None,
        "api": Cell("markdown", "lab.score('api')", "api"),
        "kafka": Cell("code", "20.0", "kafka"),
    }
    cells = [cell for cell in (damaged.get(cell.name or "", cell) for cell in CELLS) if cell]
    notebook, notes = repair([*cells, CELLS[0]], RELEASED)
    assert notes == [
        "cell pods put back, had been deleted",
        "cell title there more than once, the first counts",
        "cell api of another type, turned back",
        "cell kafka locked but edited, put back",
    ]
    assert notebook == RELEASED


CELL = st.builds(
    Cell, st.sampled_from(["code", "markdown", "raw"]), st.text(max_size=20), st.sampled_from([*NAMES, "other", None])
)


@given(st.lists(CELL | st.sampled_from(CELLS), max_size=40))
def test_any_cells_at_all_give_a_sound_notebook(cells: list[Cell]) -> None:
    notebook, _ = repair(cells, RELEASED)
    nbformat.validate(notebook)
    assert grade_cells(notebook) == grade_cells(RELEASED)
    assert [cell.id for cell in notebook.cells if cell.id in NAMES] == NAMES


def test_own_cells_without_end_are_cut_short() -> None:
    notebook, _ = repair([*CELLS, *[Cell("code", "1", None)] * 10_000], RELEASED)
    assert len(notebook.cells) == len(CELLS) + MOST_OWN


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"cells": 3}', '{"cells": [{}]}', '{"cells": [7]}', "[" * 100_000, "\udcff", "1" * 5000],
)
def test_what_is_no_notebook_is_noted(tmp_path: Path, content: str) -> None:
    path = tmp_path / "notebook.ipynb"
    path.write_text(content, errors="surrogateescape")
    assert read_cells(path) == ([], ["the notebook could not be read: graded from the journal alone"])


def test_a_missing_and_a_huge_notebook_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "notebook.ipynb"
    assert "missing" in read_cells(path)[1][0]
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    assert "more than 64 MB" in read_cells(path)[1][0]


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2)))
def test_odd_metadata_is_passed_over(tmp_path_factory: pytest.TempPathFactory, odd: Any) -> None:
    path = tmp_path_factory.mktemp("odd") / "notebook.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": "1", "metadata": {"nbgrader": odd}}]}))
    assert read_cells(path) == ([Cell("code", "1", None)], [])


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_a_trainees_html_is_text(kind: str) -> None:
    notebook, _ = repair([*CELLS, Cell(kind, "see <script>alert(1)</script>", None)], RELEASED)
    assert notebook.cells[-1].cell_type == "markdown"
    assert "<" not in notebook.cells[-1].source
