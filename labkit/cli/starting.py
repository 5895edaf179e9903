"""Starting a sandbox with something to look at meanwhile."""

import os
import shlex
import shutil
import sysconfig
import threading
import time
from pathlib import Path

import typer
from rich.console import Console

from labkit import control
from labkit.endpoints import Endpoints
from labkit.sandbox import lifecycle
from labkit.sandbox.options import Options


def start(options: Options) -> Endpoints:
    """Start a detached sandbox, showing the seconds on a terminal."""
    with Console(stderr=True).status("starting the sandbox") as shown:
        return lifecycle.start(options, lambda waited: shown.update(f"starting the sandbox  {waited:.0f} s"))


def announce(options: Options) -> None:
    """Say that the sandbox is ready, as soon as it is: this process is about to become it."""
    threading.Thread(target=_say_when_ready, args=(options,), daemon=True).start()


def ready(options: Options, pid: int) -> str:
    """What is said of a sandbox that is ready."""
    flag = f" --exercise {options.exercise}" if options.exercise else ""
    found = shutil.which("labkit")
    labkit = "labkit" if found else shlex.quote(str(Path(sysconfig.get_path("scripts")) / "labkit"))
    return f'sandbox ready as process {pid} in {options.home}\nuse it here: eval "$({labkit} env{flag})"'


def _say_when_ready(options: Options) -> None:
    for _ in range(600):
        found = control.running(options.home)
        if found and found[0].pid == os.getpid():
            typer.echo(ready(options, found[0].pid))
            return
        time.sleep(0.1)
