"""Reporting: who has how many points, step by step, and why not more."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from labkit.course.result import Result
from labkit.scenarios.verdict import Mark


def reasons(made: Result) -> list[str]:
    """Why points are missing, each reason once and the dearest first, then what was repaired."""
    if made.verdict is None:
        return [made.reason, *made.notes]
    lost: dict[str, float] = {}
    for _, mark in made.verdict.losses():
        lost[mark.reason] = lost.get(mark.reason, 0) + mark.lost
    dearest = sorted(lost.items(), key=lambda item: -item[1])
    return [*(f"-{points:g} {reason}" for reason, points in dearest), *made.notes]


def steps(made: Result) -> dict[str, float]:
    """The points of each step; empty for what was set aside."""
    return {step.name: step.points for step in made.verdict.steps} if made.verdict else {}


def as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """The report for machines, the instructor's keys included."""
    return [
        {
            "trainee": made.trainee,
            "status": made.status,
            "scenario": made.verdict.scenario if made.verdict else None,
            "points": made.points if made.verdict else None,
            "out_of": made.out_of if made.verdict else None,
            "steps": steps(made),
            "lost": [_loss(step.name, mark) for step, mark in made.verdict.losses()] if made.verdict else [],
            "reason": made.reason,
            "notes": list(made.notes),
        }
        for made in results
    ]


def as_csv(results: Sequence[Result]) -> str:
    """The report for a spreadsheet: one row a trainee, one column a step."""
    names = step_names(results)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["trainee", "status", *names, "points", "out of", "reasons"])
    for made in results:
        won = steps(made)
        total = [made.points, made.out_of] if made.verdict else ["", ""]
        row = [made.trainee, made.status, *(won.get(name, "") for name in names), *total, "; ".join(reasons(made))]
        writer.writerow([_plain(cell) for cell in row])
    return stream.getvalue()


def step_names(results: Sequence[Result]) -> list[str]:
    """The steps of an exercise, in its own order."""
    return list(dict.fromkeys(name for made in results for name in steps(made)))


def _loss(step: str, mark: Mark) -> dict[str, Any]:
    return {
        "step": step,
        "mark": mark.name,
        "points": mark.lost,
        "reason": mark.reason,
        "key": mark.key,
        "evidence": [str(seen) for seen in mark.evidence],
    }


def _plain(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (OWASP, 'CSV injection'): trainees choose some of the text."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t") else cell
