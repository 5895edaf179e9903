"""``%kubectl``, ``%promql``, ``%logql`` and ``%%sql``: the handle's methods without quotes, and completion of queries."""

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, no_var_expand

from labkit.errors import LabkitError, QueryError
from labkit.lab.completed import Completed
from labkit.lab.completer import OPTION, OPTIONS, UNFINISHED, complete_with
from labkit.lab.handle import Lab

if TYPE_CHECKING:
    import pandas as pd
    from IPython.core.interactiveshell import InteractiveShell


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
        options, query = _split(line, "promql")
        return self._lab.promql(_query(query, cell, "promql"), **options)

    @line_cell_magic
    @no_var_expand
    def logql(self, line: str, cell: str | None = None) -> "pd.DataFrame":
        """``%logql --last 15m --limit 50 {app="llm-research-api"} |= "error"``."""
        options, query = _split(line, "logql")
        if "limit" in options:
            options["limit"] = _count(options["limit"])
        return self._lab.logs(_query(query, cell, "logql"), **options)

    @line_cell_magic
    @no_var_expand
    def sql(self, line: str, cell: str | None = None) -> "pd.DataFrame":
        """``%%sql``, then the statement in the cell's next lines."""
        return self._lab.sql(cell or line)


def register(lab: Lab) -> None:
    """Give the magics to the IPython that runs, if one does, complete their queries, and show our errors without a traceback."""
    from IPython import get_ipython  # noqa: PLC0415  (an import of its own costs what IPython costs)

    shell = get_ipython()
    if shell is None:
        return
    shell.register_magics(LabMagics(shell, lab))
    shell.set_custom_exc((LabkitError,), _show)
    complete_with(shell, lab)


def _show(shell: "InteractiveShell", kind: type[BaseException], error: BaseException, *_: Any, **__: Any) -> list[str]:
    """Print a foreseen failure as its message; the cell still counts as failed, so a run of all cells stops."""
    lines = [f"{kind.__name__}: {error}"]
    shell._showtraceback(kind, error, lines)  # noqa: SLF001  (what IPython documents for set_custom_exc)
    return lines


def _split(line: str, magic: str) -> tuple[dict[str, Any], str]:
    """Options at the front; from there on the line is the query as it stands."""
    options: dict[str, Any] = {}
    while option := OPTION.match(line):
        if option[1] not in OPTIONS[magic]:
            raise QueryError(f"%{magic} has no option --{option[1]}", remedy=_usage(magic))
        options[option[1]] = option[2]
        line = line[option.end() :]
    if UNFINISHED.fullmatch(line):
        raise QueryError(f"%{magic}: the option {line.strip()} has no value", remedy=_usage(magic))
    return options, line


def _usage(magic: str) -> str:
    limit = " [--limit 100]" if "limit" in OPTIONS[magic] else ""
    return f"%{magic} [--last 1h] [--step 1m] [--at 2025-11-28T12:00:00Z]{limit} QUERY"


def _query(line: str, cell: str | None, magic: str) -> str:
    """The query of the cell, or of the line; raises :class:`QueryError` if there is none, or one in both places."""
    if cell is not None and line.strip():
        raise QueryError(
            f"%%{magic} has a query beside it and one below it", where=line, remedy="write it below; options beside it"
        )
    query = line if cell is None else cell
    if not query.strip():
        raise QueryError(f"%{magic} has no query", remedy=_usage(magic))
    return query


def _count(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise QueryError(f"--limit {text} is not a number of lines", remedy="write it as in --limit 100")
    return int(text)
