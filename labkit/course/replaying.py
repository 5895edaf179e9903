"""Repeating a trainee's work in a sandbox of the grader's own, in a process that can be ended.

The judge's side of :mod:`labkit.sandbox.replay`: a worker process is kept for many submissions,
and replaced when one of them takes too long or brings it down.
"""

import asyncio
import logging
import shutil
import tempfile
import time
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from labkit.clock import Millis
from labkit.errors import LabkitError, SubmissionError
from labkit.journal import Entry

LIMIT = 180.0
"""Seconds that repeating one submission may take; an honest one takes a few."""

PATIENCE = 15.0
"""Seconds that what a killed worker leaves behind may take to go: its database is ended within ten."""

_log = logging.getLogger(__name__)


class Replayed(Protocol):
    """What a fresh sandbox recorded, what was so in it, and the hash of its world."""

    @property
    def entries(self) -> list[Entry]:
        """What was done, with the outcomes that this sandbox gave."""

    @property
    def truth(self) -> dict[str, Any]:
        """``scenario``, ``component`` and ``object``: what was really the matter."""

    @property
    def digest(self) -> str:
        """The hash of the world in the end."""


class Replays(Protocol):
    """Performs a trainee's inputs again; raises :class:`SubmissionError` on inputs that cannot be."""

    def __call__(self, exercise: str, trainee: str, inputs: Sequence[Entry], start: Millis) -> Replayed:
        """Do ``inputs`` again in ``trainee``'s world of ``exercise``, begun at ``start``."""


def replay_here(exercise: str, trainee: str, inputs: Sequence[Entry], start: Millis) -> Replayed:
    """Repeat the work in this process."""
    from labkit.sandbox.replay import replay  # noqa: PLC0415  (only the worker needs a sandbox)

    return asyncio.run(replay(exercise, trainee, inputs, start))


class Worker:
    """A process that repeats one submission at a time; call it like :func:`replay_here`.

    All temporary files of the process lie in one folder, which is ours: killed, it removes none.
    """

    def __init__(self, replays: Replays = replay_here, limit: float = LIMIT) -> None:
        self._replays = replays
        self._limit = limit
        self._process: Any = None
        self._pipe: Connection | None = None
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __call__(self, exercise: str, trainee: str, inputs: Sequence[Entry], start: Millis) -> Replayed:
        """What the sandbox recorded; :class:`SubmissionError` if it could not be done in time."""
        pipe = self._pipe or self._begin()
        try:
            pipe.send((exercise, trainee, list(inputs), start))
            if not pipe.poll(self._limit):
                self.stop()
                raise SubmissionError(
                    f"repeating the work took longer than {self._limit:g} s",
                    remedy="look for a command in the journal that never ends, such as a long pg_sleep",
                )
            answer = pipe.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            self.stop()
            raise SubmissionError(
                "the sandbox in which the work was repeated broke down",
                remedy="grade this submission again by itself; if it happens again, look into its journal",
            ) from error
        if isinstance(answer, LabkitError):
            raise answer
        return answer  # type: ignore[no-any-return]

    def stop(self) -> None:
        """End the process and remove what it left; the next call begins a new one."""
        if self._pipe:
            self._pipe.close()
        if self._process:
            self._process.kill()
            self._process.join()
        if self._folder:
            _remove(self._folder)
        self._pipe = self._process = self._folder = None

    def _begin(self) -> Connection:
        context = get_context("spawn")
        self._folder = Path(tempfile.mkdtemp(prefix="labkit-"))  # short: sockets lie in it, and their paths are
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._replays, str(self._folder)), daemon=True)
        self._process.start()
        theirs.close()
        return self._pipe


def _remove(folder: Path) -> None:
    """Remove ``folder``, in which a database that is being ended may still write."""
    deadline = time.monotonic() + PATIENCE
    while folder.exists():
        try:
            shutil.rmtree(folder)
        except OSError as error:
            if time.monotonic() > deadline:
                _log.warning("%s could not be removed: %s", folder, error)
                return
            time.sleep(0.1)


def _serve(pipe: Connection, replays: Replays, folder: str) -> None:
    """The worker's life: a job in, what was recorded or the error out, until the pipe is closed."""
    tempfile.tempdir = folder
    while True:
        try:
            job = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(replays(*job))
        except LabkitError as error:
            pipe.send(error)
