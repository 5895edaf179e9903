"""Makes the project's environment: ``python3 labkit/bootstrap.py`` in a clone, with nothing else of ours.

It finds a Python, makes ``.venv``, and installs ``requirements.lock`` (pins and hashes) and labkit
itself. A second run finds its own note in ``.venv`` and does nothing. uv, itself in the lock, does
the installing, as it is some three times faster; where pip has a setting that uv would not heed, or
uv fails for any reason, pip does it, and pip's word is the one that is reported.

Standard library only, and a syntax that Python 3.6 still reads: who runs this may have any Python.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, Sequence, Tuple

if __name__ == "__main__":
    sys.path[0] = str(
        Path(__file__).resolve().parent.parent
    )  # in the place of labkit/, whose modules are not the library's

from labkit.installers import Failure, explain, find_python, pinned, pip_settings, uv_settings

NEEDED = 1500 * 1000 * 1000
"""Free bytes that an installation needs: 1.1 GB installed, and what is downloaded on the way."""

BEGUN = "begun"


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Make the environment of the clone that this file lies in. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="labkit/bootstrap.py", description="Make labkit's environment in .venv.")
    parser.add_argument("--quiet", action="store_true", help="say nothing unless there is something to do")
    options = parser.parse_args(arguments)
    clone = Path(__file__).resolve().parent.parent
    try:
        Bootstrap(clone, quiet=options.quiet).run()
    except Failure as failure:
        sys.stdout.flush()
        sys.stderr.write("\nlabkit: {}\n  -> {}\n".format(failure.what, failure.remedy))
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nlabkit: interrupted; the same command starts again and mends what is half done\n")
        return 130
    return 0


class Bootstrap:
    """The environment of ``clone``: whether it is right, and how to make it so."""

    def __init__(self, clone: Path, quiet: bool = False, environ: Optional[Dict[str, str]] = None) -> None:
        self.clone = clone
        self.folder = clone / ".venv"
        self.python = self.folder / "bin" / "python"
        self.note = self.folder / "labkit.json"
        self.log = self.folder / "labkit-install.log"
        self.lock = clone / "requirements.lock"
        self.quiet = quiet
        self.environ = dict(os.environ if environ is None else environ)
        self.started = time.time()

    def run(self) -> None:
        """Make the environment if it is not already right."""
        if os.name == "nt":
            raise Failure(
                "labkit runs on Linux and macOS", "on Windows, use it inside WSL: wsl --install, then clone there"
            )
        if self.is_right():
            if not self.quiet:
                self.say("the environment is ready")
            return
        with one_at_a_time(self.lock, lambda: self.say("waiting for another installation in this clone")):
            if not self.is_right():
                self.make()

    def wanted(self) -> Dict[str, str]:
        """What the note of a right environment says."""
        return {
            "clone": str(self.clone),
            "lock": digest(self.lock),
            "project": digest(self.clone / "pyproject.toml"),
        }

    def noted(self) -> Dict[str, str]:
        """What the note says; empty if there is none."""
        try:
            note = json.loads(self.note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def is_right(self) -> bool:
        """Whether the environment is the one that the clone's files ask for."""
        return self.noted() == self.wanted() and os.access(str(self.python), os.X_OK)

    def make(self) -> None:
        """Make or mend ``.venv`` and install into it what is missing."""
        self.check_disk()
        noted, wanted = self.noted(), self.wanted()
        whole = os.access(str(self.python), os.X_OK) and noted.get("clone") == wanted["clone"]
        if not whole or BEGUN in noted:
            self.make_folder()
            noted = {}
        self.write_note({"clone": wanted["clone"], BEGUN: "the installation was interrupted: it is made anew"})
        if noted.get("lock") != wanted["lock"]:
            self.install_locked()
        self.say("installing labkit itself")
        self.call("labkit", [*self.pip(), "install", "--no-deps", "--no-build-isolation", "--no-index", "-e", "."])
        self.write_note(wanted)
        self.say("the environment is ready")

    def check_disk(self) -> None:
        """Refuse to begin what the disk cannot hold; an update of what is there may need little."""
        free = shutil.disk_usage(str(self.clone)).free
        if free < NEEDED and not self.noted():
            raise Failure(
                "the disk has {:.1f} GB free; the environment needs {:.1f} GB".format(free / 1e9, NEEDED / 1e9),
                "free some space, or clone to another disk, then run the same command again",
            )

    def make_folder(self) -> None:
        """A new, empty ``.venv``, over whatever half-made thing lies there."""
        python = find_python(self.environ)
        self.say("making .venv with {}".format(python))
        if self.folder.is_symlink() or self.folder.is_file():
            raise Failure(".venv is not a folder of this clone", "move it away, then run the same command again")
        ended = subprocess.run(
            [python, "-m", "venv", "--clear", str(self.folder)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, env=self.clean_environ(),
        )  # fmt: skip
        if ended.returncode:
            raise explain("making .venv", ended.stdout, None)

    def install_locked(self) -> None:
        """Install ``requirements.lock``: with uv if that can be had and will do, else with pip."""
        self.log.write_bytes(b"")
        settings = uv_settings(self.pip_settings())
        if settings is not None and self.install_with_uv(settings):
            return
        total = len(re.findall(r"(?m)^[\w.-]+==", self.lock.read_text(encoding="utf-8")))
        self.say("installing {} packages with pip (about a minute)".format(total))
        command = [
            *self.pip(),
            "install",
            "--progress-bar",
            "off",
            "--retries",
            "2",
            "--require-hashes",
            "-r",
            self.lock.name,
        ]
        self.call("the packages of requirements.lock", command, watch=True)

    def install_with_uv(self, settings: Dict[str, str]) -> bool:
        """Whether uv, of the version that the lock pins, installed the lock."""
        pin = pinned(self.lock.read_text(encoding="utf-8"), "uv")
        if pin is None:
            return False
        with tempfile.TemporaryDirectory(prefix="labkit-") as folder:
            one = Path(folder) / "uv.lock"
            one.write_text(pin, encoding="utf-8")
            self.say("fetching uv, which installs faster than pip")
            if self.attempt([*self.pip(), "install", "--quiet", "--retries", "2", "--require-hashes", "-r", str(one)])[
                0
            ]:
                return False
        self.say("installing the packages of requirements.lock (about 20 s where the network is fast)")
        uv = [str(self.python), "-m", "uv", "pip", "install", "--no-progress", "--compile-bytecode"]
        uv += ["--index-strategy", "unsafe-best-match"]  # as pip does it; hashes say what may come
        uv += ["--python", str(self.python), "--require-hashes", "-r", self.lock.name]
        status, _ = self.attempt(uv, extra=dict(settings, UV_NO_CONFIG="1"), watch=True)
        if status:
            self.say("uv did not succeed (see {}); trying pip".format(self.log.relative_to(self.clone)))
        return not status

    def pip(self) -> List[str]:
        """How pip is called in ``.venv``."""
        return [str(self.python), "-m", "pip", "--disable-pip-version-check"]

    def pip_settings(self) -> Dict[str, str]:
        """What pip is configured with, by files and by environment: the last word for each option."""
        ended = subprocess.run(
            [*self.pip(), "config", "list"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True, env=self.clean_environ(),
        )  # fmt: skip
        return pip_settings(ended.stdout)

    def call(self, what: str, command: Sequence[str], watch: bool = False) -> None:
        """Run ``command``; raises :class:`Failure` saying why it failed."""
        status, output = self.attempt(command, watch=watch)
        if status:
            raise explain("installing " + what, output, self.log)

    def attempt(
        self, command: Sequence[str], extra: Optional[Dict[str, str]] = None, watch: bool = False
    ) -> Tuple[int, str]:
        """Run ``command`` in the clone: its exit status and output, which is logged and, if ``watch``, followed."""
        environ = dict(self.clean_environ(), **(extra or {}))
        lines: List[str] = []
        with self.log.open("a", encoding="utf-8") as log, subprocess.Popen(
            command, cwd=str(self.clone), env=environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, errors="replace",
        ) as process:  # fmt: skip
            assert process.stdout is not None  # it is a pipe
            told, packages = time.time(), 0
            for line in process.stdout:
                lines.append(line)
                log.write(line)
                packages += line.startswith("Collecting ")
                if watch and (told + 5 < time.time() or line.startswith(("Resolved", "Prepared", "Installing"))):
                    told = time.time()
                    self.say(
                        "  "
                        + (line.strip()[:60] if not packages else "{} packages, {}".format(packages, line.strip()[:60]))
                    )
        return process.returncode, "".join(lines)

    def clean_environ(self) -> Dict[str, str]:
        """The environment, less what would lead an installer astray in ``.venv``."""
        astray = {
            "PYTHONDONTWRITEBYTECODE",
            "PYTHONPATH",
            "PYTHONHOME",
            "PIP_TARGET",
            "PIP_PREFIX",
            "PIP_REQUIRE_VIRTUALENV",
        }
        kept = {name: value for name, value in self.environ.items() if name not in astray}
        return dict(kept, PIP_USER="0", PIP_ROOT_USER_ACTION="ignore", PIP_NO_INPUT="1")

    def write_note(self, note: Dict[str, str]) -> None:
        """Write the note so that it is there whole or not at all."""
        part = self.note.with_name("labkit.json.part")
        part.write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
        part.replace(self.note)

    def say(self, text: str) -> None:
        """A line of progress, with the seconds since the start."""
        print("[{:4.0f} s] {}".format(time.time() - self.started, text), flush=True)


def digest(path: Path) -> str:
    """The SHA-256 of a file of the clone."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        raise Failure("{} is missing".format(path.name), "this is not a whole clone: git checkout -- " + path.name)


@contextmanager
def one_at_a_time(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold ``path`` against another bootstrap of the same clone; ``waiting`` is called if one holds it."""
    import fcntl  # noqa: PLC0415  (Windows has none, and is told so before this)

    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            pass  # a file system without locks: two at once are then the user's to avoid
        yield


if __name__ == "__main__":
    sys.exit(main())
