"""Children that die with their parent, even when the parent is killed by SIGKILL.

A guard, a few lines of ``sh``, waits on a pipe whose other end only we hold. When we end, however
we end, the kernel closes the pipe and the guard ends the child: first by the signal on which it
stops cleanly, after five seconds by SIGKILL. The child itself writes its process id into the pipe
before it becomes the program, so that there is no moment in which it runs unguarded. This needs
nothing of Linux, unlike ``PR_SET_PDEATHSIG``, which also fires when only the thread ended.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from labkit.sandbox.engines.privilege import Privilege

_GUARD = """
trap '' INT TERM HUP
read -r pid || exit 0
read -r dismissed && exit 0
kill -"$1" "$pid" 2>/dev/null || exit 0
tries=0
while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
kill -KILL "$pid" 2>/dev/null
"""
_CHILD = 'ulimit -c 0; ulimit -v "$1" 2>/dev/null; shift; echo "$$"; exec "$@" >&2'
_PATIENCE = 10.0


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended but was not waited for (a zombie) does not."""
    if sys.platform == "linux":
        try:
            state = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return False
    else:
        said = subprocess.run(["/bin/ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
        state = said.stdout.strip()
    return bool(state) and state[0] not in "ZX"


class Guarded:
    """A child process with its guard. Make one by :func:`spawn`."""

    def __init__(self, process: asyncio.subprocess.Process, guard: asyncio.subprocess.Process, line: int) -> None:
        self.pid = process.pid
        self._process = process
        self._guard = guard
        self._line = line
        self._ended = asyncio.ensure_future(self._watch())

    @property
    def running(self) -> bool:
        """Whether the child has not ended yet."""
        return not self._ended.done() and self._process.returncode is None

    async def wait(self) -> int:
        """The child's exit status, once it has ended."""
        return await asyncio.shield(self._ended)

    def send(self, number: signal.Signals) -> None:
        """Signal the child, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def stop(self, *signals: signal.Signals) -> int:
        """Send each signal in turn, with some patience for each, and SIGKILL at last."""
        for number in signals:
            self.send(number)
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(self.wait(), _PATIENCE)
        self.send(signal.SIGKILL)
        return await self.wait()

    async def _watch(self) -> int:
        status = await self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            os.write(self._line, b"\n")  # dismissed: a process id that is free again must not be killed
        os.close(self._line)
        await self._guard.wait()
        return status


async def spawn(
    command: Sequence[str],
    *,
    log: IO[bytes],
    env: Mapping[str, str],
    stop: signal.Signals,
    privilege: Privilege,
    memory_kib: int,
) -> Guarded:
    """Start ``command`` in a session of its own, writing to ``log``, ended by ``stop`` if we die.

    ``memory_kib`` limits its address space, where the system knows that limit.
    """
    ear, line = os.pipe()
    try:
        guard = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", _GUARD, "guard", str(int(stop))),
            stdin=ear,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        process = await asyncio.create_subprocess_exec(
            *(*privilege.prefix, "/bin/sh", "-c", _CHILD, "child", str(memory_kib), *command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=line,
            stderr=log,
            cwd="/",
            env=dict(env),
            start_new_session=True,
            **privilege.become,
        )
    except BaseException:
        os.close(line)
        raise
    finally:
        os.close(ear)
    return Guarded(process, guard, line)
