"""What ``lab.score(step)`` says under a grade cell.

On a trainee's machine: what the journal shows so far, and no points; the rubric is not there. Under
plain ``nbgrader autograde``, which says so by ``NBGRADER_EXECUTION=autograde`` (nbgrader's
``Autograde.convert_single_notebook``) and runs the notebook in ``autograded/<trainee>/<exercise>``
(nbconvert's ``ExecutePreprocessor`` runs in the notebook's folder): the judge's points, which
nbgrader takes from the cell's value as partial credit. Trainee and exercise are the names of those
folders, whatever the journal or the environment says. The code of the trainee runs in the same
process there, so this promises no integrity; ``labkit course grade`` does.
"""

import os
import sys
from functools import cache
from pathlib import Path

from labkit import journal
from labkit.course.submission import read_journal
from labkit.errors import JournalError, LabkitError
from labkit.journal import Entry
from labkit.scenarios import answers, evidence
from labkit.scenarios.verdict import Seen, Verdict, explain

JOURNAL = "journal.jsonl"
QUESTIONS = {
    "finding": ("state", "component", "object", "observation"),
    "decision": ("decision", "severity", "details"),
}


def autograding() -> bool:
    """Whether plain ``nbgrader autograde`` runs this kernel."""
    return os.environ.get("NBGRADER_EXECUTION") == "autograde"


def score(step: str, folder: Path | None = None) -> float | None:
    """Points of ``step`` for the work in ``folder`` (the current one), or ``None`` before submission."""
    folder = (folder or Path.cwd()).resolve()
    if autograding():
        return _points(step, folder)
    _tell(step, folder)
    return None


def _tell(step: str, folder: Path) -> None:
    """Print what the journal shows of a step."""
    try:
        _, entries = journal.read(folder / JOURNAL)
    except JournalError as error:
        _say(f"nothing recorded: {error}")
        return
    seen = _seen(step, entries)
    _say("recorded; points are given after submission" if seen else f"nothing is recorded for {step!r} yet")
    _say(*(f"  {line}" for line in seen))


def _seen(step: str, entries: list[Entry]) -> list[Seen]:
    if step in QUESTIONS:
        given = answers.last(entries)
        return [given[question].seen for question in QUESTIONS[step] if question in given]
    sightings = (sighting for sighting in evidence.gather(entries) if sighting.check.startswith(f"{step}/"))
    return list(dict.fromkeys(sighting.seen for sighting in sightings))


def _points(step: str, folder: Path) -> float:
    """Print reasons and give points; what cannot be graded gets none, with the reason."""
    try:
        judged = _verdict(folder).step(step)
    except LabkitError as error:
        _say(f"not graded: {error}")
        return 0.0
    _say("\n".join(explain(judged)))
    return judged.points


@cache
def _verdict(folder: Path) -> Verdict:
    """The verdict on the journal in ``folder``: made once a kernel."""
    from labkit.course.assignment import Assignment  # noqa: PLC0415  (never on a trainee's machine)
    from labkit.course.course import Course  # noqa: PLC0415  (never on a trainee's machine)
    from labkit.course.replaying import Worker  # noqa: PLC0415  (never on a trainee's machine)
    from labkit.scenarios.judge import judge  # noqa: PLC0415  (never on a trainee's machine)

    assignment, trainee = Assignment.open(Course.find(folder), folder.name), folder.parent.name
    header, entries = read_journal(folder / JOURNAL, assignment.name, trainee)
    with Worker() as worker:
        replayed = worker(assignment.name, trainee, entries, header.start)
    return judge(replayed.entries, replayed.truth, assignment.rubric)


def _say(*lines: str) -> None:
    """Lines under the cell."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
