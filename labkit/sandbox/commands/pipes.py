"""A child process and its standard streams, over pipes or over a pseudo-terminal."""

import asyncio
import contextlib
import os
import signal
import termios
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

_END_OF_INPUT = b"\x04"
_LONGEST_TERMINAL_LINE = 4000
"""Bytes; a terminal's driver drops what exceeds 4,095 (``MAX_CANON``, ``N_TTY_BUF_SIZE``)."""


@dataclass(frozen=True)
class Process:
    """A running child: what it writes, and how to write to it."""

    _process: asyncio.subprocess.Process
    outputs: tuple[asyncio.StreamReader, ...]
    """Standard output and standard error, or both in one."""
    put: Callable[[bytes], Awaitable[None]]
    end_input: Callable[[], Awaitable[None]]
    close: Callable[[], None]

    async def wait(self) -> int:
        """The exit status, negative for a signal."""
        return await self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """Signal the child, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)


async def on_pipes(
    command: Sequence[str], env: Mapping[str, str], become: Mapping[str, Any], *, has_input: bool
) -> Process:
    """Start ``command`` in ``/`` and in a session of its own, on pipes; ``become`` says as whom."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd="/",
        env=dict(env),
        stdin=pipe if has_input else asyncio.subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
        start_new_session=True,
        **become,
    )
    stdin = cast(asyncio.StreamWriter, process.stdin)
    outputs = cast(asyncio.StreamReader, process.stdout), cast(asyncio.StreamReader, process.stderr)

    async def put(data: bytes) -> None:
        stdin.write(data)
        await stdin.drain()

    async def end_input() -> None:
        stdin.close()

    return Process(process, outputs, put, end_input, lambda: None)


async def on_terminal(command: Sequence[str], env: Mapping[str, str], become: Mapping[str, Any]) -> Process:
    """Start ``command`` on a pseudo-terminal that neither echoes nor changes what passes."""
    master, slave = os.openpty()
    try:
        _plain(slave)
        process = await asyncio.create_subprocess_exec(
            *command, cwd="/", env=dict(env), stdin=slave, stdout=slave, stderr=slave, start_new_session=True, **become
        )
    except BaseException:
        os.close(master)
        raise
    finally:
        os.close(slave)
    output = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: _Reader(output), os.fdopen(os.dup(master), "rb", 0))

    async def put(data: bytes) -> None:
        if len(data) > _LONGEST_TERMINAL_LINE:
            data = b"\n"  # too long for a terminal: an empty line brings the prompt back
        with contextlib.suppress(OSError):
            await asyncio.to_thread(os.write, master, data)

    def close() -> None:
        transport.close()
        os.close(master)

    return Process(process, (output,), put, lambda: put(_END_OF_INPUT), close)


class _Reader(asyncio.StreamReaderProtocol):
    """A reader for which a terminal that hangs up is at its end: Linux says EIO then."""

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(None if isinstance(exc, OSError) else exc)


def _plain(descriptor: int) -> None:
    attributes = termios.tcgetattr(descriptor)
    attributes[1] &= ~termios.OPOST
    attributes[3] &= ~(termios.ECHO | termios.ECHONL | termios.ISIG)
    termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
