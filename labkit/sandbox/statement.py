"""An SQL statement performed again: what replay does with those that passed the relay.

It goes through libpq itself (``psycopg.pq``), since a client's own methods do not take all that a
relay hears: parameters without their values, and COPY.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
from psycopg import pq

from labkit.sandbox.engines.postgres import Postgres

TIMEOUT = 30
"""Seconds a replayed statement may take."""

_GRACE = 2
"""Seconds more after which a statement is given up that has set itself another timeout."""

_NO_SUCH_PARAMETER = b"42P02"
"""SQLSTATE ``undefined_parameter``: the values were sent apart, by a client that prepared the statement."""


async def execute(postgres: Postgres, role: str, sql: str) -> dict[str, Any]:
    """Run ``sql`` as ``role``: the outcome to journal, ``{"rows": n}`` or ``{"error": message}``.

    ``n`` counts the rows of the first result. A statement with parameters, whose values no journal
    holds, is only prepared, and has none. What COPY writes is dropped; what it reads is empty.
    """
    await postgres.ensure()
    try:
        connection = await psycopg.AsyncConnection.connect(
            postgres.dsn(role), autocommit=True, connect_timeout=5, client_encoding="UTF8",
            options=f"-c statement_timeout={TIMEOUT}s",
        )  # fmt: skip
    except psycopg.Error as error:
        # The port is another in every run; the journal must not be.
        return {"error": str(error).strip().replace(f"port {postgres.port}", "port 5432")}
    try:
        async with asyncio.timeout(TIMEOUT + _GRACE):
            return await _run(connection.pgconn, sql.encode(errors="replace"))
    except TimeoutError:
        return {"error": "canceling statement due to statement timeout"}
    except psycopg.Error as error:
        return {"error": str(error).strip()}
    finally:
        await connection.close()


async def _run(connection: pq.abc.PGconn, sql: bytes) -> dict[str, Any]:
    connection.send_query(sql)
    connection.set_single_row_mode()  # a result may be larger than memory
    counts: list[int] = []
    failure = None
    async for result in _results(connection):
        if result.status == pq.ExecStatus.FATAL_ERROR:
            failure = failure or result
        elif result.status != pq.ExecStatus.SINGLE_TUPLE:
            counts.append(result.command_tuples or 0)
    if failure is None:
        return {"rows": counts[0] if counts else 0}
    if failure.error_field(pq.DiagnosticField.SQLSTATE) == _NO_SUCH_PARAMETER:
        return await _prepare(connection, sql, failure)
    return {"error": _message(failure)}


async def _prepare(connection: pq.abc.PGconn, sql: bytes, failure: pq.abc.PGresult) -> dict[str, Any]:
    connection.send_prepare(b"", sql)
    async for result in _results(connection):
        if result.status != pq.ExecStatus.COMMAND_OK:
            return {"error": _message(result)}
    connection.send_describe_prepared(b"")
    described = [result.nparams async for result in _results(connection)]
    # Without parameters of its own it missed one that it made itself, as EXECUTE in DO can.
    return {"rows": 0} if any(described) else {"error": _message(failure)}


async def _results(connection: pq.abc.PGconn) -> AsyncIterator[pq.abc.PGresult]:
    """Each result in turn, with what COPY passes through done away with."""
    while True:
        while connection.is_busy():
            await _more(connection)
        result = connection.get_result()
        if result is None:
            return
        if result.status == pq.ExecStatus.COPY_OUT:
            while (length := connection.get_copy_data(1)[0]) >= 0:
                if not length:
                    await _more(connection)
        elif result.status == pq.ExecStatus.COPY_IN:
            connection.put_copy_end()
        else:
            yield result


async def _more(connection: pq.abc.PGconn) -> None:
    """Wait for the server to send more: libpq's own waiting would stop the world."""
    loop, arrived = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(connection.socket, arrived.set)
    try:
        await arrived.wait()
    finally:
        loop.remove_reader(connection.socket)
    connection.consume_input()


def _message(result: pq.abc.PGresult) -> str:
    """The server's words without detail and context, which may name processes."""
    primary = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY)
    return primary.decode(errors="replace") if primary else result.get_error_message().strip()
