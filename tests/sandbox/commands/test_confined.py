"""Whom a confined program runs as, and what it cannot do then."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from labkit.sandbox.commands.confined import Confined
from labkit.sandbox.commands.context import Limits
from labkit.sandbox.commands.streams import Recorded
from labkit.sandbox.engines import privilege

FORK = ("/usr/bin/env", "/bin/sh", "-c", "(echo forked); echo $?")
root_on_linux = pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="only root becomes another")


def run(*command: str) -> Recorded:
    """What came of a confined program."""

    async def confined() -> None:
        await Confined(Limits(), streams).run(command, {"PATH": ""})

    streams = Recorded()
    asyncio.run(confined())
    return streams


def test_nothing_runs_as_root_nor_with_a_capability():
    said = run(sys.executable, "-c", "import os; print(os.getuid(), os.geteuid()); os.setgroups([0])")
    assert "0" not in said.stdout.decode().split()
    assert len(said.stdout.split()) == 2
    assert b"PermissionError" in said.stderr


@root_on_linux
def test_nobody_runs_and_cannot_fork_where_there_are_no_namespaces(monkeypatch):
    monkeypatch.setattr(privilege, "_NAMESPACE", ("no-such-program",))
    nobody = privilege._candidates()[0].become["user"]
    assert run("/usr/bin/id", "-u").stdout.decode() == f"{nobody}\n"
    assert b"forked" not in run(*FORK).stdout


def is_root_outside() -> bool:
    """Whether this process is root, or is another only within a user namespace."""
    mapping = Path("/proc/self/uid_map")
    return os.geteuid() == 0 or (mapping.exists() and mapping.read_text("utf-8").split()[:2] != ["0", "0"])


@pytest.mark.skipif(is_root_outside(), reason="the limit does not hold for root, in a namespace or not")
def test_an_ordinary_user_cannot_fork():
    assert b"forked" not in run(*FORK).stdout
