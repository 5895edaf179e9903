"""Processes of this machine: whether one lives, and how to end one."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path


def alive(pid: int) -> bool:
    """Whether process ``pid`` runs; a zombie, which only waits to be reaped, does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state(pid) not in {"Z", "X", ""}


def end(pid: int, patience: float) -> bool:
    """Ask ``pid`` to end (SIGTERM), then make it (SIGKILL) after ``patience`` seconds; whether it had to be made."""
    for signal_ in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal_)
        if gone(pid, patience):
            return signal_ is signal.SIGKILL
    return True


def gone(pid: int, patience: float) -> bool:
    """Whether ``pid`` ends within ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _state(pid: int) -> str:
    """The letter of a process' state; proc(5) on Linux, ps(1) elsewhere; empty if it is gone."""
    try:
        # the second field is the command in parentheses, which may itself hold any character
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return ""
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    command = ["ps", "-o", "state=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()[:1]
