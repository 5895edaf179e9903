"""A command that ran: as a shell would run it, shown as a terminal would show it."""

import os

import pytest

from labkit.errors import QueryError
from labkit.lab.completed import Completed, run


@pytest.fixture
def echo(tmp_path):
    """An environment with a program ``show`` that prints its arguments, one a line."""
    program = tmp_path / "show"
    program.write_text('#!/bin/sh\nfor word in "$@"; do echo "[$word]"; done\n')
    program.chmod(0o755)
    return os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}


def test_quotes_pipes_and_continued_lines_are_the_shells(echo):
    assert run("show", """a 'b c' "d"'e'""", echo).stdout == "[a]\n[b c]\n[de]\n"
    assert run("show", "a b | grep b", echo).stdout == "[b]\n"
    assert run("show", "a \\\n  b", echo).stdout == "[a]\n[b]\n"
    assert (
        run("show", r"-o jsonpath='{.items[*].metadata.name}'", echo).stdout.splitlines()[1]
        == "[jsonpath={.items[*].metadata.name}]"
    )


def test_the_programs_own_name_may_stand_first(echo):
    assert run("show", "show a", echo).stdout == "[a]\n"
    assert run("show", "  show   a", echo).stdout == "[a]\n"
    assert run("show", "showing", echo).stdout == "[showing]\n"


def test_a_failure_is_shown_and_not_raised(echo):
    failed = run("show", "a; echo broken >&2; exit 3", echo)
    assert (failed.returncode, failed.stderr) == (3, "broken\n")
    assert str(failed) == "[a]\nbroken"


def test_nothing_waits_for_a_key(echo):
    assert run("cat", "", echo).stdout == ""


def test_output_that_is_no_text_is_shown_as_far_as_it_is(echo):
    assert "�" in run("show", "a; printf '\\377'", echo).stdout


def test_the_page_shows_it_unwrapped_and_escaped():
    page = Completed("x", "NAME  READY\n<none>", "warning & all", 1)._repr_html_()
    assert "white-space:pre" in page
    assert "&lt;none&gt;" in page
    assert "warning &amp; all" in page
    assert "exit status 4" in Completed("x", "", "", 4)._repr_html_()


def test_json():
    assert Completed("x", '{"items": []}', "", 0).json() == {"items": []}
    with pytest.raises(QueryError, match="not JSON"):
        Completed("kubectl get pods", "NAME", "", 0).json()
