"""JupyterLab in this process, on a port of ours, without prompts and noise.

It runs in the caller's own process, so that nothing outlives it: kernels end with their server, and
a sandbox that has this process as its parent ends too, even when it is killed.
"""

import json
import os
import secrets
import socket
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from labkit.errors import LabkitError

WELCOME = "labs/welcome.ipynb"

ANNOUNCEMENTS = ("@jupyterlab/apputils-extension:announcements",)
INSTRUCTORS = ("@jupyter/nbgrader:create-assignment", "@jupyter/nbgrader:formgrader", "@jupyter/nbgrader:course-list")
"""nbgrader's panels for those who have the source of assignments beside their notebooks."""


@dataclass(frozen=True)
class Address:
    """Where JupyterLab listens, and the token that opens it."""

    port: int
    token: str

    @classmethod
    def choose(cls, port: int | None) -> "Address":
        """``port``, or a free one; raises :class:`LabkitError` if it is taken."""
        try:
            with socket.create_server(("127.0.0.1", port or 0)) as server:
                return cls(server.getsockname()[1], secrets.token_hex(16))
        except (OSError, OverflowError) as error:
            raise LabkitError(
                f"port {port} cannot be used: {getattr(error, 'strerror', None) or error}",
                remedy="name another with --port (make lab PORT=...), or none to get a free one",
            ) from error

    def url(self, page: str) -> str:
        """The address of a page, with the token."""
        return f"http://127.0.0.1:{self.port}{page}?token={self.token}"


def serve(root: Path, home: Path, address: Address, *, browser: bool) -> None:
    """Serve the files of ``root`` until Ctrl-C or SIGTERM. JupyterLab's own state goes to ``home``."""
    _quieten(home / "jupyter", instructor=(root / "source").is_dir())
    page = f"/lab/tree/{WELCOME}" if (root / WELCOME).is_file() else "/lab"
    threading.Thread(target=_tell_when_ready, args=(address, page), daemon=True).start()
    from jupyterlab.labapp import LabApp  # noqa: PLC0415  (heavy, and reads the environment that was just set)

    LabApp.launch_instance(_arguments(root, address, page, browser=browser and has_screen()))


def has_screen() -> bool:
    """Whether a browser could be opened here: not in CI, and on Linux only with a display (or in WSL)."""
    if os.environ.get("CI"):
        return False
    named = ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME")
    return sys.platform != "linux" or any(os.environ.get(name) for name in named)


def _arguments(root: Path, address: Address, page: str, *, browser: bool) -> list[str]:
    arguments = [
        f"--ServerApp.root_dir={root}",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={address.port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={address.token}",
        f"--ServerApp.open_browser={browser}",
        "--ServerApp.answer_yes=True",  # Ctrl-C asks nothing
        "--ServerApp.log_level=ERROR",
        f"--LabApp.default_url={page}",
        "--LabApp.log_level=ERROR",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    return arguments + (["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])


def _quieten(folder: Path, *, instructor: bool) -> None:
    """Turn off JupyterLab's prompt about its news and what only instructors need; its workspaces are our own."""
    unwanted = ANNOUNCEMENTS if instructor else (*ANNOUNCEMENTS, *INSTRUCTORS)
    disabled = {"disabledExtensions": dict.fromkeys(unwanted, True)}
    path = folder / "labconfig" / "page_config.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(disabled), encoding="utf-8")
    known = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = f"{folder}{os.pathsep}{known}" if known else str(folder)
    os.environ["JUPYTERLAB_WORKSPACES_DIR"] = str(folder / "workspaces")


def _tell_when_ready(address: Address, page: str) -> None:
    """Print the address as soon as something answers there."""
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", address.port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            sys.stdout.write(f"\nJupyterLab: {address.url(page)}\nCtrl-C ends it and the sandbox.\n")
            sys.stdout.flush()
            return
