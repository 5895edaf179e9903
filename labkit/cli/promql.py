"""``labkit promql``: ask a Prometheus, or run scripts of its own test language."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from labkit.errors import LabkitError, QueryError, SettingsError

app = typer.Typer(help="Ask a Prometheus in PromQL, or test queries by script.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="For machines.")]


@app.callback()
def promql() -> None:
    """Nothing of its own: the group."""


@app.command()
def query(
    text: Annotated[str, typer.Argument(metavar="QUERY", help="The query, in quotes.")],
    at: Annotated[str | None, typer.Option(metavar="TIME", help="When: RFC 3339, or seconds since 1970. Now.")] = None,
    span: Annotated[str | None, typer.Option("--range", metavar="1h", help="So long a range up to that time.")] = None,
    step: Annotated[str | None, typer.Option(metavar="1m", help="The range's step; else a 60th of it.")] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="Any Prometheus; else the running sandbox.")] = None,
    exercise: Annotated[str | None, typer.Option("--exercise", metavar="NAME", help="An exercise's sandbox.")] = None,
    as_json: Json = False,
) -> None:
    """Ask a query, at one time or over a range. Exits 1 if it has no answer; says where a query is wrong."""
    from labkit.cli.answers import printed
    from labkit.cli.asking import Prometheus

    if step and not span:
        raise SettingsError("--step goes with --range", remedy="labkit promql query --range 1h --step 1m QUERY")
    prometheus = Prometheus(_address(url, exercise))
    answer = prometheus.over(text, at, span, step) if span else prometheus.at(text, at)
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
    else:
        printed(answer)


def _address(url: str | None, exercise: str | None) -> str:
    from labkit import control, endpoints, settings

    if url and exercise:
        raise SettingsError("--url and --exercise name two servers", remedy="give one of them")
    if url:
        return url
    known = settings.load()
    home = known.home_of(exercise) if exercise else endpoints.meant(known.home, Path.cwd())
    return control.required(home)[0].prometheus


@app.command("test")
def run_scripts(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Scripts in the form of promqltest.")],
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Counts and failures only.")] = False,
    as_json: Json = False,
) -> None:
    """Run test scripts: what passed, what failed, and what is not counted and why. Exits 1 on a failure."""
    from labkit.cli.answers import tested

    found = [_tested(file) for file in files]
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        tested(found, quiet=quiet)
    raise typer.Exit(any(one["failed"] or one["error"] for one in found))


def _tested(file: Path) -> dict[str, Any]:
    """What became of a file's cases; ``error`` says what is wrong with the file itself."""
    from labkit.promql.script import Outcome, run

    outcomes: list[Outcome] = []
    error = ""
    try:
        outcomes.extend(run(_read(file)))
        if not outcomes:
            raise QueryError("has no case", remedy="write: eval instant at 1m QUERY, and the series expected below it")
    except LabkitError as wrong:
        error = str(
            type(wrong)(wrong.what, where=", ".join(filter(None, (str(file), wrong.where))), remedy=wrong.remedy)
        )
    return {
        "file": str(file),
        "passed": sum(one.passed for one in outcomes),
        "failed": [_case(one, one.problem) for one in outcomes if one.failed],
        "not_counted": [_case(one, one.left_out) for one in outcomes if one.left_out],
        "error": error,
    }


def _case(outcome: Any, reason: str) -> dict[str, Any]:
    return {"line": outcome.line, "query": outcome.query, "reason": reason}


def _read(file: Path) -> str:
    if file.is_dir():
        raise QueryError("is a folder", remedy=f"name its scripts: {file}/*.test")
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise QueryError("there is no such file", remedy="check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(f"cannot be read: {error}", remedy="a script is a text file, in UTF-8") from error
