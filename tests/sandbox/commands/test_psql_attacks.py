"""What a hostile trainee tries through psql: nothing runs on this machine, nothing of it is read.

Each attack would create the canary file or print the secret file's word if it succeeded.
"""

import subprocess
import time
from pathlib import Path

import pytest

from labkit.sandbox.commands.psql_text import refusal
from labkit.sandbox.commands.table import Limits
from labkit.sandbox.engines import binaries

SECRET = "word-that-only-the-host-knows"


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file that must never come to be."""
    return tmp_path / "canary"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that must never be read."""
    file = tmp_path / "secret"
    file.write_text(f"SELECT '{SECRET}';\n", "utf-8")
    return file


COMMANDS = [
    r"\! /usr/bin/touch CANARY",
    r"\!/usr/bin/touch CANARY",
    r" \! /usr/bin/touch CANARY",
    r"\x \! /usr/bin/touch CANARY",
    r"\echo `/usr/bin/touch CANARY`",
    r"\d `/usr/bin/touch CANARY`",
    r"\set x `/usr/bin/touch CANARY`",
    r"\set PROMPT1 '%`/usr/bin/touch CANARY`'",
    r"\set PROMPT1 '%\140/usr/bin/touch CANARY\140'",
    r"\pset pager always",
    r"\pset pager '/usr/bin/touch CANARY'",
    r"\setenv PAGER '/usr/bin/touch CANARY'",
    r"\getenv x PGPASSWORD",
    r"\o CANARY",
    r"\o |/usr/bin/touch CANARY",
    r"\w CANARY",
    r"\g CANARY",
    r"\g |/usr/bin/touch CANARY",
    r"\g;CANARY",
    r"\g (format=csv) CANARY",
    r"\gx CANARY",
    r"\i SECRET",
    r"\ir SECRET",
    r"\include SECRET",
    r"\e",
    r"\edit CANARY",
    r"\ef",
    r"\ev",
    r"\cd /tmp",
    r"\copy (select 1) to CANARY",
    r"\copy (select 1) to program '/usr/bin/touch CANARY'",
    r"\copy experiments from program '/usr/bin/touch CANARY'",
    r"\lo_import SECRET",
    r"\lo_export 1 CANARY",
    r"\l`/usr/bin/touch CANARY`",
    r'\c "host=/tmp user=postgres"',
    r"\c - postgres",
    r"\connect postgresql://postgres@127.0.0.1/postgres",
    r"\password",
    r"\s CANARY",
    r"\watch 1",
    r"\gexec",
    r"\gset",
    r"\prompt x",
    r"\if true",
    r"\bind",
    r"\qecho x",
    r"\;",
    "\\x\n\\! /usr/bin/touch CANARY",
    "\\echo a\r\\! /usr/bin/touch CANARY",
    "\\echo a\x0b\\! /usr/bin/touch CANARY",
    "\\d x\x00\\! /usr/bin/touch CANARY",
]
"""Given to ``-c``, and typed as a line."""

LINES = [
    "SELECT $$\n\\! /usr/bin/touch CANARY\n$$;",
    "SELECT $a$ $$ $a$ \\! /usr/bin/touch CANARY",
    "SELECT $a$\n$a$\\! /usr/bin/touch CANARY",
    "/* /* */ \\! /usr/bin/touch CANARY",
    "-- x\n\\! /usr/bin/touch CANARY",
    "SELECT '\n\\! /usr/bin/touch CANARY\n';",
    "SELECT ' \\' ' \\! /usr/bin/touch CANARY",
    'SELECT "\n"\\! /usr/bin/touch CANARY',
    "SELECT E'\\'\\! /usr/bin/touch CANARY",
    "SET standard_conforming_strings = off;\nSELECT '\\'\\! /usr/bin/touch CANARY",
    "SELECT '\\! /usr/bin/touch CANARY' AS x \\gset\n:x",
    "SELECT 1/('\\! /usr/bin/touch CANARY')::int;\n:LAST_ERROR_MESSAGE",
    "SELECT chr(92) || '! /usr/bin/touch CANARY' AS a;\nSELECT :'LAST_ERROR_MESSAGE';",
    "SELECT (chr(92) || '! /usr/bin/touch CANARY')::int;\nSELECT 1 :LAST_ERROR_MESSAGE",
    "COPY (SELECT 1) TO PROGRAM '/usr/bin/touch CANARY';",
    "COPY (SELECT 1) TO 'CANARY';",
    "CREATE TEMP TABLE t (x text);\nCOPY t FROM 'SECRET';\nTABLE t;",
    "SET default_transaction_read_only = off;\nCOPY (SELECT 1) TO PROGRAM '/usr/bin/touch CANARY';",
    "SELECT pg_read_file('SECRET');",
    "SELECT pg_read_binary_file('SECRET');",
    "SELECT lo_import('SECRET');",
    "SELECT lo_from_bytea(0, 'x');",
    "SELECT pg_ls_dir('/');",
    "SET ROLE postgres;\nCOPY (SELECT 1) TO 'CANARY';",
    "SET SESSION AUTHORIZATION postgres;\nSELECT pg_read_file('SECRET');",
    "ALTER SYSTEM SET archive_command = '/usr/bin/touch CANARY';",
    "LOAD 'SECRET';",
    "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'SECRET', 'f';",
    "CREATE EXTENSION file_fdw;",
    "CREATE SUBSCRIPTION s CONNECTION 'host=/tmp' PUBLICATION p;",
    "SET client_encoding = 'SJIS';\nSELECT '\x83\\! /usr/bin/touch CANARY';",
]

OPTIONS = [
    ("-f", "SECRET"),
    ("--file=SECRET",),
    ("--fil", "SECRET"),
    ("-o", "CANARY", "-c", "SELECT 1"),
    ("--output=|/usr/bin/touch CANARY", "-c", "SELECT 1"),
    ("-L", "CANARY", "-c", "SELECT 1"),
    ("--log-file", "CANARY", "-c", "SELECT 1"),
    ("-tAoCANARY", "-c", "SELECT 1"),
    ("-v", "PROMPT1=%`/usr/bin/touch CANARY`", "-c", "SELECT 1"),
    ("-v", "x=`/usr/bin/touch CANARY`", "-c", "SELECT 1"),
    ("--set=x=\\! /usr/bin/touch CANARY",),
    ("--variable", "HISTFILE=CANARY"),
    ("-v", "PROMPT1=x"),
    ("-P", "pager=always", "-c", "SELECT 1"),
    ("--pset=pager=/usr/bin/touch CANARY", "-c", "SELECT 1"),
    ("-F", "`/usr/bin/touch CANARY`", "-c", "SELECT 1"),
    ("-d", "host=/tmp user=postgres", "-c", "SELECT 1"),
    ("-d", "postgresql://postgres@127.0.0.1/postgres", "-c", "SELECT 1"),
    ("service=x", "-c", "SELECT 1"),
    ("llm_research", "host=/tmp", "-c", "SELECT 1"),
    ("-h", "192.0.2.1", "-c", "SELECT 1"),
    ("-h", "/tmp", "-c", "SELECT 1"),
    ("-h", "localhost,192.0.2.1", "-c", "SELECT 1"),
    ("-p", "22", "-c", "SELECT 1"),
    ("-p", "5432,22", "-c", "SELECT 1"),
    ("-W", "-c", "SELECT 1"),
    ("-s", "-c", "SELECT 1"),
    ("-c", "SELECT '\udcff'"),
]


def filled(text: str, canary: Path, secret: Path) -> str:
    """``text`` with the paths of this test."""
    return text.replace("CANARY", str(canary)).replace("SECRET", str(secret))


def test_the_canary_sings_when_nothing_stops_psql(shell, canary):
    shell("psql", "-c", "SELECT 1")
    target = shell.postgres.dsn("trainee")
    program = str(binaries.program("psql"))
    subprocess.run([program, "-X", "-d", target, "-c", rf"\! /usr/bin/touch {canary}"], check=True)
    assert canary.exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_reaches_the_host(shell, canary, secret, command):
    said = shell("psql", "-c", filled(command, canary, secret))
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(("psql: error: ", "ERROR:"))
    assert not canary.exists()
    assert SECRET not in said.out + said.err


@pytest.mark.parametrize("command", COMMANDS)
def test_no_line_reaches_the_host(shell, canary, secret, command):
    said = shell("psql", stdin=f"{filled(command, canary, secret)}\n".encode(errors="surrogateescape"))
    assert said.err.startswith("psql: error: ")
    assert not canary.exists()
    assert SECRET not in said.out + said.err


@pytest.mark.parametrize("tty", [False, True])
@pytest.mark.parametrize("lines", LINES)
def test_no_quoting_hides_a_command(shell, canary, secret, lines, tty):
    said = shell("psql", stdin=filled(lines, canary, secret).encode("latin-1") + b"\n", tty=tty)
    assert "error" in (said.err + said.out).lower()
    assert not canary.exists()
    assert SECRET not in said.out + said.err


@pytest.mark.parametrize("lines", LINES)
def test_no_single_command_hides_another(shell, canary, secret, lines):
    said = shell("psql", "-c", filled(lines, canary, secret))
    assert said.code == 1
    assert not canary.exists()
    assert SECRET not in said.out + said.err


@pytest.mark.parametrize("options", OPTIONS)
def test_no_option_reaches_the_host(shell, canary, secret, options):
    said = shell("psql", *(filled(option, canary, secret) for option in options))
    assert said.code in (1, 2)
    assert said.err.startswith("psql: ")
    assert not canary.exists()
    assert SECRET not in said.out + said.err


def test_output_without_end_is_cut(shell):
    said = shell("psql", "-Atc", "SELECT repeat('x', 3000000)", limits=Limits(output=100_000))
    assert len(said.out) == 100_000
    assert "output truncated after 100,000 bytes" in said.err


def test_a_gigabyte_is_refused_by_the_server(shell):
    said = shell("psql", "-Atc", "SELECT length(repeat('x', 1000000000) || repeat('y', 1000000000))")
    assert said.code == 1
    assert "ERROR" in said.err


@pytest.mark.parametrize("how", [("-c", "SELECT pg_sleep(3600)"), ()])
def test_a_statement_without_end_is_stopped(shell, how):
    begin = time.monotonic()
    said = shell("psql", *how, stdin=b"" if how else b"SELECT pg_sleep(3600);\n", limits=Limits(seconds=0.5))
    assert time.monotonic() - begin < 10
    assert "stopped after 0.5 s" in said.err
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)%' AND pid <> pg_backend_pid()"
    assert shell("psql", "-Atc", sleeping).out == "0\n"


def test_a_line_without_end_is_refused(shell):
    said = shell("psql", stdin=b"SELECT " + b"1" * 2_000_000)
    assert said.code == 3
    assert "at most" in said.err


def test_input_that_is_no_text_is_refused(shell):
    said = shell("psql", stdin=b"SELECT '\xff\xfe';\n")
    assert (said.code, said.err) == (3, "psql: error: standard input is not UTF-8\n")


def test_the_trainee_writes_nothing(shell):
    for statement in (
        "DELETE FROM experiments",
        "SET default_transaction_read_only = off; INSERT INTO datasets VALUES (0)",
        "SET default_transaction_read_only = off; CREATE TABLE mine ()",
        "SET default_transaction_read_only = off; CREATE TEMP TABLE mine ()",
        "SET default_transaction_read_only = off; CREATE ROLE mine",
        "SELECT password_hash FROM users",
        "SELECT * FROM users",
        "SELECT * FROM audit_log",
        "SELECT rolpassword FROM pg_authid",
    ):
        said = shell("psql", "-c", statement)
        assert said.code == 1, statement
        assert "permission denied" in said.err or "read-only" in said.err


def test_the_filter_takes_no_time_over_blanks() -> None:
    """A back-tracking match over runs of blanks took minutes."""
    begun = time.monotonic()
    assert refusal("\\d" + " " * 200_000 + ":") is not None
    assert time.monotonic() - begun < 2
