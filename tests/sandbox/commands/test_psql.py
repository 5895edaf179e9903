import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.kube.request import User
from labkit.sandbox.commands import psql_options
from labkit.sandbox.commands.confined import Confined
from labkit.sandbox.commands.psql_text import refusal

ADMIN = User("root", ("system:masters",))


def test_exercise_1_step_4(shell):
    said = shell("psql", "-U", "postgres", "-c", "SELECT 1")
    assert said.out == " ?column? \n----------\n        1\n(1 row)\n\n"
    assert (said.code, said.err) == (0, "")


def test_the_runbook_counts_experiments(shell):
    said = shell("psql", "-U", "postgres", "-d", "llm_research", "-c", "SELECT COUNT(*) FROM experiments;")
    assert said.code == 0
    assert 4000 <= int(said.out.split("\n")[2]) <= 5000


@pytest.mark.parametrize(
    ("argv", "out"),
    [
        (("-tAc", "SELECT 1, 2"), "1|2\n"),
        (("-t", "-A", "-F", ",", "-c", "SELECT 1, 2", "-c", "SELECT 3"), "1,2\n3\n"),
        (("--tuples-only", "--no-align", "--command=SELECT current_user"), "trainee\n"),
        (("-At", "-U", "llm_research_api", "llm_research", "-c", "SELECT current_user"), "trainee\n"),
        (("-AtU", "postgres", "-c", "SELECT current_database()"), "postgres\n"),
        (("-At", "postgres", "-c", "SELECT current_database()"), "postgres\n"),
        (("-At", "-h", "postgres-0", "-p", "5432", "-w", "-c", "SELECT 4"), "4\n"),
        (("-At", "--csv", "-P", "null=none", "-c", "SELECT NULL::int"), "none\n"),
        (("-Atqv", "n=5", "-f", "-"), "5\n"),
        (("-xAtc", r"\echo hello"), "hello\n"),
    ],
)
def test_options_as_people_type_them(shell, argv, out):
    said = shell("psql", *argv, stdin=b"SELECT :n;\n")
    assert (said.out, said.err, said.code) == (out, "", 0)


def test_the_options_that_are_always_given_are_given(shell, monkeypatch):
    given = []

    async def run(_, command, *__):
        given.extend(command)
        return 0

    monkeypatch.setattr(Confined, "run", run)
    assert shell("psql", "-c", "SELECT 1").code == 0
    assert {f"-{short}" for short in psql_options._ALWAYS_GIVEN} <= set(given)


def test_statements_of_several_lines_come_from_standard_input(shell):
    script = b"SELECT\n  1 +\n  2;\n\\x on\nSELECT 3 AS three;\nSELECT $$a\nb$$ AS last"
    said = shell("psql", "-q", stdin=script)
    assert said.code == 0
    assert "        3\n" in said.out
    assert "three | 3" in said.out
    assert "last | a    +\n     | b\n" in said.out


def test_with_a_command_nothing_is_read_from_standard_input(shell):
    assert shell("psql", "-Atc", "SELECT 1", stdin=b"SELECT 2;\n").out == "1\n"


def test_a_refused_command_is_left_out_and_the_rest_goes_on(shell):
    said = shell("psql", "-At", stdin=b"SELECT 1;\n\\! id\nSELECT 2;\n")
    assert (said.code, said.out) == (0, "1\n2\n")
    assert said.err.startswith("psql: error: \\! is not available here: ")


def test_a_refused_command_ends_a_script_that_stops_on_error(shell):
    said = shell("psql", "-At", "-v", "ON_ERROR_STOP=1", stdin=b"SELECT 1;\n\\! id\nSELECT 2;\n")
    assert (said.code, said.out) == (3, "1\n")


def test_a_statement_that_lost_a_line_is_not_run(shell):
    said = shell("psql", "-At", stdin=b"SELECT 1;\nSELECT 2\n  + '\\n'::int;\nSELECT 3;\n")
    assert (said.code, said.out) == (3, "1\n")


@pytest.mark.parametrize(
    ("argv", "code", "err"),
    [
        (("-c", "SELECT 1/0"), 1, "ERROR:  division by zero\n"),
        (
            ("--nope",),
            1,
            "psql: unrecognized option '--nope'\npsql: hint: Try \"psql --help\" for more information.\n",
        ),
        (
            ("-c",),
            1,
            "psql: option requires an argument -- 'c'\npsql: hint: Try \"psql --help\" for more information.\n",
        ),
        (
            ("-d", "nope", "-c", "SELECT 1"),
            2,
            (
                'psql: error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: '
                'FATAL:  database "nope" does not exist\n'
            ),
        ),
        (
            ("-h", "elsewhere", "-c", "SELECT 1"),
            2,
            'psql: error: could not translate host name "elsewhere" to address: Name or service not known\n',
        ),
        (
            ("-h", "localhost", "-p", "5433", "-c", "SELECT 1"),
            2,
            (
                'psql: error: connection to server at "localhost" (127.0.0.1), port 5433 failed: Connection refused\n'
                "\tIs the server running on that host and accepting TCP/IP connections?\n"
            ),
        ),
    ],
)
def test_mistakes_are_answered_in_psqls_words(shell, argv, code, err):
    said = shell("psql", *argv)
    assert (said.code, said.err, said.out) == (code, err, "")


def test_identity_decides_the_role(shell):
    assert shell("psql", "-Atc", "SELECT current_user", user=ADMIN).out == "llm_research_api\n"
    said = shell("psql", "-c", "SELECT 1", user=User("mallory"))
    assert said.code == 2
    assert said.err.endswith('FATAL:  role "mallory" does not exist\n')


def test_a_server_that_is_down_refuses_and_comes_back(shell):
    postgres = shell.postgres
    before = shell("psql", "-Atc", "SELECT count(*) FROM experiments").out
    postgres.refuse()
    try:
        said = shell("psql", "-U", "postgres", "-c", "SELECT 1")
        over_tcp = shell("psql", "-h", "postgres", "-c", "SELECT 1")
        ready = shell("pg_isready")
    finally:
        postgres.accept()
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        'psql: error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: Connection refused\n'
        "\tIs the server running locally and accepting connections on that socket?\n"
    )
    assert 'server at "postgres" (10.244.1.7), port 5432 failed: Connection refused\n' in over_tcp.err
    assert (ready.code, ready.out) == (2, "/var/run/postgresql:5432 - no response\n")
    assert shell("psql", "-Atc", "SELECT count(*) FROM experiments").out == before


def test_the_port_and_folder_of_this_machine_are_not_shown(shell):
    said = shell("psql", "-c", r"\conninfo")
    assert " Socket Directory     | /var/run/postgresql\n Server Port          | 5432\n" in said.out
    assert str(shell.postgres.port) not in said.out


def test_a_terminal_has_prompts_echo_and_carriage_returns(shell):
    said = shell("psql", "-U", "postgres", "-d", "llm_research", stdin=b"select 1x\x7f;\rselect 2;\r\x04", tty=True)
    assert said.code == 0
    assert said.err == ""
    assert "select 1x\b \b;\r\n" in said.out
    assert "llm_research=> " in said.out
    assert "\r\n        2\r\n(1 row)\r\n" in said.out
    assert "\n" not in said.out.replace("\r\n", "")


def test_a_command_in_a_terminal_has_carriage_returns(shell):
    assert shell("psql", "-Atc", "SELECT 1", tty=True).out == "1\r\n"


@pytest.mark.parametrize("argv", [("--version",), ("-V",), ("--help",), ("-?",), ("--help=commands",)])
def test_psql_describes_itself(shell, argv):
    said = shell("psql", *argv)
    assert said.code == 0
    assert "psql" in said.out or "\\q" in said.out


@pytest.mark.parametrize(
    ("argv", "code", "out"),
    [
        ((), 0, "/var/run/postgresql:5432 - accepting connections\n"),
        (("-U", "postgres", "-d", "llm_research"), 0, "/var/run/postgresql:5432 - accepting connections\n"),
        (("-h", "localhost"), 0, "localhost:5432 - accepting connections\n"),
        (("-q",), 0, ""),
        (("--host=elsewhere",), 2, "elsewhere:5432 - no response\n"),
        (("-p", "6000"), 2, "/var/run/postgresql:6000 - no response\n"),
        (("-p", "x"), 3, ""),
        (("x",), 3, ""),
        (("--nope",), 3, ""),
    ],
)
def test_pg_isready(shell, argv, code, out):
    said = shell("pg_isready", *argv)
    assert (said.code, said.out) == (code, out)


PIECES = ["\\", "`", "!", "i", "o", "w", "g", "x", "e", "c", "copy", "dt", "echo", "pset", "set", " ", "|", ":", ";"]
TEXTS = st.lists(st.sampled_from([*PIECES, "$$", "'", '"', "--", "/*", "\n", "\0", "pager", "a"]), max_size=12).map(
    "".join
)


@given(TEXTS)
def test_what_passes_holds_no_way_out(text: str):
    if refusal(text) is None:
        assert not set("`\0") & set(text)
        for line in text.split("\n"):
            _, backslash, command = line.partition("\\")
            name, _, rest = command.partition(" ")
            assert "\\" not in rest
            if backslash:
                assert re.fullmatch(r"[dl?][a-z+S]*|x|g|gx|t|a|echo|pset|p|q|r|h|z", name.rstrip(";"))
                assert not (name in ("g", "gx") and rest.strip())
                assert "pager" not in rest or name == "echo" or name[0] in "dl"


@pytest.mark.parametrize(
    "line", ["\\dt", "\\d+ experiments", "\\l", "\\x auto", "SELECT 1 \\gx", "\\pset border 2", "\\?"]
)
def test_showing_is_allowed(line):
    assert refusal(line) is None
