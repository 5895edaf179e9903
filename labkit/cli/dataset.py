"""``labkit dataset``: recordings of systems, listed, verified, recorded and imported."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from labkit.clock import HOUR
from labkit.errors import DatasetError

_WIDE = 160
"""Columns where there is no terminal."""

_NUMBERS = ("hours", "series", "lines", "spans")

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)

Folder = Annotated[
    Path | None, typer.Option("--in", metavar="FOLDER", help="Where recordings lie (datasets/ of the clone or folder).")
]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
Replace = Annotated[bool, typer.Option("--replace", help="Put it in the place of one of that name.")]
Title = Annotated[str | None, typer.Option(metavar="TEXT", help="What it is, in a line.")]
Description = Annotated[str, typer.Option(metavar="TEXT", help="What its data card says below the title (Markdown).")]
Origin = Annotated[str | None, typer.Option(metavar="TEXT", help="Where it comes from, and how it was made.")]
Truth = Annotated[Path | None, typer.Option(metavar="FILE", help="What was the matter, if that is open (JSON).")]
Licence = Annotated[str, typer.Option(metavar="ID", help="Under which licence it may be used (an SPDX identifier).")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the recordings in datasets/ of this folder and above."""
    from rich.console import Console
    from rich.table import Table

    from labkit.cli.report import to_json
    from labkit.signals.dataset import Dataset, recordings

    found = [Dataset.open(path) for path in recordings()]
    if as_json:
        typer.echo(to_json([{"path": one.path, **_fields(one.manifest)} for one in found]))
        return
    table = Table(box=None, pad_edge=False, expand=True)
    for column in ("name", "begins", "hours", "series", "lines", "spans", "licence"):
        table.add_column(column, no_wrap=True, justify="right" if column in _NUMBERS else "left")
    table.add_column("what it is", no_wrap=True, overflow="ellipsis", ratio=1)
    for one in found:
        known, counts = one.manifest, one.manifest.contents
        hours = f"{(known.finish - known.begin) / HOUR:.1f}"
        numbers = (f"{count:,}" for count in (counts.series, counts.lines, counts.spans))
        table.add_row(one.path.name, known.start[:16].replace("T", " "), hours, *numbers, known.licence, known.title)
    console = Console(highlight=False)
    width = None if console.is_terminal else _WIDE
    console.print(table if found else "no recordings here: see labkit dataset --help", width=width)


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]…", help="Names or folders; all, if none.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare every file with its checksum, and read it all. Exits 1 if one is not as it was written."""
    from labkit.cli.report import to_json
    from labkit.signals.dataset import Dataset, find, recordings

    failures: dict[str, DatasetError | None] = {}
    for name in names or [str(path) for path in recordings()]:
        try:
            found = find(name) if names else Dataset.open(Path(name))
            with _bar() as bar:
                task = bar.add_task(found.path.name, total=len(found.manifest.files))
                found.verify(lambda _, bar=bar, task=task: bar.advance(task))  # type: ignore[misc]
            failures[name] = None
        except DatasetError as error:
            failures[name] = error
    if as_json:
        typer.echo(to_json([{"name": name, "error": failure and str(failure)} for name, failure in failures.items()]))
    else:
        for name, failure in failures.items():
            typer.echo(f"fail  {failure}" if failure else f"ok    {name}")
    raise typer.Exit(any(failures.values()))


@app.command()
def record(  # noqa: PLR0913, PLR0917  (an option each)
    name: Annotated[str, typer.Argument(help="What to call it.")],
    prometheus: Annotated[str | None, typer.Option(metavar="URL", help="A Prometheus, version 2 or 3.")] = None,
    loki: Annotated[str | None, typer.Option(metavar="URL", help="A Loki.")] = None,
    jaeger: Annotated[str | None, typer.Option(metavar="URL", help="A Jaeger (its query service).")] = None,
    kubeconfig: Annotated[Path | None, typer.Option(metavar="FILE", help="A cluster whose objects to take.")] = None,
    start: Annotated[str | None, typer.Option(metavar="TIME", help="The first moment (RFC 3339).")] = None,
    end: Annotated[str | None, typer.Option(metavar="TIME", help="The last moment (RFC 3339); now.")] = None,
    last: Annotated[str, typer.Option(metavar="DURATION", help="How long before the end, without --start.")] = "1h",
    match: Annotated[list[str] | None, typer.Option(metavar="SELECTOR", help="Series to take; all.")] = None,
    logs: Annotated[list[str] | None, typer.Option(metavar="SELECTOR", help="Log streams to take; all.")] = None,
    redact: Annotated[Path | None, typer.Option(metavar="FILE", help="Rules of what must not be in it (TOML).")] = None,
    headers: Annotated[Path | None, typer.Option(metavar="FILE", help="Lines 'Name: value' sent to the APIs.")] = None,
    dashboards: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="Grafana dashboards to add.")] = None,
    alertmanager: Annotated[Path | None, typer.Option(metavar="FILE", help="An alertmanager.yml to add.")] = None,
    truth: Truth = None,
    title: Title = None,
    description: Description = "",
    origin: Origin = None,
    licence: Licence = "unknown",
    folder: Folder = None,
    replace: Replace = False,
) -> None:
    r"""Copy a time range from a Prometheus, a Loki and a Jaeger; without any, from the sandbox that runs.

    An interrupted recording goes on where it was when the command is given again. What a redaction file
    takes out is never written. Its rules:

        salt = "…"                                                     (of the hashes; or LABKIT_SALT)

        \[\[label]] name = REGEX, action = "drop"|"keep"|"hash"|"replace", pattern = REGEX, replacement = TEXT

        \[\[text]] pattern = REGEX, replacement = TEXT                   (log lines, tags, Kubernetes objects)

    Of the label rules the first whose name matches decides; keep before drop of .* lists what may stay.
    """
    from labkit.cli.recording import Asked, run

    asked = Asked(
        name=name, prometheus=prometheus, loki=loki, jaeger=jaeger, kubeconfig=kubeconfig, start=start, end=end,
        last=last, match=tuple(match or ()), logs=tuple(logs or ()), redact=redact, headers=headers,
        dashboards=tuple(dashboards or ()), alertmanager=alertmanager, truth=truth, title=title, description=description,
        origin=origin, licence=licence, folder=folder, replace=replace,
    )  # fmt: skip
    with _bar() as bar:
        tasks: dict[str, Any] = {}

        def progress(signal: str, done: int, of: int) -> None:
            if signal not in tasks:
                tasks[signal] = bar.add_task(signal, total=of)
            bar.update(tasks[signal], completed=done)

        target, manifest = run(asked, progress)
    typer.echo(_recorded(target, manifest))


@app.command("import")
def import_(  # noqa: PLR0913, PLR0917  (an option each)
    name: Annotated[str, typer.Argument(help="What to call it.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="OpenMetrics or Prometheus text, CSV, Parquet.")],
    mapping: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="What the columns of tables are (TOML); 'petshop' is labkit's own."),
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="The time of samples without one (RFC 3339).")] = None,
    truth: Truth = None,
    title: Title = None,
    description: Description = "",
    origin: Origin = None,
    licence: Licence = "unknown",
    folder: Folder = None,
    replace: Replace = False,
) -> None:
    r"""Make a recording of files with metrics.

    Text is OpenMetrics if it ends with # EOF, and else Prometheus' own form. CSV and Parquet need a mapping:

        form = "long"|"wide"; \[time] column, unit = "s"|"ms"|"us"|"ns"|"rfc3339"; \[metric] name = "shop_{metric}"

        \[labels] host = "{host}"; long: \[value] column; wide: \[header] rows = ["host", "metric"], skip = 1

    Fields in braces are columns, or rows of the header in the wide form. A Prometheus' own data are copied
    through its API: labkit dataset record.
    """
    from labkit.cli.recording import target_of, truth_of
    from labkit.clock import Millis, parse_rfc3339
    from labkit.recording.importing import import_ as make
    from labkit.signals.dataset_writer import About

    target = target_of(folder, name)
    known = truth_of(truth)

    def about(start: Millis, end: Millis, step: Millis | None) -> About:
        names = ", ".join(path.name for path in files)
        return About(
            name=name, title=title or f"Imported from {names}", description=description,
            origin=origin or f"imported by labkit from {names}", licence=licence, start=start, end=end, step=step,
            truth=known,
        )  # fmt: skip

    with _bar() as bar:
        task = bar.add_task("files", total=len(files))
        manifest = make(
            target, files, about, mapping=mapping, at=parse_rfc3339(at) if at else None, replace=replace,
            progress=lambda _: bar.advance(task),
        )  # fmt: skip
    typer.echo(_recorded(target, manifest))


def _recorded(target: Path, manifest: Any) -> str:
    size = sum(file.bytes for file in manifest.files.values())
    return (
        f"{target}: {manifest.contents.samples:,} samples of {manifest.contents.series:,} series, "
        f"{manifest.contents.lines:,} lines, {manifest.contents.spans:,} spans, "
        f"{manifest.contents.objects:,} objects; {size:,} bytes\nserve it: labkit up --recorded {target.name}"
    )


def _fields(manifest: Any) -> dict[str, Any]:
    import msgspec

    return {name: value for name, value in msgspec.structs.asdict(manifest).items() if name != "files"}


@contextmanager
def _bar() -> Iterator[Any]:
    """A progress bar on standard error, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar
