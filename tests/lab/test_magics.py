"""The magics, in a real IPython: what they hand on, untouched, and how a failure looks."""

import atexit
from types import SimpleNamespace

import pytest
from IPython.core.interactiveshell import InteractiveShell

from labkit.errors import QueryError
from labkit.lab import magics


class Asked:
    """Stands where a lab would, and remembers."""

    endpoints = SimpleNamespace(prometheus="http://127.0.0.1:9", loki=None)

    def kubectl(self, text):
        return "kubectl", text

    def promql(self, query, **options):
        if query == "up{":
            raise QueryError("unclosed brace", where=query, remedy="close it")
        return query, options

    def sql(self, query):
        return "sql", query


@pytest.fixture
def shell(monkeypatch):
    shell = InteractiveShell()
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.setattr(magics, "Lab", Asked)
    magics.register(Asked())
    yield shell
    shell.atexit_operations()
    atexit.unregister(shell.atexit_operations)


@pytest.mark.parametrize(
    ("cell", "result"),
    [
        ("%kubectl get pods -o jsonpath='{.items[*]}' $x", ("kubectl", "get pods -o jsonpath='{.items[*]}' $x")),
        ('%promql up{job="api"}', ('up{job="api"}', {})),
        ("%promql --last 1h --step=1m rate(a[5m])", ("rate(a[5m])", {"last": "1h", "step": "1m"})),
        ("%promql -1", ("-1", {})),
        ("%%promql --last 1h\nsum by (pod) (\n  up\n)", ("sum by (pod) (\n  up\n)\n", {"last": "1h"})),
        ("%%sql\nSELECT '{a}'\n", ("sql", "SELECT '{a}'\n")),
        ("%sql SELECT 1", ("sql", "SELECT 1")),
    ],
)
def test_the_line_arrives_as_it_was_written(shell, cell, result):
    ran = shell.run_cell(cell)
    assert ran.success
    got = ran.result
    assert (got[0], got[1]) == result or got == result


def test_a_failure_is_its_message_and_the_cell_has_failed(shell, capsys):
    ran = shell.run_cell("%promql up{")
    out = "".join(capsys.readouterr())
    assert not ran.success
    assert "up{: unclosed brace" in out
    assert "close it" in out
    assert "Traceback" not in out


def test_an_unknown_option_is_refused(shell, capsys):
    assert not shell.run_cell("%promql --since 1h up").success
    assert "no option --since" in "".join(capsys.readouterr())
