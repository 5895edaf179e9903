"""The control face, from outside: status, stop, answer, check, wait and the journal of a sandbox.

It is HTTP on loopback with a bearer token; bodies are JSON. A refusal is ``{"what", "where",
"remedy"}`` with a status of 400 or above, and is raised here as :class:`SandboxError`.
"""

import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from labkit import endpoints as published
from labkit.clock import Millis
from labkit.endpoints import Endpoints
from labkit.errors import SandboxError, SandboxNotRunning, SandboxUnreachable

_T = TypeVar("_T")
Value = str | int | float | bool | list[str] | dict[str, str]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How a sandbox is: ``now`` is virtual time, ``recorded`` the name of the recording that is served."""

    pid: int
    seed: int
    now: Millis
    clock: str
    exercise: str | None = None
    trainee: str | None = None
    recorded: str | None = None


class CheckStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an exercise: whether it is done and, if not, a hint (which gives nothing away)."""

    name: str
    done: bool
    hint: str = ""


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """How far an exercise is. In an exam ``steps`` is empty and ``recorded`` counts what was journalled."""

    exercise: str
    steps: tuple[CheckStep, ...] = ()
    recorded: int = 0


class Now(msgspec.Struct, frozen=True):
    """The virtual time at which the sandbox stands."""

    now: Millis


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why the control face will not."""

    what: str
    where: str | None = None
    remedy: str | None = None


class Control:
    """The control face at ``url``. Times out after ``patience`` seconds."""

    def __init__(self, url: str, token: str, patience: float = 60) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._patience = patience
        # a proxy of the user's is not for loopback
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def status(self, patience: float = 3) -> Status:
        """How the sandbox is; ``patience`` is short, since the question is often whether it answers."""
        return self._ask("GET", "/status", Status, patience=patience)

    def stop(self) -> None:
        """Ask the sandbox to end. It answers, then ends."""
        self._ask("POST", "/stop", dict[str, Any])

    def answer(self, question: str, value: Value) -> Now:
        """Record the trainee's answer to a question of the exercise."""
        return self._ask("POST", "/answer", Now, {"question": question, "value": value})

    def check(self, exercise: str) -> CheckReport:
        """How far ``exercise`` is."""
        return self._ask("POST", "/check", CheckReport, {"exercise": exercise})

    def wait(self, milliseconds: Millis) -> Now:
        """Let virtual time pass, at once."""
        return self._ask("POST", "/wait", Now, {"milliseconds": milliseconds})

    def journal(self) -> bytes:
        """The journal so far: JSON lines."""
        return self._send("GET", "/journal", None, self._patience)

    def _ask(self, method: str, path: str, kind: type[_T], body: Any = None, patience: float | None = None) -> _T:
        answer = self._send(method, path, body, patience or self._patience)
        try:
            return msgspec.json.decode(answer, type=kind)
        except msgspec.DecodeError as error:
            raise SandboxUnreachable(
                f"the answer is not that of a sandbox: {error}",
                where=self._url + path,
                remedy="run 'labkit down', then 'labkit up'",
            ) from error

    def _send(self, method: str, path: str, body: Any, patience: float) -> bytes:
        request = urllib.request.Request(  # noqa: S310  (our own address, http on loopback)
            self._url + path,
            method=method,
            data=None if body is None else msgspec.json.encode(body),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=patience) as response:
                return bytes(response.read())
        except urllib.error.HTTPError as error:
            raise _refused(error, path) from error
        except (OSError, HTTPException) as error:
            raise SandboxUnreachable(
                f"no answer ({getattr(error, 'reason', None) or error})",
                where=self._url + path,
                remedy="see 'labkit status'; 'labkit up --detach' starts a sandbox",
            ) from error


def running(home: Path) -> tuple[Endpoints, Control] | None:
    """The sandbox that answers from ``home``, or ``None``.

    A file left behind by a killed sandbox is told from a live one by asking: the answer must come,
    to our token, and name the same process.
    """
    endpoints = published.read(home)
    if endpoints is None:
        return None
    control = Control(endpoints.control, published.token(home))
    try:
        return (endpoints, control) if control.status().pid == endpoints.pid else None
    except SandboxError:
        return None


def start_command(home: Path) -> str:
    """The command that starts the sandbox of ``home``."""
    exercise = f" --exercise {home.name}" if home.parent.name == "exercises" else ""
    return f"labkit up{exercise} --detach"


def required(home: Path) -> tuple[Endpoints, Control]:
    """The sandbox that answers from ``home``; raises :class:`SandboxNotRunning` if none does."""
    found = running(home)
    if found is None:
        raise SandboxNotRunning("no sandbox runs here", where=str(home), remedy=f"start one: {start_command(home)}")
    return found


def _refused(error: urllib.error.HTTPError, path: str) -> SandboxError:
    with error:
        body = error.read()
    try:
        refusal = msgspec.json.decode(body, type=Refusal)
    except msgspec.DecodeError:
        return SandboxUnreachable(
            f"the control face answered {error.code} to {path}",
            where=error.url,
            remedy="'labkit status' says whose sandbox this is; 'labkit down' and 'labkit up' start anew",
        )
    return SandboxError(refusal.what, where=refusal.where, remedy=refusal.remedy)
