"""Completion as IPython's kernel asks for it: a cell and a position in it."""

import atexit
from types import SimpleNamespace

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.manager import start_new_kernel

from labkit.lab.completer import complete_with


@pytest.fixture
def complete(served):
    """Completes what stands before ``▮`` in a cell."""
    served.answers |= {
        "/api/v1/label/__name__/values": {"data": ["api_request_total", "db:latency:p99", "up"]},
        "/api/v1/labels": {"data": ["status", "pod"]},
        "/api/v1/label/status/values": {"data": ["200", "500"]},
        "/loki/api/v1/labels": {"data": ["app"]},
    }
    shell = InteractiveShell()
    lab = SimpleNamespace(endpoints=SimpleNamespace(prometheus=served.url, loki=served.url))
    complete_with(shell, lab)
    complete_with(shell, lab)

    def run(cell):
        at = cell.index("▮")
        with provisionalcompleter():
            found = list(shell.Completer.completions(cell.replace("▮", ""), at))
        assert all(cell[one.start : one.end] == cell[one.start : at] for one in found)
        return [cell[: one.start] + one.text for one in found], [one.type for one in found]

    yield run
    shell.atexit_operations()
    atexit.unregister(shell.atexit_operations)


@pytest.mark.parametrize(
    ("cell", "completed"),
    [
        ("%promql rate(api_▮", ["%promql rate(api_request_total"]),
        ("%promql db:la▮", ["%promql db:latency:p99"]),
        ("%promql --last 1h up{st▮", ["%promql --last 1h up{status"]),
        ('%promql up{status="▮', ['%promql up{status="200', '%promql up{status="500']),
        ("%promql --la▮", ["%promql --last"]),
        ("%logql --li▮", ["%logql --limit"]),
        ("%logql {▮", ["%logql {app"]),
        ("rates = %promql api_▮", ["rates = %promql api_request_total"]),
        ("%%promql --last 1h\nsum by (p▮", ["%%promql --last 1h\nsum by (pod"]),
        ("%%promql\nsum(\n  rate(api_▮[5m]))", ["%%promql\nsum(\n  rate(api_request_total"]),
        ("%%promql --st▮", ["%%promql --step"]),
    ],
)
def test_completions(complete, cell, completed):
    assert complete(cell)[0] == completed


def test_a_kernel_completes_them_over_its_protocol(served):
    served.answers["/api/v1/label/__name__/values"] = {"data": ["api_request_total", "up"]}
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        client.execute_interactive(
            "from types import SimpleNamespace as N; from labkit.lab.completer import complete_with\n"
            f"complete_with(get_ipython(), N(endpoints=N(prometheus={served.url!r}, loki=None)))",
            timeout=60,
        )
        found = client.complete("%promql rate(api_", reply=True, timeout=60)["content"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert found["matches"] == ["api_request_total"]
    assert (found["cursor_start"], found["cursor_end"]) == (13, 17)


def test_kinds_are_shown(complete):
    assert complete("%promql api▮")[1] == ["metric"]


def test_python_and_other_magics_are_completed_as_before(complete):
    assert "import os" in complete("import o▮")[0]
    assert complete("%kubectl get pods ap▮")[0] == []
