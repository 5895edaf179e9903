"""The command line's one boundary: a foreseen failure becomes a message and an exit status, never a traceback."""

import sys

from labkit.errors import LabkitError

_SHOWN = 200
"""Characters of a path that a message shows."""


def main() -> None:
    """Run ``labkit``. Exits 1 on a foreseen failure, 2 on a wrong command line, 130 on Ctrl-C."""
    from labkit.cli.app import run  # noqa: PLC0415  (so that Ctrl-C during the import is caught too)

    try:
        _readable(sys.argv[1:])
        run()
    except LabkitError as error:
        complain(error)
        sys.exit(1)
    except BrokenPipeError:
        raise  # nobody reads; the command line's framework ends quietly
    except OSError as error:
        complain(_of_the_system(error))
        sys.exit(1)


def _readable(arguments: list[str]) -> None:
    """Refuse an argument whose bytes are no text: nothing could print it, or send it."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            shown = argument.encode(errors="surrogateescape").decode(errors="backslashreplace")
            raise LabkitError("an argument is not UTF-8", where=shown, remedy="write it in UTF-8") from None


def _of_the_system(error: OSError) -> LabkitError:
    """What the operating system refuses (a full disk, a name that is too long), in our form."""
    where = str(error.filename) if error.filename is not None else None
    if where and len(where) > _SHOWN:
        where = where[:_SHOWN] + "…"
    remedy = "make room, or name a place that you may write to; labkit doctor checks this machine"
    return LabkitError(error.strerror or str(error), where=where, remedy=remedy)


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
