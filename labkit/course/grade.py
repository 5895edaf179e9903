"""Grading: each submission repeated in a sandbox, judged, and written to nbgrader's gradebook.

Sandboxes run beside each other in workers; this process alone writes. A submission that cannot be
graded is set aside with a reason and the batch goes on; one whose verdict still stands is skipped,
so a batch that was broken off goes on where it stopped.
"""

import fcntl
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue

import msgspec

from labkit.course import result, submission
from labkit.course.assignment import Assignment
from labkit.course.course import check_trainee
from labkit.course.marking import forget, mark
from labkit.course.release import register
from labkit.course.replaying import Replays, Worker
from labkit.course.result import Result
from labkit.course.submission import Submission
from labkit.errors import CourseError, LabkitError
from labkit.scenarios.judge import judge
from labkit.scenarios.verdict import Verdict

_log = logging.getLogger(__name__)


class Graded(msgspec.Struct, frozen=True):
    """One step of a batch: the result, and whether it was made now or still stood."""

    result: Result
    fresh: bool


class _Judged(msgspec.Struct, frozen=True):
    submission: Submission
    verdict: Verdict
    world: str


def trainees(assignment: Assignment) -> list[str]:
    """Who has handed in, in order."""
    return sorted(path.parent.name for path in assignment.course.step("submitted").glob(f"*/{assignment.name}"))


def grade(
    assignment: Assignment,
    names: Sequence[str],
    *,
    force: bool = False,
    jobs: int = 2,
    replays: Replays | None = None,
) -> Iterator[Graded]:
    """Grade the submissions of ``names``, in that order, giving each result as it is there.

    ``replays`` repeats a trainee's work; by default it is done in ``jobs`` worker processes.
    Raises :class:`CourseError` for what concerns the whole batch, before anything is graded.
    """
    assignment.check()
    assignment.read("release")
    with _alone(assignment), _workers(max(1, min(jobs, len(names))), replays) as (pool, workers):
        register(assignment)
        standing = {} if force else {name: _standing(assignment, check_trainee(name)) for name in names}
        judging = {name: pool.submit(_judge, assignment, name, workers) for name in names if not standing.get(name)}
        for name in names:
            known = standing.get(name)
            yield Graded(known, False) if known else Graded(_finish(assignment, name, judging.pop(name)), True)


def _standing(assignment: Assignment, name: str) -> Result | None:
    """The grade of an earlier run, if all that it rests on is as it was."""
    earlier = result.read(assignment.folder("autograded", name))
    if earlier is None or earlier.status != "graded" or earlier.inputs != submission.digest(assignment, name):
        return None
    return earlier


def _judge(assignment: Assignment, name: str, workers: "SimpleQueue[Replays]") -> _Judged:
    """Read, repeat and judge one submission; runs in a thread and writes nothing."""
    handed_in = submission.read(assignment, name)
    worker = workers.get()
    try:
        replayed = worker(assignment.name, name, handed_in.entries, handed_in.header.start)
    finally:
        workers.put(worker)
    return _Judged(handed_in, judge(replayed.entries, replayed.truth, assignment.rubric), replayed.digest)


def _finish(assignment: Assignment, name: str, judging: "Future[_Judged]") -> Result:
    """Write what came of one submission: grades and notebook, or why it is set aside."""
    inputs = submission.digest(assignment, name)
    try:
        judged = judging.result()
        mark(assignment, judged.submission, judged.verdict)
        made = _graded(name, inputs, judged)
    except LabkitError as error:
        made = _set_aside(assignment, name, inputs, str(error))
    except Exception as error:  # noqa: BLE001  (a batch goes on, whatever one submission does; it is logged and told)
        _log.exception("grading %s failed", name)
        reason = f"the grader itself failed: {error!r}\n  → report this, with the submission"
        made = _set_aside(assignment, name, inputs, reason)
    result.write(made, assignment.folder("autograded", name))
    return made


def _graded(name: str, inputs: str, judged: _Judged) -> Result:
    verdict = judged.verdict
    return Result(
        trainee=name,
        exercise=verdict.exercise,
        inputs=inputs,
        status="graded",
        points=verdict.points,
        out_of=verdict.out_of,
        notes=tuple(judged.submission.notes),
        world=judged.world,
        verdict=verdict,
    )


def _set_aside(assignment: Assignment, name: str, inputs: str, reason: str) -> Result:
    forget(assignment, name)  # an earlier submission's points are not this one's
    return Result(trainee=name, exercise=assignment.name, inputs=inputs, status="set aside", reason=reason)


@contextmanager
def _workers(count: int, replays: Replays | None) -> Iterator[tuple[ThreadPoolExecutor, "SimpleQueue[Replays]"]]:
    """Threads, and something to repeat work with for each of them."""
    processes = [] if replays else [Worker() for _ in range(count)]
    queue: SimpleQueue[Replays] = SimpleQueue()
    for number in range(count):
        queue.put(replays or processes[number])
    pool = ThreadPoolExecutor(count, thread_name_prefix="judge")
    try:
        yield pool, queue
    finally:
        for process in processes:
            process.stop()
        pool.shutdown(cancel_futures=True)


@contextmanager
def _alone(assignment: Assignment) -> Iterator[None]:
    """Hold the course's lock: the gradebook has one writer."""
    path = assignment.course.step("autograded") / ".lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError(
                "another labkit course grade runs on this course", where=str(path), remedy="wait for it to end"
            ) from None
        yield
