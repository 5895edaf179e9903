"""The sandbox's PostgreSQL: started on first use, seeded, and taken down when the world says so."""

import asyncio
import contextlib
import os
import secrets
import shutil
import socket
import tempfile
from importlib import resources
from pathlib import Path
from urllib.parse import quote

import msgspec

from labkit.clock import Millis
from labkit.errors import EngineError
from labkit.sandbox.engines import binaries, guard, postmaster, privilege, template
from labkit.sandbox.engines.template import DATABASE, OWNER, READER

SUPERUSER = "postgres"
_ROLES = (SUPERUSER, OWNER, READER)
_HOST = "127.0.0.1"
_SOCKET_PATH_LIMIT = 100
"""Bytes that a Unix socket's path may have everywhere (``sun_path``: 104 on macOS, 108 on Linux)."""


class Postgres:
    """A PostgreSQL server under ``home``, with rows made from ``seed`` and dated before ``start``.

    Nothing runs before :meth:`ensure`. Each life of a ``Postgres`` begins with fresh rows; between
    :meth:`refuse` and :meth:`accept` they stay.
    """

    def __init__(self, home: Path, seed: int, start: Millis) -> None:
        self._folder = home.resolve() / "postgres"
        self._data = self._folder / "data"
        self._seed = seed
        self._start = start
        self._accepting = True
        self._lock = asyncio.Lock()
        self._server: postmaster.Postmaster | None = None
        self._privilege: privilege.Privilege | None = None
        self._held: socket.socket | None = None
        self._sockets: Path | None = None
        self._passwords: dict[str, str] = {}
        self.port = 0

    @property
    def accepting(self) -> bool:
        """Whether the world lets the server run."""
        return self._accepting

    @property
    def running(self) -> bool:
        """Whether a server process exists."""
        return self._server is not None and self._server.running

    @property
    def sockets(self) -> Path:
        """The folder of the server's Unix socket; known after :meth:`ensure`."""
        if self._sockets is None:
            raise EngineError("PostgreSQL has not been asked for yet", remedy="await ensure() first")
        return self._sockets

    def refuse(self) -> None:
        """Make the server go away, with all its sessions; connections are refused from now on."""
        self._accepting = False
        if self._server is not None:
            self._server.ask_to_stop()

    def accept(self) -> None:
        """Let the server come back, at the next :meth:`ensure`."""
        self._accepting = True

    def password(self, role: str) -> str:
        """The password of a role of this sandbox, kept under ``home`` with mode 0600."""
        if not self._passwords:
            self._passwords = _passwords(self._folder)
        return self._passwords[role]

    def dsn(self, role: str, address: tuple[str, int] | None = None) -> str:
        """A connection URL for ``role``: at ``address``, or at the server itself."""
        if role == SUPERUSER:
            raise EngineError("the superuser's password is not handed out", remedy=f"connect as {READER} or {OWNER}")
        host, port = address or (_HOST, self.port)
        return f"postgresql://{role}:{quote(self.password(role))}@{host}:{port}/{DATABASE}"

    async def ensure(self) -> None:
        """Bring about what the world wants: a server ready for sessions, or none at all.

        While the server is to refuse, this returns when it has really gone and its port and socket
        refuse connections. Concurrent callers share the work. :class:`EngineError` if it fails.
        """
        async with self._lock:
            if self._accepting and not self.running:
                await self._boot()
            if not self._accepting:  # perhaps only since we began to start it
                await self._halt()

    async def stop(self) -> None:
        """End the server, if any, and give back its port. Files stay."""
        async with self._lock:
            await self._halt()
            self._release()
            if self._sockets is not None and self._sockets.parent != self._folder:
                shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None

    async def _boot(self) -> None:
        if self._privilege is not None:
            await self._start_server(self._privilege)
            return
        how, first = await self._prepare()
        await self._start_server(how)
        try:
            await template.sql(self._script(), self.sockets, self.port, first, DATABASE)
        except BaseException:
            await self._halt()  # the next ensure() begins anew
            raise
        self._privilege = how

    async def _prepare(self) -> tuple[privilege.Privilege, str]:
        """Make a data folder without rows: how to run the server, and the superuser's first password."""
        self.password(SUPERUSER)
        if not await _gone(self._data / "postmaster.pid"):
            raise EngineError(
                "another PostgreSQL still runs on this sandbox's data",
                where=str(self._data),
                remedy="stop the other sandbox (labkit down), or choose another folder by LABKIT_HOME",
            )
        await asyncio.to_thread(shutil.rmtree, self._data, ignore_errors=True)
        found = await privilege.find(binaries.program("postgres"), self._folder)
        self._sockets = self._socket_folder()
        found.own(self._sockets)
        return found, await template.lay(self._data, self._sockets, found)

    async def _start_server(self, how: privilege.Privilege) -> None:
        for attempt in (1, 2, 3):
            self._reserve()
            self._release()
            try:
                self._server = await postmaster.start(self._data, self.sockets, self.port, how)
            except EngineError as error:
                if attempt == 3 or "Address already in use" not in str(error):
                    raise
                self.port = 0
            else:
                return

    async def _halt(self) -> None:
        if self._server is not None:
            await self._server.stop()
            self._server = None
        if self._sockets is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._sockets = self._socket_folder()
        self._reserve()
        self._leave_socket()

    def _reserve(self) -> None:
        """Hold the port while no server listens on it, so that connections to it are refused."""
        if self._held is None:
            self._held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._held.bind((_HOST, self.port))
            self.port = self._held.getsockname()[1]

    def _release(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None

    def _leave_socket(self) -> None:
        """Leave a socket on which nobody listens, as a server that was killed does."""
        path = self.sockets / f".s.PGSQL.{self.port}"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stale:
            stale.bind(str(path))

    def _socket_folder(self) -> Path:
        near = self._folder / "run"
        if len(os.fsencode(near / ".s.PGSQL.65535.lock")) > _SOCKET_PATH_LIMIT:
            return Path(tempfile.mkdtemp(prefix="labkit-"))
        near.mkdir(mode=0o700, exist_ok=True)
        return near

    def _script(self) -> str:
        passwords = "".join(f"ALTER ROLE {role} PASSWORD '{self.password(role)}';\n" for role in _ROLES)
        rows = resources.files("labkit.twin").joinpath("rows.sql").read_text("utf-8")
        return f"\\set seed {self._seed}\n\\set start {self._start}\n{passwords}{rows}"


def _passwords(folder: Path) -> dict[str, str]:
    """Read this sandbox's passwords, or make them."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "passwords.json"
    with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):
        kept = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
        if set(_ROLES) <= kept.keys():
            return kept
    made = {role: secrets.token_urlsafe(24) for role in _ROLES}
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(msgspec.json.encode(made))
    return made


async def _gone(pid_file: Path, seconds: float = 6.0) -> bool:
    """Wait for the server of a former life, which its guard is ending, to be gone."""
    for _ in range(int(seconds / 0.05)):
        if not _runs(pid_file):
            return True
        await asyncio.sleep(0.05)
    return False


def _runs(pid_file: Path) -> bool:
    """Whether the process that wrote a ``postmaster.pid`` runs."""
    try:
        return guard.alive(int(pid_file.read_text("utf-8").split("\n")[0]))
    except (FileNotFoundError, ValueError):
        return False
