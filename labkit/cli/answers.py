"""How answers to queries, and outcomes of test scripts, look on a terminal."""

import math
from datetime import UTC, datetime
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 40


def printed(answer: dict[str, Any]) -> None:
    """Print the answer of the API: a table of what was found; warnings and infos on standard error."""
    data = answer["data"]
    match data["resultType"]:
        case "scalar" | "string":
            typer.echo(data["result"][1])
        case "vector":
            _show(_vector(data["result"]))
        case _:
            _show(_matrix(data["result"]))
    if not data["result"]:
        typer.echo("no series", err=True)
    for kind in ("warnings", "infos"):
        for note in answer.get(kind) or ():
            typer.secho(note, fg=typer.colors.YELLOW if kind == "warnings" else typer.colors.BLUE, err=True)


def series(metric: dict[str, str]) -> str:
    """A series as PromQL writes one."""
    inner = ", ".join(f"{name}={_quoted(value)}" for name, value in metric.items() if name != "__name__")
    name = metric.get("__name__", "")
    return f"{name}{{{inner}}}" if inner or not name else name


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _show(table: Table) -> None:
    if table.row_count:
        console = Console(highlight=False)
        if not console.is_terminal:  # a pipe has no width: nothing is folded for it
            console.width = max(
                Measurement.get(console, console.options.update(max_width=1000), table).maximum, console.width
            )
        console.print(table)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 or not column else "right", overflow="fold")
    return table


def _vector(result: list[dict[str, Any]]) -> Table:
    table = _table("series", "value")
    for one in result:
        table.add_row(Text(series(one["metric"])), one["value"][1])
    return table


def _matrix(result: list[dict[str, Any]]) -> Table:
    """Of every series how many points it has, between which values it lies, and how it goes."""
    table = _table("series", "points", "least", "mean", "most", "last", "")
    begin, end = _bounds(result)
    table.title, table.title_justify, table.title_style = f"{begin} to {end} UTC", "left", "dim"
    for one in result:
        values = [float(value) for _, value in one["values"]]
        finite = [value for value in values if math.isfinite(value)]
        spread = (min(finite), sum(finite) / len(finite), max(finite)) if finite else (math.nan,) * 3
        shown = (*map(_short, spread), _short(values[-1]), sketch(values))
        table.add_row(Text(series(one["metric"])), str(len(values)), *shown)
    return table


def _bounds(result: list[dict[str, Any]]) -> tuple[str, str]:
    """When the first and the last point are."""
    times = [float(one["values"][place][0]) for one in result for place in (0, -1)]
    return (_moment(min(times)), _moment(max(times))) if times else ("", "")


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _short(value: float) -> str:
    return f"{value:.6g}"


def sketch(values: list[float]) -> str:
    """A line of bars, one for each value or for several; a gap where there is no number."""
    size = math.ceil(len(values) / _WIDTH)
    groups = [[v for v in values[i : i + size] if math.isfinite(v)] for i in range(0, len(values), size)]
    means = [sum(group) / len(group) if group else None for group in groups]
    known = [mean for mean in means if mean is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(" " if mean is None else _BARS[round((mean - low) * scale)] for mean in means)


def tested(found: list[dict[str, Any]], *, quiet: bool) -> None:
    """Print what became of test scripts: a line of counts for each, then what failed and what is not counted."""
    for one in found:
        typer.echo(f"{one['file']}: " + ("not run to its end" if one["error"] else _counts([one])))
    if len(found) > 1:
        typer.secho(f"all: {_counts(found)}", bold=True)
    for one in found:
        if one["error"]:
            typer.secho(one["error"], fg=typer.colors.RED, err=True)
        _cases(one["file"], "failed", one["failed"], typer.colors.RED)
        if not quiet:
            _cases(one["file"], "not counted", one["not_counted"], typer.colors.BRIGHT_BLACK)


def _counts(found: list[dict[str, Any]]) -> str:
    passed, failed, left = (
        sum(one["passed"] for one in found), *(sum(len(one[k]) for one in found) for k in ("failed", "not_counted"))
    )  # fmt: skip
    return f"{passed} passed, {failed} failed, {left} not counted"


def _cases(file: str, what: str, cases: list[dict[str, Any]], colour: str) -> None:
    for case in cases:
        typer.secho(f"{file}:{case['line']}: {what}: {case['query']}", fg=colour)
        typer.echo(f"    {case['reason']}")
