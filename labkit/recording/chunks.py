"""The finished part of a recording that is being made, so that an interrupted one goes on where it was.

``NAME.part/plan.json`` says what is recorded; ``NAME.part/chunks/`` holds a file for each stretch of time
and signal that is finished. A file gets its name when it is whole and on the disk: that is the journal.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from labkit.clock import MINUTE, Millis
from labkit.errors import DatasetError
from labkit.signals.dataset_writer import sync

LENGTH: Millis = 60 * MINUTE
"""The time of a chunk: what is done again after an interruption is less than this, of one signal."""

_PLAN = "plan.json"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is recorded: all that decides what a chunk holds; ``start <= time <= end``."""

    start: Millis
    end: Millis
    prometheus: str | None = None
    loki: str | None = None
    jaeger: str | None = None
    match: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    redaction: str = ""

    def chunks(self) -> Iterator[tuple[Millis, Millis]]:
        """The stretches of the range, each without its end."""
        for start in range(self.start, self.end + 1, LENGTH):
            yield start, min(start + LENGTH, self.end + 1)


def planned(part: Path) -> Plan | None:
    """The plan of a recording that was begun in ``part``."""
    try:
        return msgspec.json.decode((part / _PLAN).read_bytes(), type=Plan)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise DatasetError(
            f"the plan cannot be read: {error}", where=str(part / _PLAN), remedy="remove the folder, and begin anew"
        ) from error


class Chunks:
    """The chunks of ``plan`` in the folder ``part``; raises :class:`DatasetError` if another plan was begun there."""

    def __init__(self, part: Path, plan: Plan) -> None:
        before = planned(part)
        if before is not None and before != plan:
            different = [name for name in Plan.__struct_fields__ if getattr(before, name) != getattr(plan, name)]
            raise DatasetError(
                f"an interrupted recording differs in {', '.join(different)}",
                where=str(part),
                remedy="repeat it with what it began with, or remove the folder",
            )
        self._folder = part / "chunks"
        self._folder.mkdir(parents=True, exist_ok=True)
        self.plan = plan
        self._whole(part / _PLAN, lambda path: path.write_bytes(msgspec.json.format(msgspec.json.encode(plan))))

    def finish(self, name: str, write: Callable[[Path], object]) -> Path:
        """The file of a chunk; ``write`` makes it if it is not there yet."""
        path = self._folder / name
        if not path.exists():
            self._whole(path, write)
        return path

    @staticmethod
    def _whole(path: Path, write: Callable[[Path], object]) -> None:
        part = path.with_name(f".{path.name}")
        write(part)
        sync(part)
        part.replace(path)
        sync(path.parent)


@contextmanager
def alone(part: Path) -> Iterator[None]:
    """Hold ``part`` for this process; raises :class:`DatasetError` if another records there."""
    descriptor = os.open(part / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise DatasetError("it is being recorded already", where=str(part), remedy="wait for the other") from None
    finally:
        os.close(descriptor)
