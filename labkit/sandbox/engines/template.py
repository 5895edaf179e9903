"""A data folder with the empty database ``llm_research`` in it, made once and copied ever after.

Making one takes initdb, a first boot and the schema; copying one a tenth of a second. The copy to
take from lies in the user's cache folder under a hash of all that it was made from, so that it can
be deleted at any time and is never stale. It holds no rows and no password but the superuser's
first one, which each sandbox changes.
"""

import contextlib
import hashlib
import os
import secrets
import shutil
import sys
import tempfile
from importlib import resources
from pathlib import Path

from labkit.errors import EngineError
from labkit.sandbox.engines import binaries, postmaster
from labkit.sandbox.engines.privilege import Privilege

DATABASE = "llm_research"
OWNER, READER = "llm_research_api", "trainee"
_INITDB = ("-U", "postgres", "--auth=scram-sha-256", "--locale=C", "-E", "UTF8", "-N", "--wal-segsize=1")
_KEPT = 3

_SETTINGS = """
# A disposable server: it survives its own death, but not that of the machine.
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
min_wal_size = 4MB
max_wal_size = 32MB
# A small one: the budget is 60 MB.
max_connections = 100
shared_buffers = 8MB
wal_buffers = 256kB
io_method = sync
max_worker_processes = 0
max_parallel_workers = 0
max_parallel_workers_per_gather = 0
max_logical_replication_workers = 0
autovacuum = off
jit = off
temp_file_limit = 64MB
# Errors of statements go to the client; a client that makes a million of them fills no disk.
log_min_messages = log
log_min_error_statement = panic
log_timezone = 'UTC'
timezone = 'UTC'
unix_socket_permissions = 0700
client_connection_check_interval = 1s
authentication_timeout = 10s
"""

_ROLES = f"""
CREATE ROLE {OWNER} LOGIN CONNECTION LIMIT 80;
CREATE ROLE {READER} LOGIN CONNECTION LIMIT 10;
ALTER ROLE {READER} SET default_transaction_read_only = on;
ALTER ROLE {READER} SET statement_timeout = '30s';
ALTER ROLE {READER} SET idle_in_transaction_session_timeout = '10min';
ALTER ROLE {READER} SET work_mem = '1MB';
CREATE DATABASE {DATABASE} OWNER {OWNER} STRATEGY file_copy;
"""

_FENCES = """
REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid),
    pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC;
"""
"""What PUBLIC may do by default and a trainee need not: both would write to the disk."""


async def lay(data: Path, sockets: Path, privilege: Privilege) -> str:
    """Make ``data`` (which must not exist) a data folder; returns the superuser's password."""
    cached = _cache() / f"postgresql-{_key()}"
    if (cached / "password").is_file():
        await binaries.run(["cp", "-R", cached / "data", data], binaries.environment())
        with contextlib.suppress(OSError):
            os.utime(cached)
        privilege.own(data)
        return (cached / "password").read_text("ascii")
    password = await _make(data, sockets, privilege)
    with contextlib.suppress(OSError, EngineError):  # a cache that cannot be written costs time, nothing else
        await _keep(data, password, cached)
    return password


async def sql(text: str, sockets: Path, port: int, password: str, database: str = "postgres") -> None:
    """Run a script of ours as the superuser; :class:`EngineError` with psql's words if it fails."""
    await binaries.run(
        [
            *(binaries.program("psql"), "-X", "-q", "-w", "-v", "ON_ERROR_STOP=1"),
            *("-h", sockets, "-p", str(port), "-U", "postgres", "-d", database),
        ],
        binaries.environment(PGPASSWORD=password, PGOPTIONS="-c client_min_messages=warning"),
        text.encode(),
    )


async def _make(data: Path, sockets: Path, privilege: Privilege) -> str:
    password = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(dir=data.parent, prefix="initdb-") as folder:
        file = Path(folder, "password")
        _write(file, password)
        privilege.own(Path(folder))
        await binaries.run(
            [*privilege.prefix, binaries.program("initdb"), "-D", data, *_INITDB, f"--pwfile={file}"],
            binaries.environment(),
            **privilege.become,
        )
    _write(data / "postgresql.conf", _SETTINGS)
    server = await postmaster.start(data, sockets, 5432, privilege, tcp=False)
    try:
        await sql(_ROLES + _FENCES.format(database="postgres"), sockets, 5432, password)
        schema = resources.files("labkit.twin").joinpath("schema.sql").read_text("utf-8")
        await sql(_FENCES.format(database=DATABASE) + schema, sockets, 5432, password, DATABASE)
        await sql(_FENCES.format(database="template1"), sockets, 5432, password, "template1")
    finally:
        await server.stop()
    return password


async def _keep(data: Path, password: str, cached: Path) -> None:
    cached.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=cached.parent, prefix="draft-"))  # mode 0700: the password lies here
    try:
        await binaries.run(["cp", "-R", data, draft / "data"], binaries.environment())
        _write(draft / "password", password)
        draft.rename(cached)
    except Exception:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    others = sorted(cached.parent.glob("postgresql-*"), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for old in others[_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _write(file: Path, text: str) -> None:
    """Add ``text`` at the end of a file, which need not exist."""
    with file.open("a", encoding="utf-8") as stream:
        stream.write(text)


def _key() -> str:
    schema = resources.files("labkit.twin").joinpath("schema.sql").read_text("utf-8")
    made_from = "\0".join([binaries.version(), *_INITDB, _SETTINGS, _ROLES, _FENCES, schema])
    return hashlib.sha256(made_from.encode()).hexdigest()[:16]


def _cache() -> Path:
    usual = Path("~/Library/Caches" if sys.platform == "darwin" else "~/.cache").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or usual) / "labkit"
