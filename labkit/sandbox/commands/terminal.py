"""A terminal's line discipline, for ``kubectl exec -it``: the far end is in raw mode and sends keys.

Keys become lines, with echo and erasing; output gets its carriage returns; both output streams are
one. What a pseudo-terminal's driver would do, done here, so that each line can be looked at before
a program reads it.
"""

import codecs
import re
from collections.abc import Callable

from labkit.sandbox.commands.streams import Streams

_INTERRUPT, _END, _KILL_LINE = "\x03", "\x04", "\x15"
_ERASE = ("\x7f", "\x08")
_KEY = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO.|\x1b.?|.", re.DOTALL)
"""One key press: an escape sequence (an arrow, say), or a character."""


class Terminal:
    """Streams over the streams of a raw terminal."""

    def __init__(self, line: Streams) -> None:
        self._far = line
        self._typed = ""
        self._pending = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._ended = False
        self.on_interrupt: Callable[[], None] | None = None
        """What Ctrl-C does beyond discarding the line; without it, Ctrl-C ends the input."""

    async def out(self, data: bytes) -> None:
        """Write, with a carriage return before each newline."""
        await self._far.out(data.replace(b"\n", b"\r\n"))

    err = out

    async def read(self) -> bytes:
        """The next line, its newline included, or ``b""`` at the end of input."""
        while not self._ended:
            line = await self._line()
            if line is not None:
                return line.encode()
            data = await self._far.read()
            self._ended = not data
            self._pending += self._decoder.decode(data)
        return b""

    async def _line(self) -> str | None:
        """Work off the keys that have arrived, up to the end of a line."""
        while found := _KEY.match(self._pending):
            self._pending = self._pending[found.end() :]
            key = found[0]
            if key in "\r\n":
                line, self._typed = f"{self._typed}\n", ""
                await self._far.out(b"\r\n")
                return line
            if (key == _END and not self._typed) or (key == _INTERRUPT and self.on_interrupt is None):
                self._ended = True
                return ""
            await self._edit(key)
        return None

    async def _edit(self, key: str) -> None:
        if key == _INTERRUPT and self.on_interrupt is not None:
            self._typed = ""
            await self._far.out(b"^C\r\n")
            self.on_interrupt()
        elif key in _ERASE or key == _KILL_LINE:
            gone = len(self._typed) if key == _KILL_LINE else min(1, len(self._typed))
            self._typed = self._typed[: len(self._typed) - gone]
            await self._far.out(b"\b \b" * gone)
        elif key == "\t" or key.isprintable():
            self._typed += key.replace("\t", " ")
            await self._far.out(key.replace("\t", " ").encode())


def without_interrupted(stdin: bytes) -> bytes:
    """Recorded input of a terminal without each line that a Ctrl-C follows, and without the Ctrl-C.

    Bytes tell no time: read again all at once, a Ctrl-C would come before what it ended, which would
    then run to its end. A line begun goes alone; with none begun, the line before it goes.
    Ctrl-C pressed again and again takes one line.
    """
    *interrupted, rest = stdin.split(_INTERRUPT.encode())
    kept = [b"".join(typed.splitlines(keepends=True)[:-1]) for typed in interrupted]
    return b"".join([*kept, rest])
