"""Connecting: the handle on the sandbox that runs, or on one that is started for this notebook."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from labkit import control, endpoints, processes, settings
from labkit.control import Control
from labkit.endpoints import Endpoints
from labkit.errors import LabkitError, SandboxError
from labkit.lab.handle import Lab
from labkit.settings import Settings, root_of

JOURNAL = "journal.jsonl"
_LONGEST_END = 15.0


_Found = tuple[Endpoints, Control]
_own: list[Path] = []
"""The folder of this process' own sandbox, once it has one."""


def connect(exercise: str | None = None, *, trainee: str | None = None, seed: int | None = None) -> Lab:
    """A handle on a sandbox.

    Without ``exercise``: the one that runs here (``labkit up``, ``make lab``), or one of this kernel's
    own, which ends with it. With it: the trainee's own sandbox of that exercise, which records to
    ``journal.jsonl`` beside the notebook and outlives a restart of the kernel. ``!kubectl``, ``!curl``
    and ``!psql`` reach it too. Where ``LABKIT_TARGET`` or ``labkit.toml`` names a recording
    (``recorded:NAME``), and no exercise is asked for, that is what is served. Raises
    :class:`SandboxError` saying what to do where none can be had.
    """
    known = settings.load(trainee=trainee or _submitter(), seed=seed)
    home, found = _exercise(known, exercise) if exercise else _plain(known)
    variables = endpoints.environment(home, found[0])
    if home in _own:
        del variables["LABKIT_HOME"]  # an exercise opened later has its place beside the notebook
    os.environ.update(variables)
    lab = Lab(home, *found)
    if "IPython" in sys.modules:
        from labkit.lab.magics import register  # noqa: PLC0415  (imports IPython)

        register(lab)
    return lab


def _plain(known: Settings) -> tuple[Path, _Found]:
    """The sandbox that is meant here, or this process' own."""
    for home in (endpoints.meant(known.home, Path.cwd()), *_own):
        if (found := control.running(home)) and _meant(known, found[0]):
            if not found[0].recorded and known.seed is not None and found[0].seed != known.seed:
                raise _other(home, f"seed {found[0].seed}", f"seed {known.seed}")
            return home, found
    home = _temporary()
    _own.append(home)
    return home, _until_exit(_start(home, home, known, [], parent=os.getpid()))


def _meant(known: Settings, found: Endpoints) -> bool:
    """Whether what runs is the target that is named; without one, whatever runs is meant."""
    if known.recorded:
        return found.recorded == _recording(known.recorded)
    return known.target is None or found.recorded is None


def _recording(name: str) -> Path:
    """The folder of a recording; raises :class:`DatasetError` if there is none of that name."""
    from labkit.signals.dataset import find  # noqa: PLC0415  (numpy: only a recording needs it)

    return find(name).path


def _exercise(known: Settings, exercise: str) -> tuple[Path, _Found]:
    """The trainee's sandbox of ``exercise``."""
    home = known.home_of(exercise)
    arguments = ["--exercise", exercise, "--trainee", known.trainee]
    if found := _lasting(home):
        if found[0].trainee == known.trainee:
            return home, found
        if not _graded():
            raise _other(home, f"trainee {found[0].trainee}", f"trainee {known.trainee}")
    if _graded():
        # a submission's journal is evidence, to which nothing is added; and each has a sandbox of its own
        root = _temporary()
        home = msgspec.structs.replace(known, home=root).home_of(exercise)
        arguments += ["--journal", str(root / JOURNAL)]
        return home, _until_exit(_start(root, home, known, arguments, parent=os.getpid()))
    arguments += ["--journal", str(Path.cwd() / JOURNAL)]
    return home, _start(root_of(known.home), home, known, arguments, parent=_server_of_kernel())


def _lasting(home: Path) -> _Found | None:
    """The sandbox that answers from ``home``, unless it is about to end because its parent has."""
    deadline = time.monotonic() + _LONGEST_END
    while (found := control.running(home)) and _orphan(found[0]) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def _orphan(published: Endpoints) -> bool:
    return published.parent is not None and not processes.alive(published.parent)


def _start(root: Path, home: Path, known: Settings, arguments: list[str], *, parent: int) -> _Found:
    """Start the sandbox of ``home`` by ``labkit up`` under ``root``, as a person would in a terminal."""
    command = [sys.executable, "-P", "-m", "labkit", "up", "--detach", "--parent", str(parent), *arguments]
    if known.recorded and "--exercise" not in arguments:
        command += ["--recorded", str(_recording(known.recorded))]
    else:
        command += ["--clock", known.clock, *([] if known.seed is None else ["--seed", str(known.seed)])]
    ended = subprocess.run(
        command,
        env=os.environ | {"LABKIT_HOME": str(root)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise SandboxError(
            f"no sandbox could be started here\n{ended.stderr.strip()}",
            remedy="in a terminal, 'labkit doctor' says what this machine lacks",
        )
    return control.required(home)


def _temporary() -> Path:
    """A folder that goes when this process does."""
    folder = Path(tempfile.mkdtemp(prefix="labkit-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _until_exit(found: _Found) -> _Found:
    """Let the sandbox end with this process, before its folder goes (exit handlers run in reverse)."""
    atexit.register(_stop, *found)
    return found


def _stop(published: Endpoints, mine: Control) -> None:
    """End a sandbox of ours, which may have ended before, and wait until it has."""
    with suppress(LabkitError):
        mine.stop()
        processes.gone(published.pid, 3)


def _server_of_kernel() -> int:
    """The process that runs this kernel (Jupyter, papermill), which outlives its restarts; else this process."""
    return int(os.environ.get("JPY_PARENT_PID", os.getpid()))


def _graded() -> bool:
    """Whether nbgrader executes this notebook (its ``Autograde`` and ``Validator`` set the variable)."""
    return bool(os.environ.get("NBGRADER_EXECUTION"))


def _submitter() -> str | None:
    """Whose submission is autograded: nbgrader runs it in ``autograded/<trainee>/<exercise>``."""
    return Path.cwd().parent.name if os.environ.get("NBGRADER_EXECUTION") == "autograde" else None


def _other(home: Path, there: str, wanted: str) -> SandboxError:
    return SandboxError(
        f"the sandbox that runs here is that of {there}, not of {wanted}",
        where=str(home),
        remedy=f'end it first, in a terminal: LABKIT_HOME="{home}" labkit down',
    )
