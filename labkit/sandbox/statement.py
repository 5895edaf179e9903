"""An SQL statement performed again: what replay does with those that passed the relay."""

from typing import Any

import psycopg

from labkit.sandbox.engines.postgres import Postgres

TIMEOUT = 30
"""Seconds a replayed statement may take."""


async def execute(postgres: Postgres, role: str, sql: str) -> dict[str, Any]:
    """Run ``sql`` as ``role``: the outcome to journal, ``{"rows": n}`` or ``{"error": message}``."""
    await postgres.ensure()
    try:
        async with await psycopg.AsyncConnection.connect(
            postgres.dsn(role), autocommit=True, connect_timeout=5, options=f"-c statement_timeout={TIMEOUT}s"
        ) as connection:
            cursor = await connection.execute(sql.encode())
            return {"rows": cursor.rowcount}
    except psycopg.Error as error:
        # The port is another in every run; the journal must not be.
        return {
            "error": str(error)
            .strip()
            .replace(f":{postgres.port}", ":5432")
            .replace(f"port {postgres.port}", "port 5432")
        }
