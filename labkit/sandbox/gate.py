"""The gate: the one way by which an action enters the world, and where it is journalled.

Faces translate their protocol into an :class:`~labkit.world.actions.Action` and call
:meth:`Gate.perform`; replay does the same from a journal. So what a journal holds is all that was
done, and doing it again needs no protocol.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from labkit.clock import Millis
from labkit.journal import Journal
from labkit.kube.request import User
from labkit.kube.status import StatusError
from labkit.sandbox.commands.streams import Recorded, Streams
from labkit.sandbox.drive import Drive
from labkit.world.actions import AnyAction, Exec

EXCERPT = 2_000
"""Characters of output that a journal keeps; the hash beside it covers the whole."""

KEPT = 64 * 1024
"""Bytes of output and of standard input that are kept while a command runs."""

Handler = Callable[[User, Any, Streams], Awaitable[tuple[Any, dict[str, Any]]]]
"""Performs an action; gives what the face needs, and the outcome to journal."""


class Gate:
    """Performs actions at their virtual time and journals them with their outcome.

    An entry has the time at which its action began and is written when it has ended, so that
    sessions may overlap; who reads a journal sorts it by time.
    """

    def __init__(self, drive: Drive, handlers: Mapping[type[AnyAction], Handler], journal: Journal) -> None:
        self._drive = drive
        self._handlers = handlers
        self.journal = journal

    async def perform(self, user: User, action: AnyAction, streams: Streams | None = None) -> Any:
        """Perform ``action`` as ``user``; errors of the action's own protocol are journalled and raised."""
        time = self._drive.tick()
        tape = Tape(streams or Recorded())
        outcome: dict[str, Any] = {"cancelled": True}
        try:
            result, outcome = await self._handlers[type(action)](user, action, tape)
        except StatusError as error:
            outcome = {"code": error.code, "reason": error.reason}
            raise
        finally:
            # In the end, too, of a session that was cut off: what it saw was seen.
            if isinstance(action, Exec):
                action = msgspec.structs.replace(action, stdin=bytes(tape.stdin))
                outcome |= tape.outcome()
            self.note(time, user, action, outcome)
        return result

    def note(self, time: Millis, user: User, action: AnyAction, outcome: dict[str, Any]) -> None:
        """Journal an action that is performed elsewhere (SQL on its way to the engine)."""
        self.journal.append(time, user.name, action.face, msgspec.to_builtins(action), outcome)

    async def wait(self, until: Millis) -> None:
        """Let a waiting request wait; see :meth:`Drive.wait`."""
        await self._drive.wait(until)

    def now(self) -> Millis:
        """The present, without an action: for what is only told, not done."""
        return self._drive.tick()


class Tape:
    """Streams that remember what passed through them, up to :data:`KEPT` bytes each."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._digest = hashlib.sha256()
        self.stdin = bytearray()
        self._stdout = bytearray()
        self._stderr = bytearray()

    async def read(self) -> bytes:
        """The next bytes of standard input; it ends at :data:`KEPT`, so that replay reads the same."""
        data = (await self._streams.read())[: KEPT - len(self.stdin)]
        self.stdin += data
        return data

    async def out(self, data: bytes) -> None:
        """Standard output."""
        self._digest.update(data)
        self._stdout += data[: KEPT - len(self._stdout)]
        await self._streams.out(data)

    async def err(self, data: bytes) -> None:
        """Standard error."""
        self._stderr += data[: KEPT - len(self._stderr)]
        await self._streams.err(data)

    def outcome(self) -> dict[str, str]:
        """What the journal says of the output."""
        return {
            "stdout_sha256": self._digest.hexdigest(),
            "stdout": self._stdout.decode(errors="replace")[:EXCERPT],
            "stderr": self._stderr.decode(errors="replace")[:EXCERPT],
        }
