"""The rows of LLM-Research-Lab: a pure function of seed and start, and plausible."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from labkit.clock import DAY, EPOCH, Millis
from labkit.sandbox.engines.postgres import Postgres

TABLES = (
    *("users", "datasets", "dataset_versions", "models", "experiments", "experiment_runs", "jobs", "audit_log"),
    *("experiment_summary", "queue_depth"),
)
Rows = dict[str, list[str]]


def rows(home: Path, seed: int, start: Millis) -> Rows:
    """Every row of every table, as text."""

    async def read() -> Rows:
        postgres = Postgres(home, seed, start)
        try:
            await postgres.ensure()
            async with await psycopg.AsyncConnection.connect(postgres.dsn("llm_research_api")) as connection:
                return {
                    table: await fetch(connection, f"SELECT t::text FROM {table} AS t ORDER BY 1") for table in TABLES
                }
        finally:
            await postgres.stop()

    return asyncio.run(read())


async def fetch(connection: psycopg.AsyncConnection, sql: str) -> list[str]:
    """The first column."""
    return [row[0] for row in await (await connection.execute(sql.encode())).fetchall()]


def test_same_seed_same_rows_and_another_seed_others(tmp_path):
    first, again = rows(tmp_path / "a", 7, EPOCH), rows(tmp_path / "b", 7, EPOCH)
    other = rows(tmp_path / "c", 8, EPOCH)
    assert first == again
    assert len(first["experiments"]) != len(other["experiments"])
    assert {table for table in TABLES if first[table] == other[table]} == {"models"}


def test_another_start_shifts_times_and_nothing_else(tmp_path):
    today, tomorrow = rows(tmp_path / "a", 7, EPOCH), rows(tmp_path / "b", 7, EPOCH + DAY)
    assert {table: len(today[table]) for table in TABLES} == {table: len(tomorrow[table]) for table in TABLES}
    assert today["models"] == tomorrow["models"]
    assert today["jobs"] != tomorrow["jobs"]


@pytest.fixture(scope="module")
def dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database to ask."""
    with asyncio.Runner() as runner:
        postgres = Postgres(tmp_path_factory.mktemp("home"), 3, EPOCH)
        runner.run(postgres.ensure())
        yield postgres.dsn("llm_research_api")
        runner.run(postgres.stop())


BROKEN = {
    "a run without its experiment": "SELECT 1 FROM experiment_runs r LEFT JOIN experiments e ON e.id = r.experiment_id WHERE e.id IS NULL",
    "a job without its run": "SELECT 1 FROM jobs j LEFT JOIN experiment_runs r ON r.id = j.run_id WHERE r.id IS NULL",
    "an experiment without owner": "SELECT 1 FROM experiments e LEFT JOIN users u ON u.id = e.owner_id WHERE u.id IS NULL",
    "an experiment without dataset": "SELECT 1 FROM experiments e LEFT JOIN dataset_versions v ON v.id = e.dataset_version_id WHERE v.id IS NULL",
    "an experiment without model": "SELECT 1 FROM experiments e LEFT JOIN models m ON m.id = e.model_id WHERE m.id IS NULL",
    "a version without dataset": "SELECT 1 FROM dataset_versions v LEFT JOIN datasets d ON d.id = v.dataset_id WHERE d.id IS NULL",
    "a dataset without owner": "SELECT 1 FROM datasets d LEFT JOIN users u ON u.id = d.owner_id WHERE u.id IS NULL",
    "a deed without doer": "SELECT 1 FROM audit_log a LEFT JOIN users u ON u.id = a.actor_id WHERE u.id IS NULL",
    "a finished experiment without run": "SELECT 1 FROM experiments e WHERE status IN ('completed', 'failed', 'running') AND NOT EXISTS (SELECT FROM experiment_runs r WHERE r.experiment_id = e.id)",
    "a queued experiment with a run": "SELECT 1 FROM experiments e JOIN experiment_runs r ON r.experiment_id = e.id WHERE e.status IN ('pending', 'queued')",
    "an experiment older than its dataset": "SELECT 1 FROM experiments e JOIN dataset_versions v ON v.id = e.dataset_version_id JOIN datasets d ON d.id = v.dataset_id WHERE e.created_at < d.created_at",
    "a completed run without score": "SELECT 1 FROM experiment_runs WHERE status = 'completed' AND score IS NULL",
    "a failed run without error": "SELECT 1 FROM experiment_runs WHERE status = 'failed' AND error IS NULL",
    "a running run that ended": "SELECT 1 FROM experiment_runs WHERE status = 'running' AND finished_at IS NOT NULL",
    "something from the future": "SELECT 1 FROM experiments WHERE updated_at > to_timestamp(1764331200)",
}


@pytest.mark.parametrize("what", BROKEN)
def test_there_is_no(dsn, what):
    with psycopg.connect(dsn) as connection:
        assert connection.execute(BROKEN[what].encode()).fetchall() == []


def test_every_kind_of_experiment_is_there(dsn):
    with psycopg.connect(dsn) as connection:
        found = dict(connection.execute("SELECT status::text, count(*) FROM experiments GROUP BY 1").fetchall())
    assert found.keys() == {"pending", "queued", "running", "completed", "failed", "cancelled"}
    assert found["completed"] > 0.7 * sum(found.values())
