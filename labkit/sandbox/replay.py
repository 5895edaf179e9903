"""Replay: a trainee's inputs performed again, in a fresh sandbox of that trainee's seed.

Nothing of the submitted journal is believed but what was asked and when: the actor is always the
training identity, the world is that of the trainee who submits, and the outcomes are those which
this sandbox gives. Actions later than the exercise's day are left out.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from labkit.clock import Millis
from labkit.errors import SubmissionError
from labkit.journal import Entry
from labkit.kube.status import StatusError
from labkit.sandbox.commands.streams import Recorded
from labkit.sandbox.commands.terminal import without_interrupted
from labkit.sandbox.drive import ManualDrive
from labkit.sandbox.faces.research_api import VISITOR
from labkit.sandbox.sandbox import TRAINEE, Sandbox
from labkit.scenarios.exercise import EXERCISE_DAY, world_seed
from labkit.world.actions import AnyAction, Exec, HttpRequest, Query
from labkit.world.world import World


class Replayed(msgspec.Struct, frozen=True):
    """What the fresh sandbox journalled, what was really the matter, and the hash of its world."""

    entries: list[Entry]
    truth: dict[str, Any]
    digest: str


class RecordedDrive(ManualDrive):
    """Time is what the next entry says; it never goes back."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.next: Millis = world.now

    def tick(self) -> Millis:
        """Move to the entry's time."""
        self._world.clock.advance(max(self._world.now, self.next))
        return self._world.now


async def replay(exercise: str, trainee: str, inputs: Sequence[Entry], start: Millis) -> Replayed:
    """Perform the actions of ``inputs`` at their times; raises :class:`SubmissionError` on a bad one."""
    with tempfile.TemporaryDirectory(prefix="labkit-replay-") as folder:
        seed = world_seed(exercise, trainee)
        sandbox = Sandbox(
            home=Path(folder), driver=RecordedDrive, seed=seed, exercise=exercise, trainee=trainee, start=start
        )
        try:
            for entry in sorted(inputs, key=lambda entry: entry.time):
                if entry.time <= start + EXERCISE_DAY:
                    await _perform(sandbox, entry, start)
            return Replayed(sandbox.journal.entries, msgspec.to_builtins(sandbox.staging.truth), sandbox.world.digest())
        finally:
            await sandbox.close()


async def _perform(sandbox: Sandbox, entry: Entry, start: Millis) -> None:
    if entry.time < start:
        raise SubmissionError("an action lies before the sandbox's start", where=f"journal entry {entry.seq}")
    try:
        action = msgspec.convert(entry.action, AnyAction)
    except msgspec.ValidationError as error:
        raise SubmissionError(f"not an action: {error}", where=f"journal entry {entry.seq}") from error
    if isinstance(action, Query):
        return  # changes nothing and is no evidence: not worth what a heavy one costs
    assert isinstance(sandbox.drive, RecordedDrive)
    sandbox.drive.next = entry.time
    try:
        user = VISITOR if isinstance(action, HttpRequest) else TRAINEE
        await sandbox.gate.perform(user, action, Recorded(_typed(action)))
    except StatusError:
        # A refusal is an outcome: the gate has journalled it.
        return


def _typed(action: AnyAction) -> bytes:
    """What is typed again into a command: at a terminal, not what Ctrl-C had ended."""
    if not isinstance(action, Exec):
        return b""
    return without_interrupted(action.stdin) if action.tty else action.stdin
