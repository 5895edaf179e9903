"""The port of ``DATABASE_URL``: a TCP relay that starts the server on demand and hears what is asked.

It passes bytes both ways untouched, so that authentication stays between client and server, and
reads along on the client's side for statements: ``Query`` and ``Parse`` messages, never a password.
While the server is to refuse, a connection is told to whoever listens and reset at once: a port
that refused by itself would leave no trace of who tried.

Messages are those of PostgreSQL's protocol 3 (documentation, 'Message Formats').
"""

import asyncio
import socket
import struct
from collections.abc import Callable

from labkit.errors import EngineError
from labkit.sandbox.engines.postgres import Postgres

OnStatement = Callable[[str, str, str], None]
"""Called with role, database and SQL."""

OnRefused = Callable[[], None]
"""Called once for each connection that is refused."""

_CHUNK = 65_536
_LONGEST_STARTUP = 10_000
_LONGEST_STATEMENT = 1_000_000
_RESET = struct.pack("ii", 1, 0)
"""``SO_LINGER`` of no seconds: to close is to send a reset (POSIX, ``struct linger``)."""
_PROTOCOL_3, _CANCEL, _SSL, _GSS = 3, 80877102, 80877103, 80877104


class Relay:
    """A relay from ``listener``, a bound loopback socket, to ``postgres``."""

    def __init__(
        self, listener: socket.socket, postgres: Postgres, on_statement: OnStatement, on_refused: OnRefused
    ) -> None:
        self._socket = listener
        self._postgres = postgres
        self._on_statement = on_statement
        self._on_refused = on_refused
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen from now on, whether the server accepts or not."""
        self._server = await asyncio.start_server(self._connected, sock=self._socket)

    async def stop(self) -> None:
        """End all sessions and close the socket."""
        if self._server is not None:
            self._server.close()
        for task in self._sessions:
            task.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)
        self._socket.close()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._session(reader, writer))
        self._sessions.add(task)
        task.add_done_callback(self._sessions.discard)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._postgres.accepting:
                await self._relay(reader, writer)
            else:
                self._refuse(writer)
        except EngineError as error:
            writer.write(_fatal(error.what))
        except (OSError, asyncio.IncompleteReadError, _MessageError):
            writer.transport.abort()
        finally:
            writer.close()

    def _refuse(self, writer: asyncio.StreamWriter) -> None:
        self._on_refused()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        code, packet = await _startup(reader, writer)
        await self._postgres.ensure()
        if not self._postgres.accepting:  # perhaps only since this connection was made
            self._refuse(writer)
            return
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._postgres.port)
        ear = _Ear(self._on_statement, *_who(packet)) if code >> 16 == _PROTOCOL_3 else None
        try:
            up_writer.write(packet)
            directions = {
                asyncio.ensure_future(_pass(reader, up_writer, ear)),
                asyncio.ensure_future(_pass(up_reader, writer, None)),
            }
            try:
                await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for direction in directions:
                    direction.cancel()
                await asyncio.gather(*directions, return_exceptions=True)
        finally:
            up_writer.close()


class _MessageError(Exception):
    """The client does not speak the protocol."""


class _Ear:
    """Hears statements in a client's stream of messages, however the stream is cut into packets."""

    def __init__(self, on_statement: OnStatement, role: str, database: str) -> None:
        self._tell = on_statement
        self._who = role, database
        self._kept = b""
        self._skip = 0

    def hear(self, data: bytes) -> None:
        """Take the next bytes from the client."""
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        self._kept += data[skipped:]
        while len(self._kept) >= 5:
            kind, length = struct.unpack_from("!cI", self._kept)
            if kind not in (b"Q", b"P") or length > _LONGEST_STATEMENT:
                self._skip = max(0, 1 + length - len(self._kept))
                self._kept = self._kept[1 + length :]
            elif len(self._kept) < 1 + length:
                return
            else:
                body, self._kept = self._kept[5 : 1 + length], self._kept[1 + length :]
                fields = body.split(b"\0")
                sql = fields[0] if kind == b"Q" else fields[1] if len(fields) > 1 else b""
                self._tell(*self._who, sql.decode("utf-8", errors="replace"))


async def _startup(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, bytes]:
    """The client's first message that is for the server; encryption is declined before it."""
    while True:
        head = await reader.readexactly(8)
        length, code = struct.unpack("!II", head)
        if not 8 <= length <= _LONGEST_STARTUP:
            raise _MessageError
        packet = head + await reader.readexactly(length - 8)
        if code not in (_SSL, _GSS):
            if code >> 16 != _PROTOCOL_3 and code != _CANCEL:
                raise _MessageError
            return code, packet
        writer.write(b"N")
        await writer.drain()


def _who(packet: bytes) -> tuple[str, str]:
    """Role and database of a StartupMessage: pairs of strings ended by NUL."""
    words = [word.decode("utf-8", errors="replace") for word in packet[8:].split(b"\0")]
    given = dict(zip(words[::2], words[1::2], strict=False))
    role = given.get("user", "")
    return role, given.get("database", role)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ear: _Ear | None) -> None:
    while data := await reader.read(_CHUNK):
        if ear is not None:
            ear.hear(data)
        writer.write(data)
        await writer.drain()


def _fatal(text: str) -> bytes:
    """An ErrorResponse: the server could not be started (SQLSTATE 57P03, cannot_connect_now)."""
    fields = b"".join(b"%c%s\0" % (kind, value) for kind, value in ((83, b"FATAL"), (86, b"FATAL"), (67, b"57P03")))
    body = fields + b"M" + text.encode().replace(b"\0", b" ") + b"\0\0"
    return b"E" + struct.pack("!I", len(body) + 4) + body
