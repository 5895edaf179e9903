"""Every notebook of the labs runs from top to bottom, as a trainee runs it, in manual time."""

import json
from pathlib import Path
from typing import Any

import papermill
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "labs").rglob("*.ipynb"))
WORDS_A_CELL = 130
LINES_A_CELL = 8


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def printed(cell: dict[str, Any]) -> str:
    """Everything a cell showed, as text."""
    outputs = cell["outputs"]
    return "".join("".join(o.get("text", "")) + "".join(o.get("data", {}).get("text/plain", "")) for o in outputs)


def html_of(cell: dict[str, Any]) -> str:
    """What a cell showed to a browser."""
    return "".join("".join(output.get("data", {}).get("text/html", "")) for output in cell.get("outputs", ()))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    """The notebooks as executed, by cell id; each starts a sandbox of its own."""
    folder = tmp_path_factory.mktemp("labs")
    executed = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABKIT_CLOCK", "manual")
        patch.setenv("LABKIT_HOME", str(folder / "home"))
        for path in NOTEBOOKS:
            out = folder / path.name
            papermill.execute_notebook(
                path, out, cwd=folder, kernel_name="python3", progress_bar=False, log_output=False
            )
            cells = json.loads(out.read_text("utf-8"))["cells"]
            executed[path.name] = {cell["id"]: cell for cell in cells}
    return executed


@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_it_runs(path: Path, run: dict[str, dict[str, Any]]) -> None:
    cells = run[path.name].values()
    assert sum(cell["cell_type"] == "code" for cell in cells) >= 5
    silent = [cell["id"] for cell in cells if cell["cell_type"] == "code" and not cell["outputs"]]
    assert set(silent) <= {"connect"}, "a cell that shows nothing teaches nothing"


@pytest.mark.timeout(300)
def test_what_the_prose_says_of_the_outputs_is_true(run: dict[str, dict[str, Any]]) -> None:
    welcome, module, health = run["welcome.ipynb"], run["04-hands-on-lab.ipynb"], run["health-check.ipynb"]
    assert "200" in printed(welcome["curl"]).splitlines()[0]
    assert '{"status": "healthy"}' in printed(welcome["curl"])
    assert printed(welcome["pods"]).count("llm-research-api") == 3
    assert printed(module["can-i"]).split() == ["yes", "no"]
    assert len(printed(module["nodes"]).splitlines()) == 7
    assert "trainee" in printed(module["current-user"])
    assert "permission denied" in printed(module["forbidden"]) or "read-only" in printed(module["forbidden"])
    assert "PartitionCount: 12" in printed(module["topic"])
    assert "'unready pods': []" in printed(health["verdict"])
    assert "'missing topics': []" in printed(health["verdict"])
    assert "'in use': True" in printed(health["verdict"]) or "np.True_" in printed(health["verdict"])


@pytest.mark.timeout(300)
def test_what_the_prose_says_of_signals_is_true(run: dict[str, dict[str, Any]]) -> None:
    cells = run["01-monitoring-and-observability.ipynb"]
    assert "'resultType': 'vector'" in printed(cells["curl"])
    assert "No metric is called api_requests_total" in printed(cells["nothing"])
    assert "LLM Research Lab - System Overview" in printed(cells["dashboards"])
    for board in ("overview", "performance", "own"):
        assert "drawn" in printed(cells[board])
        assert "cannot be drawn" not in printed(cells[board])
    assert "path = /api/v1/experiments" in printed(cells["performance"])
    assert "trace_id" in printed(cells["logs-curl"])
    assert "True" in printed(cells["trace"]), "a span that failed"
    assert "10 traces" in html_of(cells["traces"])
    assert "api:request_latency:p99:5m > 0.5" in printed(cells["rule"])
    assert "'duration': 300" in printed(cells["rule"])
    pictures = [cell["id"] for cell in cells.values() if "<svg" in html_of(cell)]
    assert {"rate", "errors", "quantile", "overview", "performance", "log-rate", "trace", "own"} <= set(pictures)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_it_reads_like_a_book(path: Path) -> None:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    assert cells[0]["cell_type"] == "markdown"
    assert source(cells[0]).startswith("# ")
    for cell in cells:
        if cell["cell_type"] == "code":
            assert len(source(cell).splitlines()) <= LINES_A_CELL, cell["id"]
        else:
            assert len(source(cell).split()) <= WORDS_A_CELL, cell["id"]
