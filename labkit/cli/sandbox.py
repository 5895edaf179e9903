"""``labkit up``, ``down``, ``status`` and ``env``: the sandbox from a terminal."""

import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from labkit import endpoints, settings
from labkit.errors import SettingsError

Exercise = Annotated[str | None, typer.Option("--exercise", metavar="NAME", help="The sandbox of an exercise.")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]


class Clock(StrEnum):
    """Who drives virtual time."""

    live = "live"
    manual = "manual"


class Shell(StrEnum):
    """Whose syntax to print."""

    sh = "sh"
    fish = "fish"


def up(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when it is ready; it runs on.")] = False,
    seed: Annotated[int | None, typer.Option(help="Which world; an exercise's follows from its trainee.")] = None,
    clock: Annotated[Clock | None, typer.Option(help="live follows the wall; manual moves by actions.")] = None,
    exercise: Exercise = None,
    trainee: Annotated[str | None, typer.Option(metavar="ID", help="Whose exercise.")] = None,
    recorded: Annotated[
        str | None, typer.Option(metavar="NAME", help="Serve a recording: a name in datasets/, or a folder.")
    ] = None,
    journal: Annotated[Path | None, typer.Option(hidden=True, help="Where an exercise is recorded.")] = None,
    parent: Annotated[int | None, typer.Option(hidden=True, help="End when this process does.")] = None,
) -> None:
    """Start a sandbox, or serve a recording: in the foreground until Ctrl-C, or with --detach behind you."""
    from labkit.cli.starting import announce, ready, start
    from labkit.sandbox import lifecycle
    from labkit.sandbox.options import Options

    if trainee and not exercise:
        raise SettingsError("--trainee goes with --exercise", remedy="labkit up --exercise exercise-1 --trainee ID")
    if recorded and (exercise or seed is not None or clock):
        raise SettingsError("a recording has no exercise, seed or clock", remedy="labkit up --recorded NAME")
    if recorded == "":
        raise SettingsError("--recorded names no recording", remedy="labkit dataset list names those there are")
    known = settings.load(trainee=trainee, clock=clock, seed=seed)
    if exercise and journal is None:
        journal = Path.cwd() / "journal.jsonl"
    found = _recording(recorded or (None if exercise else known.recorded))
    options = Options.of(known, exercise=exercise, journal=journal, parent=parent, recorded=found)
    if detach:
        typer.echo(ready(options, start(options).pid))
        return
    announce(options)
    lifecycle.serve(options)


def down(exercise: Exercise = None) -> None:
    """Stop the sandbox."""
    from labkit.sandbox import lifecycle

    home = _home(exercise)
    typer.echo(f"sandbox stopped: process {lifecycle.stop(home)} in {home}")


def status(exercise: Exercise = None, as_json: Json = False) -> None:
    """Say how the sandbox is. Exits 0 if it runs, else 1."""
    from labkit.cli.report import condition_lines, to_json
    from labkit.sandbox import lifecycle

    condition = lifecycle.status(_home(exercise))
    typer.echo(to_json(condition) if as_json else "\n".join(condition_lines(condition)))
    raise typer.Exit(condition.state != "running")


def env(
    exercise: Exercise = None,
    as_json: Json = False,
    shell: Annotated[Shell, typer.Option(help="Whose syntax to print.")] = Shell.sh,
) -> None:
    """Print what a shell needs to reach the sandbox: eval "$(labkit env)"."""
    import json

    from labkit import control

    home = _home(exercise)
    variables = endpoints.environment(home, control.required(home)[0])
    if as_json:
        typer.echo(json.dumps(variables, indent=2))
        return
    line = "export {}={}" if shell is Shell.sh else "set -gx {} {}"
    for name, value in variables.items():
        # in fish, PATH is a list
        quoted = (
            " ".join(map(shlex.quote, value.split(":")))
            if shell is Shell.fish and name == "PATH"
            else shlex.quote(value)
        )
        typer.echo(line.format(name, quoted))


def _recording(name: str | None) -> Path | None:
    """The folder of a recording; one that is not there is refused before anything starts."""
    if name is None:
        return None
    from labkit.signals.dataset import find

    return find(name).path


def _home(exercise: str | None) -> Path:
    known = settings.load()
    return known.home_of(exercise) if exercise else endpoints.meant(known.home, Path.cwd())
