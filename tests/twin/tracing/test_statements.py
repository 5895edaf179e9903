"""The statements that traces show are ones that the schema answers."""

import asyncio
from itertools import chain

import psycopg
import pytest

from labkit.clock import EPOCH
from labkit.sandbox.engines.postgres import Postgres
from labkit.twin import workers
from labkit.twin.queries import TYPES
from labkit.twin.routes import ROUTES
from labkit.twin.tracing.request import experiment_id
from labkit.twin.tracing.statements import BEGUN, ENDED, STATEMENTS, statements


def test_every_route_has_its_statements() -> None:
    assert STATEMENTS.keys() == {(route.method, route.path) for route in ROUTES}
    for number, route in enumerate(ROUTES):
        sent = [statement.operation for statement in statements(number, route.queries)]
        assert tuple(map(sent.count, TYPES)) == route.statements, "as many as the metrics count"
        assert statements(number, 0) == ()
    assert [[one.operation for one in (BEGUN, *ENDED)].count(type_) for type_ in TYPES] == workers.STATEMENTS.tolist()


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
                for number, statement in enumerate({BEGUN, *ENDED, *chain.from_iterable(STATEMENTS.values())}):
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
