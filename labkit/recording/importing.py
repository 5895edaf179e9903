"""Making a recording of files: metrics as text, or tables with a mapping."""

from collections.abc import Callable, Sequence
from pathlib import Path

from labkit.clock import Millis
from labkit.errors import DatasetError
from labkit.recording import exposition, table
from labkit.recording.gathered import Gathered, joined
from labkit.recording.prometheus import usual_step
from labkit.signals import dataset_writer
from labkit.signals.dataset import Manifest
from labkit.signals.dataset_writer import About, Signals
from labkit.signals.parquet import EVER

_TABLES = (".csv", ".parquet")


def import_(
    target: Path, files: Sequence[Path], about: Callable[[Millis, Millis, Millis | None], About], *,
    mapping: str | None = None, at: Millis | None = None, replace: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Manifest:  # fmt: skip
    """Import ``files`` into the recording ``target``; ``about`` is given first and last time and the usual step.

    Raises :class:`DatasetError` naming file and line.
    """
    dataset_writer.admit(target, replace=replace)
    mapped = table.mapping(mapping) if mapping else None
    found: list[Gathered] = []
    for path in files:
        if path.suffix in _TABLES:
            if mapped is None:
                raise DatasetError(
                    "a table needs a mapping", where=str(path), remedy="--mapping FILE, or --mapping petshop"
                )
            found.append(table.read(path, mapped))
        else:
            found.append(exposition.read(path, at))
        progress(path.name)
    store = joined(found)
    series = store.select([], *EVER)
    if not series:
        raise DatasetError("there are no samples", where=", ".join(map(str, files)), remedy="name files of metrics")
    start, end = min(int(one.times[0]) for one in series), max(int(one.times[-1]) for one in series)
    return dataset_writer.write(target, about(start, end, usual_step(series)), Signals(series=store), replace=replace)
