"""The life of a sandbox's process: start it, see how it is, stop it, and clear up after one that was killed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Literal

import msgspec

from labkit import control, endpoints, processes
from labkit.control import Status
from labkit.endpoints import Endpoints
from labkit.errors import SandboxError, SandboxNotRunning
from labkit.sandbox import claim
from labkit.sandbox.options import Options

LOG = "sandbox.log"
START_PATIENCE = 30.0
STOP_PATIENCE = 10.0
_LONGEST_LOG = 5_000_000

_started: list[subprocess.Popen[bytes]] = []
"""Sandboxes that this process started and left running: a handle that is dropped complains."""

State = Literal["running", "starting", "unreachable", "stopped"]


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """How the sandbox of a home is.

    ``starting`` holds its home but has not said where it is; ``unreachable`` has, but does not answer.
    """

    state: State
    home: Path
    pid: int | None = None
    endpoints: Endpoints | None = None
    status: Status | None = None


def serve(options: Options) -> None:
    """Be the sandbox, in this process, until it is stopped."""
    with claim.claim(options.home):
        endpoints.withdraw(options.home)  # of one that was killed here
        from labkit.sandbox.server import serve as serve_faces  # noqa: PLC0415  (heavy; a refusal comes first)

        try:
            serve_faces(options)
        finally:
            endpoints.withdraw(options.home)


def start(options: Options, progress: Callable[[float], None] = lambda _: None) -> Endpoints:
    """Start a sandbox in a session of its own, and return when it answers.

    ``progress`` is called with the seconds waited. Raises :class:`SandboxError` with the log's end if
    it does not answer within 30 s.
    """
    if pid := _lasting_holder(options.home):
        raise claim.taken(options.home, pid)
    claim.make(options.home)
    endpoints.withdraw(options.home)
    with _open_log(options.home) as log:
        offset = log.tell()
        process = _spawn(options, log)
    try:
        published = _await(process, options.home, offset, progress)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    _started.append(process)
    return published


def stop(home: Path) -> int:
    """Stop the sandbox of ``home`` and return the id its process had; raises :class:`SandboxNotRunning`."""
    condition = status(home)
    pid = condition.pid
    if pid is None:
        endpoints.withdraw(home)
        raise SandboxNotRunning("no sandbox runs here", where=str(home), remedy="nothing is left to do")
    if condition.status:
        control.required(home)[1].stop()
        if not processes.gone(pid, STOP_PATIENCE):
            processes.end(pid, STOP_PATIENCE)
    else:
        processes.end(pid, STOP_PATIENCE)
    endpoints.withdraw(home)
    return pid


def status(home: Path) -> Condition:
    """How the sandbox of ``home`` is."""
    pid = claim.holder(home)
    if pid is None or not processes.alive(pid):
        return Condition(state="stopped", home=home)
    published = endpoints.read(home)
    if published is None or published.pid != pid:
        return Condition(state="starting", home=home, pid=pid)
    found = control.running(home)
    if found is None:
        return Condition(state="unreachable", home=home, pid=pid, endpoints=published)
    return Condition(state="running", home=home, pid=pid, endpoints=published, status=found[1].status())


def running(home: Path) -> bool:
    """Whether the sandbox of ``home`` runs and answers as ours."""
    return status(home).state == "running"


def _lasting_holder(home: Path) -> int | None:
    """Who holds ``home``; one that was just killed is given a moment, as its threads end after it."""
    deadline = time.monotonic() + 5
    while (pid := claim.holder(home)) and not processes.alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return pid


def _spawn(options: Options, log: IO[bytes]) -> subprocess.Popen[bytes]:
    """``-P``: nothing in the working folder stands in for a module of the sandbox's."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "labkit", *options.command()],
        env=os.environ | {"LABKIT_HOME": str(options.home)},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _await(process: subprocess.Popen[bytes], home: Path, offset: int, progress: Callable[[float], None]) -> Endpoints:
    begun = time.monotonic()
    while (waited := time.monotonic() - begun) < START_PATIENCE:
        progress(waited)
        published = endpoints.read(home)
        if published and published.pid == process.pid and control.running(home):
            return published
        if process.poll() is not None:
            _raise_ended(process.returncode, home, offset)
        time.sleep(0.05)
    raise SandboxError(
        f"the sandbox did not answer within {START_PATIENCE:.0f} s\n{_tail(home, offset)}",
        where=str(home / LOG),
        remedy="see what it says there; a slow machine may need another try",
    )


def _raise_ended(code: int, home: Path, offset: int) -> None:
    if pid := claim.holder(home):
        raise claim.taken(home, pid)  # another start was quicker
    raise SandboxError(
        f"the sandbox ended while it started (status {code})\n{_tail(home, offset)}",
        where=str(home / LOG),
        remedy="correct what it names, then start again; 'labkit doctor' checks this machine",
    )


def _open_log(home: Path) -> IO[bytes]:
    """The log, to write at its end; begun anew when it has grown long."""
    path = home / LOG
    if path.exists() and path.stat().st_size > _LONGEST_LOG:
        path.unlink()
    return path.open("ab")


def _tail(home: Path, offset: int) -> str:
    """The last lines that this start wrote to the log."""
    said = (home / LOG).read_bytes()[offset:].decode(errors="replace")
    return "\n".join(f"  | {line}" for line in said.splitlines()[-15:])
