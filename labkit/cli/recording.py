"""What ``labkit dataset record`` asks for, and where it takes what was not said from."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from labkit import __version__, control, endpoints, settings
from labkit.clock import SECOND, Millis, parse_rfc3339
from labkit.errors import DatasetError
from labkit.recording import running
from labkit.recording.chunks import Plan, planned
from labkit.recording.credentials import masked
from labkit.recording.http import Api, headers_of
from labkit.recording.jaeger import Jaeger
from labkit.recording.kubernetes import Cluster, Taken
from labkit.recording.loki import Loki
from labkit.recording.prometheus import Prometheus
from labkit.recording.record import Progress, Sources, record
from labkit.recording.redaction import load
from labkit.scenarios.scenario import parse_duration
from labkit.signals.dataset import FOLDER, Manifest
from labkit.signals.dataset_writer import About, admit


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The command's arguments."""

    name: str
    prometheus: str | None
    loki: str | None
    jaeger: str | None
    kubeconfig: Path | None
    start: str | None
    end: str | None
    last: str
    match: tuple[str, ...]
    logs: tuple[str, ...]
    redact: Path | None
    headers: Path | None
    dashboards: tuple[Path, ...]
    alertmanager: Path | None
    truth: Path | None
    title: str | None
    description: str
    origin: str | None
    licence: str
    folder: Path | None
    replace: bool


def run(asked: Asked, progress: Progress) -> tuple[Path, Manifest]:
    """Record what was asked for; the folder it is in, and its manifest."""
    target = target_of(asked.folder, asked.name)
    admit(target, replace=asked.replace)
    sources, now, origin = _sources(asked)
    redaction, truth = load(asked.redact), truth_of(asked.truth)
    origin = redaction.text(origin)  # the hosts' names
    start, end = _range(asked, planned(target.with_name(target.name + ".part")), now)
    plan = Plan(
        start=start, end=end, prometheus=asked.prometheus, loki=asked.loki, jaeger=asked.jaeger, match=asked.match,
        logs=asked.logs, redaction=redaction.digest,
    )  # fmt: skip

    def about(step: Millis | None) -> About:
        return About(
            name=asked.name, title=asked.title or f"A recording of {origin}", description=asked.description,
            origin=asked.origin or f"recorded by labkit {__version__} from {origin}", licence=asked.licence,
            start=start, end=end, step=step, redactions=redaction.words(), truth=truth,
        )  # fmt: skip

    return target, record(target, plan, sources, about, redaction=redaction, replace=asked.replace, progress=progress)


def target_of(named: Path | None, name: str) -> Path:
    """The folder of a recording of that name; a name that is a path would lead elsewhere, and is refused."""
    if not name.strip(".") or "/" in name:
        raise DatasetError(
            f"{name!r} cannot name a recording", remedy="write a name, and with --in the folder in which it is to lie"
        )
    return folder_of(named) / name


def folder_of(named: Path | None) -> Path:
    """Where recordings are put: the folder named, ``datasets/`` here or above, or a new one here."""
    if named is not None:
        return named.absolute()
    here = Path.cwd()
    return next((place / FOLDER for place in (here, *here.parents) if (place / FOLDER).is_dir()), here / FOLDER)


def truth_of(path: Path | None) -> dict[str, Any] | None:
    """What was the matter, from a file of JSON."""
    if path is None:
        return None
    try:
        return msgspec.json.decode(_text(path), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise DatasetError(f"no JSON object: {error}", where=str(path), remedy="correct the file") from error


def _sources(asked: Asked) -> tuple[Sources, Millis, str]:
    """Where to record from, its present, and what it is called."""
    dashboards = {path.name: _text(path) for path in asked.dashboards}
    alertmanager = masked(_text(asked.alertmanager), str(asked.alertmanager)) if asked.alertmanager else None
    if not (asked.prometheus or asked.loki or asked.jaeger or asked.kubeconfig):
        home = endpoints.meant(settings.load().home, Path.cwd())
        published, face = control.required(home)
        found = running.sources(home, published, match=asked.match, logs=asked.logs)
        # A sandbox's time may go on with every question: the range is to end when its objects have been taken.
        objects = Taken(found.cluster.objects()) if found.cluster else None
        extended = Sources(
            prometheus=found.prometheus, loki=found.loki, jaeger=found.jaeger, cluster=objects,
            dashboards=found.dashboards | dashboards, alertmanager=alertmanager or found.alertmanager,
        )  # fmt: skip
        return extended, face.status().now, f"labkit's sandbox of seed {published.seed}"
    headers = headers_of(asked.headers)
    sources = Sources(
        prometheus=Prometheus(Api(asked.prometheus, headers), asked.match) if asked.prometheus else None,
        loki=Loki(Api(asked.loki, headers), asked.logs) if asked.loki else None,
        jaeger=Jaeger(Api(asked.jaeger, headers)) if asked.jaeger else None,
        cluster=Cluster(asked.kubeconfig) if asked.kubeconfig else None,
        dashboards=dashboards,
        alertmanager=alertmanager,
    )
    hosts = {urlsplit(url).hostname or "" for url in (asked.prometheus, asked.loki, asked.jaeger) if url}
    return sources, int(time.time() * SECOND), ", ".join(sorted(hosts)) or "a cluster"


def _range(asked: Asked, before: Plan | None, now: Millis) -> tuple[Millis, Millis]:
    """The range that is named; of one that was interrupted, what it was."""
    if before is not None and asked.start is None and asked.end is None:
        return before.start, before.end
    end = parse_rfc3339(asked.end) if asked.end else now
    try:
        start = parse_rfc3339(asked.start) if asked.start else end - parse_duration(asked.last)
    except ValueError as error:
        raise DatasetError(str(error), where="--last", remedy="write 90m or 2h") from error
    if start > end:
        raise DatasetError("the range ends before it begins", remedy="see --start and --end")
    return start, end


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"cannot be read: {error}", where=str(path), remedy="name a file of text") from error
