"""Settings: where a sandbox lives, who is learning, and how its clock runs.

Each is taken from the first place that names it: an argument, the environment (``LABKIT_HOME``,
``LABKIT_TRAINEE``, ``LABKIT_CLOCK``, ``LABKIT_TARGET``), ``labkit.toml`` of the working folder or one above it, a default.
"""

import getpass
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

import msgspec

from labkit.errors import SettingsError

ClockMode = Literal["live", "manual"]
"""Who drives the time of a sandbox."""

FOLDER = ".labkit"
FILE = "labkit.toml"
ENDPOINTS = "endpoints.json"
_EXERCISES = "exercises"
_RECORDED = "recorded:"

_IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", re.ASCII)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What was settled.

    ``home`` is the sandbox's folder (absolute); ``seed`` is ``None`` where nothing names one. ``target``
    is what to connect to: ``sandbox``, or ``recorded:NAME``; ``None`` where nothing names one.
    """

    home: Path
    trainee: str
    clock: ClockMode = "live"
    seed: int | None = None
    target: str | None = None

    @property
    def recorded(self) -> str | None:
        """The name or folder of the recording that is meant, if one is."""
        return self.target.removeprefix(_RECORDED) if self.target and self.target.startswith(_RECORDED) else None

    def home_of(self, exercise: str) -> Path:
        """Where the sandbox of ``exercise`` lives."""
        return root_of(self.home) / _EXERCISES / identity("exercise", exercise)


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of ``labkit.toml``."""

    trainee: str | None = None
    clock: ClockMode | None = None
    seed: int | None = None
    target: str | None = None


def load(
    *,
    home: Path | None = None,
    trainee: str | None = None,
    clock: str | None = None,
    seed: int | None = None,
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The settings that hold in ``folder`` (the working folder); arguments win over all else.

    Raises :class:`SettingsError` naming the argument, variable or line of ``labkit.toml`` at fault.
    """
    folder = (folder or Path.cwd()).absolute()
    environ = os.environ if environ is None else environ
    file = _read(_upwards(folder, FILE))
    return Settings(
        home=home.absolute() if home else _home(folder, environ),
        trainee=_trainee(trainee, environ, file),
        clock=_clock(clock or environ.get("LABKIT_CLOCK") or file.clock or "live"),
        seed=file.seed if seed is None else seed,
        target=_target(environ.get("LABKIT_TARGET") or file.target),
    )


def identity(kind: str, name: str) -> str:
    """``name`` if it can be an identity (a trainee's, an exercise's): it becomes part of paths and of seeds."""
    if not _IDENTITY.fullmatch(name):
        raise SettingsError(
            f"{name!r} cannot be the name of a {kind}" if kind[0] not in "aeiou" else f"{name!r} cannot name an {kind}",
            remedy="use letters, digits, '.', '_', '-' and '@', beginning with a letter or digit, at most 64 in all",
        )
    return name


def root_of(home: Path) -> Path:
    """The home under which ``home`` lies, if it is that of an exercise; else itself."""
    return home.parent.parent if home.parent.name == _EXERCISES else home


def _home(folder: Path, environ: Mapping[str, str]) -> Path:
    if named := environ.get("LABKIT_HOME"):
        return (folder / Path(named).expanduser()).absolute()
    homes = (place / FOLDER for place in (folder, *folder.parents))
    return next((home for home in homes if _is_used(home)), folder / FOLDER)


def _is_used(home: Path) -> bool:
    """Whether a sandbox, or that of an exercise, has published where it is."""
    return (home / ENDPOINTS).is_file() or any(home.glob(f"{_EXERCISES}/*/{ENDPOINTS}"))


def _trainee(argument: str | None, environ: Mapping[str, str], file: _File) -> str:
    named = argument or environ.get("LABKIT_TRAINEE") or file.trainee
    return identity("trainee", named) if named else _login(environ)


def _login(environ: Mapping[str, str]) -> str:
    """Who is logged in; on JupyterHub, where all share one system user, the hub's name for them."""
    try:
        name = environ.get("JUPYTERHUB_USER") or getpass.getuser()
    except (OSError, KeyError):  # KeyError before Python 3.13: a user id without an entry in passwd
        name = ""
    return re.sub(r"[^A-Za-z0-9._@-]", "-", name).lstrip("._@-")[:64] or "trainee"


def _clock(mode: str) -> ClockMode:
    for known in get_args(ClockMode):
        if mode == known:
            return known  # type: ignore[no-any-return]
    raise SettingsError(f"there is no clock {mode!r}", remedy="LABKIT_CLOCK and --clock are 'live' or 'manual'")


def _target(named: str | None) -> str | None:
    """What to connect to, if it is one of the two that there are."""
    if named is None or named == "sandbox" or (named.startswith(_RECORDED) and named != _RECORDED):
        return named
    what = "no cluster can be connected to" if named.startswith("cluster:") else f"there is no target {named!r}"
    raise SettingsError(what, remedy="LABKIT_TARGET, or target in labkit.toml, is 'sandbox' or 'recorded:NAME'")


def _upwards(folder: Path, name: str) -> Path | None:
    return next((place / name for place in (folder, *folder.parents) if (place / name).is_file()), None)


def _read(path: Path | None) -> _File:
    if path is None:
        return _File()
    try:
        text = path.read_text(encoding="utf-8")
        return msgspec.convert(tomllib.loads(text), _File)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"cannot be read: {error}", where=str(path), remedy="correct or remove the file") from error
    except msgspec.ValidationError as error:
        raise SettingsError(
            str(error),
            where=f"{path}:{_line(text, str(error))}",
            remedy="its keys are trainee (text), clock ('live' or 'manual'), seed (a whole number) and target (text)",
        ) from error


def _line(text: str, complaint: str) -> int:
    """The line of the key that ``complaint`` names, as msgspec writes it: ``$.key`` or ```key```."""
    named = re.search(r"\$\.(\w+)|`(\w+)`$", complaint)
    key = (named[1] or named[2]) if named else ""
    numbered = enumerate(text.splitlines(), start=1)
    return next((number for number, line in numbered if re.match(rf"\s*\"?{key}\"?\s*=", line)), 1)
