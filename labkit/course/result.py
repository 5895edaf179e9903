"""What grading one submission came to: a verdict, or why there is none. Kept as ``verdict.json``."""

from pathlib import Path
from typing import Literal

import msgspec

from labkit.course.assignment import Assignment
from labkit.errors import CourseError
from labkit.scenarios.verdict import Verdict

FILE = "verdict.json"
_encode = msgspec.json.Encoder(order="deterministic").encode


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome for one trainee.

    ``inputs`` is a SHA-256 of all that the verdict rests on: while it is the same, grading again
    would give the same bytes. ``reason`` says why a submission was set aside; ``notes`` say what
    was repaired; ``world`` is the hash of the world in which the work was repeated.
    """

    trainee: str
    exercise: str
    inputs: str
    status: Literal["graded", "set aside"]
    points: float = 0.0
    out_of: float = 0.0
    reason: str = ""
    notes: tuple[str, ...] = ()
    world: str = ""
    verdict: Verdict | None = None


def write(result: Result, folder: Path) -> None:
    """Write ``verdict.json`` into ``folder``, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.unlink(missing_ok=True)
    path.write_bytes(msgspec.json.format(_encode(result), indent=1) + b"\n")


def read(folder: Path) -> Result | None:
    """The result in ``folder``, or ``None`` if it holds none; :class:`CourseError` if it is damaged."""
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Result)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise CourseError(
            f"not a verdict: {error}", where=str(path), remedy="delete the file and run labkit course grade again"
        ) from error


def every(assignment: Assignment) -> list[Result]:
    """Each trainee's result, in order of trainees."""
    folders = sorted(assignment.course.step("autograded").glob(f"*/{assignment.name}"))
    return [made for folder in folders if (made := read(folder))]
