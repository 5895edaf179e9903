"""The ``labkit`` command: the sandbox's verbs at its top, other groups loaded when they are named."""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from labkit import __version__
from labkit.cli import doctor, lab, sandbox

GROUPS = {
    "course": ("labkit.cli.course", "Release, collect and grade assignments (the instructor's side)."),
    "dataset": ("labkit.cli.dataset", "Recordings of systems: list, verify, record and import them."),
    "promql": ("labkit.cli.promql", "Ask a Prometheus in PromQL, or test queries by script."),
}
"""Groups by name: the module whose ``app`` it is, and its line in the list of commands."""


class _LazyGroups(TyperGroup):
    """A group that imports another only when that one is called, so that ``labkit env`` stays quick."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Our own commands, then the groups."""
        return [*super().list_commands(ctx), *GROUPS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or ``None``."""
        if cmd_name not in GROUPS:
            return super().get_command(ctx, cmd_name)
        module, summary = GROUPS[cmd_name]
        group = typer.main.get_command(import_module(module).app)
        group.name, group.short_help = cmd_name, summary
        return group


app = typer.Typer(
    cls=_LazyGroups,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="The academy of LLM-Research-Lab's operators, and the sandbox in which what they do has consequences.",
)
app.command()(lab.lab)
app.command()(sandbox.up)
app.command()(sandbox.down)
app.command()(sandbox.status)
app.command()(sandbox.env)
app.command()(doctor.doctor)


def run() -> None:
    """Run the command line of this process."""
    app(prog_name="labkit")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"labkit {__version__}")
        raise typer.Exit


@app.callback()
def labkit(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Nothing of its own: options of the whole."""
