import asyncio
import contextlib
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.clock import EPOCH
from labkit.sandbox.engines import binaries
from labkit.sandbox.engines.postgres import Postgres
from labkit.sandbox.engines.relay import Relay, _Ear

SSL_REQUEST, GSS_REQUEST = (struct.pack("!II", 8, code) for code in (80877103, 80877104))


@dataclass
class Line:
    """A relay in front of a database, and what it heard."""

    postgres: Postgres
    address: tuple[str, int]
    heard: list[tuple[str, str, str]] = field(default_factory=list)
    refusals: int = 0

    @property
    def dsn(self) -> str:
        """Where the trainee connects."""
        return self.postgres.dsn("trainee", self.address)

    def refused(self) -> None:
        """A connection was refused."""
        self.refusals += 1


def with_relay(home: Path, work: Callable[[Line], Awaitable[None]]) -> None:
    """Run ``work`` with a relay, and stop it."""

    async def run() -> None:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        line = Line(Postgres(home, 7, EPOCH), listener.getsockname())
        relay = Relay(listener, line.postgres, lambda *said: line.heard.append(said), line.refused)
        await relay.start()
        try:
            await work(line)
        finally:
            await relay.stop()
            await line.postgres.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(line.address, timeout=1)

    asyncio.run(run())


def test_the_first_connection_starts_the_server_and_statements_are_heard(tmp_path):
    async def work(line: Line) -> None:
        assert not line.postgres.running
        async with await psycopg.AsyncConnection.connect(line.dsn, autocommit=True) as connection:
            await connection.execute("SELECT 1; SELECT 2")
            cursor = await connection.execute("SELECT %s::int + 1", (41,))
            assert await cursor.fetchone() == (42,)
        assert line.heard == [
            ("trainee", "llm_research", "SELECT 1; SELECT 2"),
            ("trainee", "llm_research", "SELECT $1::int + 1"),
        ]
        assert line.postgres.password("trainee") not in repr(line.heard)

    with_relay(tmp_path, work)


def test_it_resets_and_tells_while_the_server_is_to_refuse(tmp_path):
    async def work(line: Line) -> None:
        session = await psycopg.AsyncConnection.connect(line.dsn)
        for times in (1, 2):
            line.postgres.refuse()
            with pytest.raises(psycopg.OperationalError, match=r"reset by peer|closed the connection unexpectedly"):
                await psycopg.AsyncConnection.connect(line.dsn)
            assert line.refusals == times
            await line.postgres.ensure()
            with pytest.raises(psycopg.OperationalError):
                await session.execute("SELECT 1")
            await session.close()
            line.postgres.accept()
            session = await psycopg.AsyncConnection.connect(line.dsn)
        await session.execute("SELECT 1")
        await session.close()
        assert line.refusals == 2

    with_relay(tmp_path, work)


@pytest.mark.parametrize("first", [b"", SSL_REQUEST])
def test_a_refused_client_gets_a_reset_whatever_it_says(tmp_path, first):
    async def work(line: Line) -> None:
        line.postgres.refuse()
        reader, writer = await asyncio.open_connection(*line.address)
        writer.write(first)
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 5)
        writer.close()
        assert line.refusals == 1
        assert not line.postgres.running

    with_relay(tmp_path, work)


def test_psql_says_that_it_was_cut_off(tmp_path):
    async def work(line: Line) -> None:
        line.postgres.refuse()
        psql = await asyncio.create_subprocess_exec(
            *(str(binaries.program("psql")), "-X", "-d", line.dsn, "-c", "SELECT 1"), stderr=asyncio.subprocess.PIPE
        )
        _, said = await psql.communicate()
        assert psql.returncode == 2
        assert re.search(rb"reset by peer|closed the connection unexpectedly", said)
        assert line.refusals == 1

    with_relay(tmp_path, work)


def test_a_running_query_can_be_cancelled(tmp_path):
    async def work(line: Line) -> None:
        async with await psycopg.AsyncConnection.connect(line.dsn, autocommit=True) as connection:
            query = asyncio.ensure_future(connection.execute("SELECT pg_sleep(60)"))
            await asyncio.sleep(0.3)
            await connection.cancel_safe()
            with pytest.raises(psycopg.errors.QueryCanceled):
                await query

    with_relay(tmp_path, work)


def test_encryption_is_declined_packet_by_packet(tmp_path):
    async def work(line: Line) -> None:
        reader, writer = await asyncio.open_connection(*line.address)
        for request in (GSS_REQUEST, SSL_REQUEST):
            for byte in request:
                writer.write(bytes([byte]))
                await writer.drain()
            assert await reader.readexactly(1) == b"N"
        startup = struct.pack("!I", 196608) + b"user\0trainee\0database\0llm_research\0\0"
        for byte in struct.pack("!I", len(startup) + 4) + startup:
            writer.write(bytes([byte]))
            await writer.drain()
        assert (await reader.readexactly(1), await reader.readexactly(8)) == (b"R", struct.pack("!II", 23, 10))
        writer.close()
        await writer.wait_closed()

    with_relay(tmp_path, work)


@pytest.mark.parametrize("nonsense", [b"GET / HTTP/1.1\r\n\r\n", b"\0" * 8, struct.pack("!II", 2**31, 196608), b"\0"])
def test_nonsense_ends_that_connection_alone(tmp_path, nonsense):
    async def work(line: Line) -> None:
        reader, writer = await asyncio.open_connection(*line.address)
        writer.write(nonsense)
        writer.write_eof()
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        assert not line.postgres.running
        async with await psycopg.AsyncConnection.connect(line.dsn) as connection:
            await connection.execute("SELECT 1")

    with_relay(tmp_path, work)


def message(kind: bytes, body: bytes) -> bytes:
    """A frontend message."""
    return kind + struct.pack("!I", len(body) + 4) + body


MESSAGES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0")).map(lambda sql: ("Q", sql)),
    st.text(st.characters(codec="utf-8", exclude_characters="\0")).map(lambda sql: ("P", sql)),
    st.binary(max_size=50).map(lambda secret: ("p", secret.hex())),
    st.binary(max_size=50).map(lambda row: ("d", row.hex())),
)


@given(st.lists(MESSAGES, max_size=8), st.lists(st.integers(1, 40), min_size=1))
def test_statements_are_heard_however_packets_are_cut(messages: list[tuple[str, str]], cuts: list[int]):
    stream = b""
    for kind, text in messages:
        body = {"Q": f"{text}\0", "P": f"name\0{text}\0\0\0"}.get(kind, text).encode()
        stream += message(kind.encode(), body)
    heard: list[str] = []
    ear = _Ear(lambda _role, _database, sql: heard.append(sql), "r", "d")
    index = 0
    while stream:
        size = cuts[index % len(cuts)]
        ear.hear(stream[:size])
        stream, index = stream[size:], index + 1
    assert heard == [text for kind, text in messages if kind in "QP"]
