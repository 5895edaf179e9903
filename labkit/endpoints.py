"""Where a running sandbox can be reached: the file it writes when it is ready, and its reader.

``endpoints.json`` says *where*; the control face's token lies beside it in ``control.token``. Both
are readable by their owner alone. A file that is there does not prove that a sandbox runs: ask the
control face (:mod:`labkit.control`).
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from labkit.clock import Millis
from labkit.errors import SandboxError
from labkit.settings import ENDPOINTS, ClockMode, root_of

RESEARCH_API = "https://api.llm-research-lab.company.com"
"""The research API's public address, as every runbook prints it; ``.curlrc`` leads curl to the sandbox."""

_TOKEN = "control.token"  # noqa: S105  (a file's name)


class Endpoints(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ready sandbox: its process, what it was started with, and the addresses of its faces.

    ``started`` is wall time; ``research_api`` is the address on loopback behind :data:`RESEARCH_API`;
    ``parent`` is the process with which the sandbox ends. A recording (``recorded`` names its folder)
    has no database and no research API, and of the other faces those whose signals were recorded.
    """

    pid: int
    started: Millis
    seed: int
    clock: ClockMode | Literal["recorded"]
    kubeconfig: Path
    prometheus: str
    control: str
    research_api: str | None = None
    database: str | None = None
    loki: str | None = None
    jaeger: str | None = None
    alertmanager: str | None = None
    recorded: Path | None = None
    exercise: str | None = None
    trainee: str | None = None
    journal: Path | None = None
    parent: int | None = None


def publish(home: Path, endpoints: Endpoints, token: str) -> None:
    """Say that the sandbox of ``home`` is ready. The token comes first: who sees the file finds both."""
    _write(home / _TOKEN, token.encode())
    _write(home / ENDPOINTS, msgspec.json.format(msgspec.json.encode(endpoints, enc_hook=str)))


def withdraw(home: Path) -> None:
    """Take both files away; it is no error if they are gone."""
    for name in (ENDPOINTS, _TOKEN):
        (home / name).unlink(missing_ok=True)


def read(home: Path) -> Endpoints | None:
    """What the sandbox of ``home`` published, or ``None``; raises :class:`SandboxError` if it is no such file."""
    path = home / ENDPOINTS
    try:
        return msgspec.json.decode(path.read_bytes(), type=Endpoints, dec_hook=_path)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise SandboxError(
            f"cannot be read: {error}", where=str(path), remedy="run 'labkit down', then 'labkit up'"
        ) from error


def token(home: Path) -> str:
    """The control face's token; empty if there is none, or it is another user's."""
    try:
        return (home / _TOKEN).read_text(encoding="ascii")
    except (FileNotFoundError, PermissionError):
        return ""


def meant(home: Path, folder: Path) -> Path:
    """The home of the sandbox that is meant in ``folder``, where ``home`` is the settings' own.

    In a folder in which an exercise keeps its journal, that is the exercise's.
    """
    if root_of(home) == home:
        for path in sorted(home.glob(f"exercises/*/{ENDPOINTS}")):
            published = read(path.parent)
            if published and published.journal and published.journal.parent == folder:
                return path.parent
    return home


def environment(home: Path, endpoints: Endpoints, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables with which a shell, a kernel or a child process finds the sandbox."""
    tools = str(home / "bin")
    path = [folder for folder in environ.get("PATH", os.defpath).split(os.pathsep) if folder != tools]
    faces = {
        "KUBECONFIG": str(endpoints.kubeconfig),
        "PROMETHEUS_URL": endpoints.prometheus,
        "LOKI_URL": endpoints.loki,
        "JAEGER_URL": endpoints.jaeger,
        "ALERTMANAGER_URL": endpoints.alertmanager,
        "DATABASE_URL": endpoints.database,
        "RESEARCH_API_URL": RESEARCH_API if endpoints.research_api else None,
        "CURL_HOME": str(home / "curl") if endpoints.research_api else None,
        "LABKIT_HOME": str(home),
        "PATH": os.pathsep.join([tools, *path]),
    }
    return {name: value for name, value in faces.items() if value is not None}


def _path(_: type, value: str) -> Path:
    """A path from its text: the one kind of field that msgspec leaves to us."""
    return Path(value)


def _write(path: Path, data: bytes) -> None:
    """Write ``data`` so that a reader sees all of it or none, and nobody else sees it at all."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    part.replace(path)
