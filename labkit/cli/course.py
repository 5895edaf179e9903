"""``labkit course``: release, collect, grade, give back and report assignments.

What imports nbgrader is imported by the verb that needs it: it takes seconds.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from labkit.course import report as reporting
from labkit.course import result
from labkit.course.assignment import Assignment
from labkit.course.collect import collect as collect_from
from labkit.course.course import Course
from labkit.course.result import Result
from labkit.errors import CourseError

app = typer.Typer(help="Release, collect and grade assignments (the instructor's side).", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="ASSIGNMENT", help="The assignment, such as exercise-1.")]
Root = Annotated[
    Path, typer.Option("--course", metavar="DIR", help="The course's folder: the one with nbgrader_config.py.")
]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
HERE = Path()


@app.command()
def release(name: Name, course: Root = HERE) -> None:
    """Write what trainees get to release/, and tell the gradebook of it."""
    from labkit.course.release import release

    assignment = _open(course, name)
    for file in release(assignment):
        typer.echo(file.relative_to(assignment.course.root))


@app.command()
def collect(
    name: Name,
    source: Annotated[
        Path, typer.Argument(metavar="FROM", help="A folder of <trainee>/ or <trainee>.zip, .tar, .tgz.")
    ],
    course: Root = HERE,
    as_json: Json = False,
) -> None:
    """Take in submissions: the notebook and the journal of each. Exits 1 if any was rejected."""
    taken = collect_from(_open(course, name), source)
    if as_json:
        _print_json(msgspec.to_builtins(taken))
    else:
        _table(["trainee", "", "notes"], ([one.trainee, one.status, "\n".join(one.notes)] for one in taken))
    raise typer.Exit(any(one.status == "rejected" for one in taken))


@app.command()
def grade(
    name: Name,
    trainee: Annotated[list[str] | None, typer.Argument(help="Only these; by default everyone who handed in.")] = None,
    course: Root = HERE,
    force: Annotated[bool, typer.Option("--force", help="Grade again what is graded already.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Sandboxes to run beside each other.")] = 2,
) -> None:
    """Repeat each trainee's work in a sandbox, judge it and store the points. Exits 1 if any was set aside.

    Broken off, it goes on where it stopped. No code of a trainee is run.
    """
    from labkit.course.grade import grade, trainees

    assignment = _open(course, name)
    known = trainees(assignment)
    if unknown := sorted(set(trainee or ()) - set(known)):
        raise CourseError(f"nothing is submitted by {', '.join(unknown)}", remedy="labkit course collect takes work in")
    if not known:
        raise CourseError("nothing is submitted yet", remedy=f"labkit course collect {name} FROM")
    names = sorted(set(trainee)) if trainee else known
    results = _progress(grade(assignment, names, force=force, jobs=jobs), len(names))
    _show(results)
    raise typer.Exit(any(made.status == "set aside" for made in results))


@app.command()
def feedback(name: Name, course: Root = HERE) -> None:
    """Write each trainee's page to feedback/: every lost point with its reason, and no keys."""
    from labkit.course.feedback import feedback

    assignment = _open(course, name)
    for page in feedback(assignment):
        typer.echo(page.relative_to(assignment.course.root))


@app.command()
def report(
    name: Name,
    course: Root = HERE,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="For a spreadsheet.")] = False,
) -> None:
    """Print who has how many points in which step, and why not more. With --json, with the keys."""
    results = result.every(_open(course, name))
    if as_json:
        _print_json(reporting.as_json(results))
    elif as_csv:
        typer.echo(reporting.as_csv(results), nl=False)
    else:
        _show(results)


def _open(course: Path, name: str) -> Assignment:
    return Assignment.open(Course.find(course), name)


def _progress(graded: Iterable[Any], total: int) -> list[Result]:
    """The results of a batch, with a bar that says how far it is and how long it will take."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    results = []
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("grading", total=total)
        for step in graded:
            results.append(step.result)
            bar.update(task, advance=1, description=f"{'graded' if step.fresh else 'kept'} {step.result.trainee}")
    return results


def _show(results: list[Result]) -> None:
    """A table of points, and below it, trainee by trainee, why there are not more."""
    names = reporting.step_names(results)
    rows = (
        [
            made.trainee,
            *(f"{reporting.steps(made)[name]:g}" if made.verdict else "" for name in names),
            f"{made.points:g}/{made.out_of:g}" if made.verdict else "set aside",
        ]
        for made in results
    )
    _table(["trainee", *names, "total"], rows)
    for made in results:
        for number, reason in enumerate(reporting.reasons(made)):
            typer.echo(("" if number else f"{made.trainee}\n") + "\n".join(f"  {line}" for line in reason.splitlines()))


def _table(heads: list[str], rows: Iterable[list[str]]) -> None:

    table = Table(*heads, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
