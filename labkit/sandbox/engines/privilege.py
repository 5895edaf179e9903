"""How to run a program that refuses root, found by doing it.

PostgreSQL will not run as root. As root we run it in a user namespace in which we are user 1000
(unshare(1) of util-linux; the files stay root's, so a home of mode 0700 does not matter), or else,
where user namespaces are off, as the unprivileged user ``nobody``. As anyone else there is nothing
to do.
"""

import asyncio
import os
import pwd
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labkit.errors import EngineError

_PROBE = 'test "$(id -u)" != 0 && touch "$1/probe" && rm "$1/probe" && exec "$0" --version'
_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--")


@dataclass(frozen=True)
class Privilege:
    """A way to run programs: words before the command, and whom the process becomes."""

    prefix: tuple[str, ...] = ()
    become: dict[str, Any] = field(default_factory=dict)
    """Keyword arguments for ``subprocess``: user, group, extra_groups; empty to stay who we are."""

    def own(self, folder: Path) -> None:
        """Give ``folder`` and all in it to the user that the programs run as."""
        if not self.become:
            return
        for parent, folders, files in os.walk(folder):
            for name in (".", *folders, *files):
                os.chown(Path(parent, name), self.become["user"], self.become["group"], follow_symlinks=False)


def _candidates() -> list[Privilege]:
    if os.geteuid() != 0:
        return [Privilege()]
    found = [Privilege(_NAMESPACE)] if shutil.which(_NAMESPACE[0]) else []
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return found
    return [*found, Privilege((), {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []})]


async def find(binary: Path, folder: Path) -> Privilege:
    """The first way in which ``binary`` runs as another user than root and can write to ``folder``.

    Raises :class:`EngineError` with what each way said when none works. ``folder`` is a folder of
    the engine's own; it is given to the user that the engine runs as.
    """
    complaints = []
    for privilege in _candidates():
        privilege.own(folder)
        probe = await asyncio.create_subprocess_exec(
            *(*privilege.prefix, "sh", "-c", _PROBE, str(binary), str(folder)),
            cwd="/",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            **privilege.become,
        )
        said, _ = await probe.communicate()
        if probe.returncode == 0:
            return privilege
        name = " ".join(privilege.prefix) or f"uid {privilege.become.get('user', os.geteuid())}"
        complaints.append(f"{name}: {said.decode(errors='replace').strip() or f'exit {probe.returncode}'}")
    raise EngineError(
        f"{binary.name} cannot run here: {'; '.join(complaints) or 'no unprivileged user exists'}",
        where=str(folder),
        remedy="run labkit as a normal user, or allow user namespaces (sysctl user.max_user_namespaces)"
        if os.geteuid() == 0
        else f"make {folder} writable, and install the dependencies again if {binary} is damaged",
    )
