"""The command line's one boundary: a foreseen failure becomes a message and an exit status, never a traceback."""

import sys

from labkit.errors import LabkitError


def main() -> None:
    """Run ``labkit``. Exits 1 on a foreseen failure, 2 on a wrong command line, 130 on Ctrl-C."""
    from labkit.cli.app import run  # noqa: PLC0415  (so that Ctrl-C during the import is caught too)

    try:
        run()
    except LabkitError as error:
        complain(error)
        sys.exit(1)


def complain(error: LabkitError) -> None:
    """Print ``error`` on standard error: what and where in bold, what to do below."""
    from rich.console import Console  # noqa: PLC0415  (only a failure pays for it)
    from rich.text import Text  # noqa: PLC0415

    where = f"{error.where}: " if error.where else ""
    text = Text.assemble((f"labkit: {where}{error.what}", "bold red"))
    if error.remedy:
        text.append(f"\n  → {error.remedy}", style="default")
    Console(stderr=True, soft_wrap=True, highlight=False).print(text)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
