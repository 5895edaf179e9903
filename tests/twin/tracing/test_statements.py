"""The statements that traces show are ones that the schema answers."""

import asyncio

import psycopg
import pytest

from labkit.clock import EPOCH
from labkit.sandbox.engines.postgres import Postgres
from labkit.twin.routes import ROUTES
from labkit.twin.tracing.request import experiment_id
from labkit.twin.tracing.statements import STATEMENTS, statements


def test_every_route_has_its_statements() -> None:
    assert STATEMENTS.keys() == {(route.method, route.path) for route in ROUTES}
    for number, route in enumerate(ROUTES):
        assert len(statements(number, 99)) >= route.queries
        assert statements(number, 0) == ()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """What PostgreSQL says against each statement, and which of some experiments it has."""

    async def ask() -> tuple[list[str], list[str]]:
        postgres = Postgres(tmp_path_factory.mktemp("home"), 3, EPOCH)
        try:
            await postgres.ensure()
            complaints = []
            async with await psycopg.AsyncConnection.connect(
                postgres.dsn("llm_research_api"), autocommit=True
            ) as connection:
                for number, statement in enumerate({one for route in STATEMENTS.values() for one in route}):
                    try:
                        await connection.execute(f"PREPARE s{number} AS {statement.text}".encode())
                    except psycopg.Error as error:
                        complaints.append(f"{statement.text}: {error}")
                rows = await connection.execute("SELECT id::text FROM experiments")
                return complaints, [row[0] for row in await rows.fetchall()]
        finally:
            await postgres.stop()

    return asyncio.run(ask())


def test_postgresql_can_prepare_each(prepared: tuple[list[str], list[str]]) -> None:
    assert prepared[0] == []


def test_the_experiments_that_traces_name_are_there(prepared: tuple[list[str], list[str]]) -> None:
    assert {experiment_id(3, number) for number in (1, 77, 4_000)} <= set(prepared[1])
