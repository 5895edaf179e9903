"""Statements performed again, by the real server."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from labkit.clock import EPOCH
from labkit.sandbox import statement
from labkit.sandbox.engines.postgres import Postgres


class Database:
    """A server and a loop to ask it on."""

    def __init__(self, runner: asyncio.Runner, postgres: Postgres) -> None:
        self.postgres = postgres
        self._runner = runner

    def __call__(self, sql: str) -> dict[str, object]:
        return self._runner.run(statement.execute(self.postgres, "trainee", sql))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database that has its rows."""
    with asyncio.Runner() as runner:
        postgres = Postgres(tmp_path_factory.mktemp("home"), seed=7, start=EPOCH)
        yield Database(runner, postgres)
        runner.run(postgres.stop())


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT 1", 1),
        ("SELECT * FROM generate_series(1, 300)", 300),
        ("SELECT 1 WHERE false", 0),
        ("SELECT 1; SELECT * FROM generate_series(1, 3)", 1),
        ("SET lock_timeout = 0", 0),
        ("", 0),
        (" ; -- nothing", 0),
        ("SELECT $1::int", 0),
        ("SELECT id FROM experiments WHERE id = $1 AND status = $2", 0),
        ("COPY (SELECT 1) TO STDOUT", 1),
        ("COPY (SELECT * FROM generate_series(1, 5000)) TO STDOUT (FORMAT binary)", 5000),
        ("COPY (SELECT 1 UNION SELECT 2) TO STDOUT; SELECT 1", 2),
        ("DO $$ BEGIN RAISE WARNING 'look here'; END $$", 0),
    ],
)
def test_a_statement_that_the_server_takes_has_rows(database, capfd, sql, rows):
    assert database(sql) == {"rows": rows}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("SELECT 1/0", "division by zero"),
        ("SELECT 1; SELECT 1/0", "division by zero"),
        ("SELECT nope FROM experiments WHERE id = $1", 'column "nope" does not exist'),
        ("SELECT $1::int; SELECT 1", "cannot insert multiple commands into a prepared statement"),
        ("DO $$ BEGIN EXECUTE 'SELECT $1'; END $$", "there is no parameter $1"),
        ("COPY datasets FROM STDIN", "permission denied for table datasets"),
        ("COPY (SELECT 1 / (2 - n) FROM generate_series(1, 2) n) TO STDOUT", "division by zero"),
        ("SELECT pg_read_file('/etc/passwd')", "permission denied for function pg_read_file"),
        ("SELEC 1", 'syntax error at or near "SELEC"'),
    ],
)
def test_a_statement_that_the_server_refuses_has_its_words(database, capfd, sql, error):
    assert database(sql) == {"error": error}
    assert capfd.readouterr() == ("", "")


def test_copy_from_standard_input_ends_at_once(database, monkeypatch):
    monkeypatch.setattr(database.postgres, "dsn", lambda _: Postgres.dsn(database.postgres, "llm_research_api"))
    assert database("CREATE TEMP TABLE t (x int); COPY t FROM STDIN; COPY t FROM STDIN (FORMAT csv)") == {"rows": 0}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_sleep(60)",
        "COPY (SELECT pg_sleep(60)) TO STDOUT",
        "SET statement_timeout = 0; SELECT pg_sleep(60)",
        "SET statement_timeout = 0; COPY (SELECT pg_sleep(60)) TO STDOUT",
    ],
)
def test_a_statement_without_end_is_ended(database, monkeypatch, sql):
    monkeypatch.setattr(statement, "TIMEOUT", 1)
    monkeypatch.setattr(statement, "_GRACE", 1)
    begin = time.monotonic()
    assert database(sql) == {"error": "canceling statement due to statement timeout"}
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize("sql", ["", "SELECT 1", "SELECT $1::int"])
def test_a_server_that_refuses_is_an_error_the_same_in_every_run(database, capfd, sql):
    database.postgres.refuse()
    try:
        outcome = database(sql)
    finally:
        database.postgres.accept()
    assert "Connection refused" in str(outcome["error"])
    assert str(database.postgres.port) not in str(outcome["error"])
    assert capfd.readouterr() == ("", "")
    assert database(sql) == {"rows": 1 if sql == "SELECT 1" else 0}
