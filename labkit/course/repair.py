"""Putting a damaged notebook together again, from the released one and what is left of the work.

The result is the released notebook, cell by cell, with the trainee's work in its solution cells
and the trainee's own cells where they stood. So deleted, duplicated, retyped, reordered and edited
cells are all repaired alike, and nothing but text is taken over: no metadata, no output.
"""

import copy
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from nbformat import NotebookNode, from_dict

LARGEST = 64 * 1024 * 1024
"""Bytes of a notebook that are still read: a cell that printed without end makes a larger one."""

LONGEST = 100_000
"""Characters of a cell that are kept."""

MOST_OWN = 500
"""The trainee's own cells that are kept."""

node: Callable[[dict[str, Any]], NotebookNode] = from_dict
"""nbformat's own way from plain data to a node; it is published without types."""

_KINDS = ("code", "markdown", "raw")


class Cell(msgspec.Struct, frozen=True):
    """A submitted cell, reduced to what is used of it. ``name`` is its nbgrader id, if it has one."""

    kind: str
    source: str
    name: str | None


def read_cells(path: Path) -> tuple[list[Cell], list[str]]:
    """The cells of a submitted notebook and, if it cannot be read, a note that says why."""
    try:
        if path.stat().st_size > LARGEST:
            return [], [
                f"the notebook has more than {LARGEST >> 20} MB and was not read: graded from the journal alone"
            ]
        notebook = json.loads(path.read_bytes())
        return [_cell(cell) for cell in notebook["cells"]], []
    except FileNotFoundError:
        return [], ["the notebook was missing: graded from the journal alone"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError):
        return [], ["the notebook could not be read: graded from the journal alone"]


def repair(cells: Sequence[Cell], released: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """A sound notebook from submitted ``cells``, and notes on what was repaired."""
    known: list[str] = [cell.metadata.nbgrader.grade_id for cell in released.cells]
    given: dict[str, Cell] = {}
    own: dict[str | None, list[Cell]] = {}
    twice: list[str] = []
    after: str | None = None
    for cell in cells:
        if cell.name is None or cell.name not in known:
            own.setdefault(after, []).append(cell)
        elif cell.name in given:
            twice.append(cell.name)
        else:
            given[cell.name] = cell
            after = cell.name
    notebook = copy.deepcopy(released)
    notebook.cells = _woven(notebook.cells, given, own)
    return notebook, _notes(released, given, twice) if cells else []


def _woven(
    released: list[NotebookNode], given: dict[str, Cell], own: dict[str | None, list[Cell]]
) -> list[NotebookNode]:
    """The released cells with the submitted work in them, the trainee's own cells in between."""
    numbered = ((after, extra) for after, extras in own.items() for extra in extras)
    made: dict[str | None, list[NotebookNode]] = {}
    for number, (after, extra) in zip(range(MOST_OWN), numbered, strict=False):
        made.setdefault(after, []).append(_make(extra, number))
    woven = made.get(None, [])
    for cell in released:
        mark = cell.metadata.nbgrader
        if mark.solution and mark.grade_id in given:
            cell.source = given[mark.grade_id].source
        woven += [cell, *made.get(mark.grade_id, [])]
    return woven


def _make(cell: Cell, number: int) -> NotebookNode:
    """A cell of the trainee's own, with nothing of it but type and text.

    Prose is shown in the instructor's browser, by formgrader and in feedback: HTML in it is text.
    """
    made: dict[str, Any] = {"cell_type": "markdown", "id": f"own-{number}", "metadata": {}}
    if cell.kind == "code":
        made |= {"cell_type": "code", "outputs": [], "execution_count": None, "source": cell.source}
    else:
        made["source"] = cell.source.replace("<", "&lt;")
    return node(made)


def _notes(released: NotebookNode, given: dict[str, Cell], twice: list[str]) -> list[str]:
    """What was repaired, one note a kind of damage."""
    missing, retyped, edited = [], [], []
    for cell in released.cells:
        name = cell.metadata.nbgrader.grade_id
        if name not in given:
            missing.append(name)
        elif given[name].kind != cell.cell_type:
            retyped.append(name)
        elif not cell.metadata.nbgrader.solution and given[name].source != cell.source:
            edited.append(name)
    damage = {
        "put back, had been deleted": missing,
        "there more than once, the first counts": list(dict.fromkeys(twice)),
        "of another type, turned back": retyped,
        "locked but edited, put back": edited,
    }
    return [f"{_cells(names)} {what}" for what, names in damage.items() if names]


def _cells(names: list[str]) -> str:
    return f"cell {names[0]}" if len(names) == 1 else f"cells {', '.join(names)}"


def _cell(raw: dict[str, Any]) -> Cell:
    source = raw["source"]
    mark = raw.get("metadata", {}).get("nbgrader", {})
    name = mark.get("grade_id") if isinstance(mark, dict) else None
    return Cell(
        raw["cell_type"] if raw["cell_type"] in _KINDS else "raw",
        (source if isinstance(source, str) else "".join(source))[:LONGEST],
        name if isinstance(name, str) else None,
    )
