"""A sandbox's claim on its home: a lock that lives and dies with the process.

The kernel lets go of it when the process ends, however that happens, so what was left behind by a
killed sandbox is never taken for a running one, and a reused process id never for ours.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labkit.errors import SandboxAlreadyRunning, SandboxError

_FILE = "sandbox.lock"


@contextmanager
def claim(home: Path) -> Iterator[None]:
    """Hold ``home`` for this process; raises :class:`SandboxAlreadyRunning` if another does."""
    make(home)
    descriptor = os.open(home / _FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise taken(home, _pid(home)) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def holder(home: Path) -> int | None:
    """The process that holds ``home``, or ``None`` if none does."""
    try:
        descriptor = os.open(home / _FILE, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid(home)
    finally:
        os.close(descriptor)
    return None


def taken(home: Path, pid: int | None) -> SandboxAlreadyRunning:
    """What to say to one who would start a second sandbox in ``home``."""
    return SandboxAlreadyRunning(
        f"a sandbox already runs here, as process {pid}" if pid else "a sandbox already starts here",
        where=str(home),
        remedy='use it: eval "$(labkit env)"; or end it first: labkit down; or give this one a LABKIT_HOME of its own',
    )


def make(home: Path) -> None:
    """Make ``home``, for its owner alone, unseen by git; raises :class:`SandboxError` where it cannot be."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        (home / ".gitignore").write_text("*\n", encoding="ascii")
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise SandboxError(
            f"the sandbox's folder cannot be made: {error.strerror}",
            where=str(home),
            remedy="free some space on that disk" if full else "name a folder of yours: LABKIT_HOME=~/lab labkit up",
        ) from error


def _pid(home: Path) -> int | None:
    with suppress(ValueError, OSError):
        return int((home / _FILE).read_text(encoding="ascii"))
    return None
