import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labkit.sandbox.engines.guard import Guarded, alive, spawn
from labkit.sandbox.engines.privilege import Privilege

PARENT = """
import asyncio, signal, sys
from labkit.sandbox.engines.guard import spawn
from labkit.sandbox.engines.privilege import Privilege

async def main():
    with open(sys.argv[1], "ab") as log:
        child = await spawn(sys.argv[2:], log=log, env={"PATH": "/bin:/usr/bin"}, stop=signal.SIGINT,
                            privilege=Privilege(), memory_kib=1_000_000)
    print(child.pid, child._guard.pid, flush=True)
    await child.wait()

asyncio.run(main())
"""


def gone(*pids: int, within: float = 8.0) -> bool:
    """Whether all processes end within some seconds."""
    end = time.monotonic() + within
    while any(alive(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(alive(pid) for pid in pids)


async def guarded(log: Path, *command: str, memory_kib: int = 1_000_000) -> Guarded:
    """A guarded child of this test."""
    with log.open("ab") as stream:
        return await spawn(
            command,
            log=stream,
            env={"PATH": os.environ["PATH"]},
            stop=signal.SIGINT,
            privilege=Privilege(),
            memory_kib=memory_kib,
        )


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("child", [("sleep", "600"), ("sh", "-c", "trap '' INT; while :; do sleep 1; done")])
def test_a_child_does_not_outlive_its_parent(tmp_path, child, end):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "log"), *child], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert all(alive(pid) for pid in pids)
    parent.send_signal(end)
    parent.wait()
    parent.stdout.close()
    assert gone(*pids)


def test_a_zombie_is_not_alive():
    child = subprocess.Popen(["true"])
    assert gone(child.pid)
    os.kill(child.pid, 0)  # it still has its process id
    child.wait()
    assert not alive(child.pid)


def test_a_child_that_ends_dismisses_its_guard(tmp_path):
    async def run() -> tuple[int, Guarded]:
        child = await guarded(tmp_path / "log", "sh", "-c", "echo said; exit 3")
        return await child.wait(), child

    status, child = asyncio.run(run())
    assert status == 3
    assert not child.running
    assert child._guard.returncode == 0
    assert (tmp_path / "log").read_text("utf-8") == "said\n"


def test_stop_uses_each_signal_in_turn(tmp_path):
    async def run() -> int:
        child = await guarded(tmp_path / "log", "sleep", "600")
        await asyncio.sleep(0.1)
        assert child.running
        return await child.stop(signal.SIGINT, signal.SIGQUIT)

    assert asyncio.run(run()) == -signal.SIGINT


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits address space")
def test_memory_is_bounded(tmp_path):
    async def run() -> int:
        code = "b = bytearray(500_000_000)"
        return await (await guarded(tmp_path / "log", sys.executable, "-c", code, memory_kib=300_000)).wait()

    assert asyncio.run(run()) == 1
    assert "MemoryError" in (tmp_path / "log").read_text("utf-8")
