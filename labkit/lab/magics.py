"""``%kubectl``, ``%promql`` and ``%%sql``: the handle's methods without quotes."""

import re
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, no_var_expand

from labkit.errors import LabkitError, QueryError
from labkit.lab.completed import Completed
from labkit.lab.handle import Lab

if TYPE_CHECKING:
    import pandas as pd
    from IPython.core.interactiveshell import InteractiveShell


_OPTION = re.compile(r"--(\w+)(?:=|\s+)(\S+)\s*")
_OPTIONS = ("last", "at", "step")


@magics_class
class LabMagics(Magics):
    """The magics of one connected lab. Braces and dollars are left alone: PromQL and jsonpath use them."""

    def __init__(self, shell: "InteractiveShell", lab: Lab) -> None:
        super().__init__(shell)
        self._lab = lab

    @line_magic
    @no_var_expand
    def kubectl(self, line: str) -> Completed:
        """``%kubectl get pods``: the real kubectl."""
        return self._lab.kubectl(line)

    @line_cell_magic
    @no_var_expand
    def promql(self, line: str, cell: str | None = None) -> "pd.DataFrame":
        """``%promql --last 1h rate(api_request_total[5m])``."""
        options, query = _split(line)
        return self._lab.promql(cell or query, **options)

    @line_cell_magic
    @no_var_expand
    def sql(self, line: str, cell: str | None = None) -> "pd.DataFrame":
        """``%%sql``, then the statement in the cell's next lines."""
        return self._lab.sql(cell or line)


def register(lab: Lab) -> None:
    """Give the magics to the IPython that runs, if one does, and show our errors without a traceback."""
    from IPython import get_ipython  # noqa: PLC0415  (an import of its own costs what IPython costs)

    shell = get_ipython()
    if shell is None:
        return
    shell.register_magics(LabMagics(shell, lab))
    shell.set_custom_exc((LabkitError,), _show)


def _show(shell: "InteractiveShell", kind: type[BaseException], error: BaseException, *_: Any, **__: Any) -> list[str]:
    """Print a foreseen failure as its message; the cell still counts as failed, so a run of all cells stops."""
    lines = [f"{kind.__name__}: {error}"]
    shell._showtraceback(kind, error, lines)  # noqa: SLF001  (what IPython documents for set_custom_exc)
    return lines


def _split(line: str) -> tuple[dict[str, str], str]:
    """Options at the front; from there on the line is the query as it stands."""
    options: dict[str, str] = {}
    while option := _OPTION.match(line):
        if option[1] not in _OPTIONS:
            raise QueryError(
                f"%promql has no option --{option[1]}", remedy="%promql [--last 1h] [--step 1m] [--at TIME] QUERY"
            )
        options[option[1]] = option[2]
        line = line[option.end() :]
    return options, line
