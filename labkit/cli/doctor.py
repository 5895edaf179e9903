"""``labkit doctor``: whether this machine can run the lab."""

from typing import Annotated

import typer


def doctor(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Check this machine, saying what to do. Exits 1 if the sandbox cannot run here."""
    from rich.console import Console

    from labkit import settings
    from labkit.cli.report import finding_lines, to_json
    from labkit.sandbox.doctor import examine

    findings = examine(settings.load().home)
    if as_json:
        typer.echo(to_json(findings))
    else:
        console = Console(soft_wrap=True, highlight=False)
        for line in finding_lines(findings):
            console.print(line)
    raise typer.Exit(any(finding.outcome == "fail" for finding in findings))
