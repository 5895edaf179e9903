"""A real program of ours, run for somebody whom we do not trust.

The program gets no environment of ours, no file that it could write (RLIMIT_FSIZE is 0), no core,
bounded memory and, on Linux where that limit holds, no process that it could fork (RLIMIT_NPROC is
0). Its output is cut after a number of bytes, its life after a number of seconds.

It never runs as root: as root we run it in the way in which the server runs (see
:mod:`~labkit.sandbox.engines.privilege`). What then remains to somebody who breaks out of it:

- as ``nobody``: what everybody on this machine can read, and the server's own files;
- in a user namespace: no capability, but the kernel still takes it for the owner of root's files
  and processes. It can read them, unlink and truncate files that lie in root's folders, and send
  signals to root's processes. RLIMIT_NPROC does not hold there either: the kernel exempts the user
  whose real id is 0 outside the namespace (``INIT_USER`` in ``copy_process``, kernel/fork.c);
- as an ordinary user: what that user can do, without a new process.
"""

import asyncio
import dataclasses
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from labkit.sandbox.commands import pipes
from labkit.sandbox.commands.context import Limits
from labkit.sandbox.commands.streams import Streams
from labkit.sandbox.commands.terminal import Terminal
from labkit.sandbox.engines import privilege

_CONFINE = """
ulimit -f 0 || exit 126
ulimit -c 0 || exit 126
ulimit -v 600000 2>/dev/null
if [ "$1" = alone ]; then ulimit -u 0 2>/dev/null || ulimit -p 0 2>/dev/null || exit 126; fi
shift
exec "$@"
"""
_GRACE = 2.0
_CHUNK = 65_536
_QUIET, _LONGEST_QUIET = 0.3, 5.0


class SessionError(Exception):
    """Raised by the lines that feed a program: say ``why``, end the program, exit with ``code``."""

    def __init__(self, why: str, code: int) -> None:
        super().__init__(why)
        self.why = why
        self.code = code


class Confined:
    """One run. ``edit`` rewrites what the program writes, a chunk at a time."""

    def __init__(self, limits: Limits, streams: Streams, edit: Callable[[bytes], bytes] = bytes) -> None:
        self._limits = limits
        self._streams = streams
        self._edit = edit
        self._left = limits.output
        self._now = asyncio.get_running_loop().time
        self._deadline = self._now() + limits.seconds
        self._last_output = 0.0
        self._verdict: tuple[str, int | None] | None = None

    async def run(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        lines: AsyncIterator[bytes] | None = None,
        terminal: Terminal | None = None,
    ) -> int:
        """Run to the end and return the exit code.

        ``lines`` feed standard input, which is empty without them; with a ``terminal`` the program
        believes to be on one, and Ctrl-C reaches it.
        """
        way = await _unprivileged(Path(command[0]))
        alone = "alone" if sys.platform == "linux" else "-"
        confined = [*way.prefix, "/bin/sh", "-c", _CONFINE, "confined", alone, *command]
        if terminal is None:
            process = await pipes.on_pipes(confined, env, way.become, has_input=lines is not None)
        else:
            process = await pipes.on_terminal(confined, env, way.become)
            terminal.on_interrupt = lambda: self._interrupt(process)
        tasks = [asyncio.create_task(self._clock(process))]
        if lines is not None:
            tasks.append(asyncio.create_task(self._feed(process, lines)))
        try:
            writers = (self._streams.out, self._streams.err)
            pumps = (self._pump(process, *pair) for pair in zip(process.outputs, writers, strict=False))
            await asyncio.gather(*pumps, process.wait())
        finally:
            process.send(signal.SIGKILL)
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            status = await process.wait()
            process.close()
        if failed := next((error for error in ended if isinstance(error, Exception)), None):
            raise failed
        return await self._conclude(status if status >= 0 else 128 - status)  # as a shell counts signals

    async def _conclude(self, status: int) -> int:
        if self._verdict is None:
            return status
        why, code = self._verdict
        await self._streams.err(f"{why}\n".encode())
        return status if code is None else code

    async def _pump(
        self, process: pipes.Process, stream: asyncio.StreamReader, write: Callable[[bytes], Awaitable[None]]
    ) -> None:
        while data := await stream.read(_CHUNK):
            if self._left <= 0:
                continue
            self._last_output = self._now()
            data = self._edit(data)[: self._left]
            self._left -= len(data)
            await write(data)
            if self._left <= 0:
                self._end(process, f"\nlabkit: output truncated after {self._limits.output:,} bytes")

    async def _feed(self, process: pipes.Process, lines: AsyncIterator[bytes]) -> None:
        self._deadline = self._now() + self._limits.idle_seconds
        try:
            async for line in lines:
                await process.put(line)
                self._deadline = self._now() + self._limits.idle_seconds
            await process.end_input()
        except SessionError as end:
            await self._finish_what_runs()
            self._end(process, end.why, end.code)
        except (BrokenPipeError, ConnectionResetError):
            return  # the program has ended by itself
        except Exception:
            self._end(process, "labkit: standard input broke off")
            raise
        self._deadline = self._now() + self._limits.seconds

    async def _finish_what_runs(self) -> None:
        """Let earlier statements write what they have to: wait for a pause in the output."""
        begin = self._now()
        while self._now() - max(self._last_output, begin) < _QUIET and self._now() - begin < _LONGEST_QUIET:
            await asyncio.sleep(0.02)

    async def _clock(self, process: pipes.Process) -> None:
        while (left := self._deadline - self._now()) > 0:
            await asyncio.sleep(min(left, 1.0))
        self._verdict = (f"labkit: stopped after {self._limits.seconds:g} s; ask for less at once", None)
        process.send(signal.SIGINT)  # psql cancels its query and says so
        await asyncio.sleep(_GRACE)
        process.send(signal.SIGKILL)

    def _interrupt(self, process: pipes.Process) -> None:
        if self._last_output:  # before its first prompt, Ctrl-C would end psql
            process.send(signal.SIGINT)

    def _end(self, process: pipes.Process, why: str, code: int | None = None) -> None:
        self._verdict = (why, code)
        process.send(signal.SIGKILL)


async def _unprivileged(program: Path) -> privilege.Privilege:
    """How to run ``program`` as another than root, with the words before it as absolute paths."""
    with tempfile.TemporaryDirectory(prefix="labkit-") as folder:
        way = await privilege.find(program, Path(folder))
    # The program's environment has no PATH to find the first word by.
    return dataclasses.replace(way, prefix=tuple(shutil.which(word) or word for word in way.prefix))
