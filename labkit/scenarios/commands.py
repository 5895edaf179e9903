"""What a command run in a container showed: ``psql``, ``kafka-*.sh``, ``curl``, by what came out.

The command may stand alone, in ``sh -c``, or be typed into an interactive shell; so it is looked
for in the argument vector and in what was typed. Whether it *worked* is read from its exit status
and output: 0 and some output for the Kafka tools, and for psql (psql(1): 0 if it finished normally,
1 on an error of its own or of ``-c``, 2 if the connection went bad).
"""

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from labkit.journal import Entry

TOPICS = ("experiments", "experiment-results", "metrics-events")
"""The topics that the health-check runbook names."""

Glance = tuple[str, float, str]
"""Check, share, what (see :mod:`labkit.scenarios.evidence`)."""

_HELP = re.compile(r"(?:^|\s)(?:--help|--version|-V|-\?)(?:\s|$)")
_TOPIC = re.compile(r"--topic[\s=]+[\"']?([\w.,-]+)")
_HEALTH = re.compile(r"/health/(ready|live)\b")
_ANSWERED = re.compile(r"\"status\"|\b(?:200|500|502|503|504)\b")


class Run(msgspec.Struct, frozen=True):
    """A finished command: where, what was typed, how it ended (``None``: it never ran), what it wrote."""

    pod: str
    text: str
    exit: int | None
    stdout: str
    stderr: str
    code: object = None

    @classmethod
    def of(cls, entry: Entry) -> "Run":
        """The command of a ``kube.exec`` entry."""
        action, outcome = entry.action, entry.outcome
        status = outcome.get("exit")
        return cls(
            pod=str(action.get("pod")),
            text=" ".join(map(str, action.get("command") or ())) + "\n" + _typed(action.get("stdin")),
            exit=status if isinstance(status, int) else None,
            stdout=str(outcome.get("stdout", "")),
            stderr=str(outcome.get("stderr", "")),
            code=outcome.get("code"),
        )

    @property
    def output(self) -> str:
        """Both output streams."""
        return f"{self.stdout}\n{self.stderr}"

    @property
    def failure(self) -> str:
        """Why it failed, in the words it used itself, on one line."""
        if self.exit is None:
            return f"not run, answered {self.code}"
        lines = [line for line in self.output.splitlines() if line.strip()]
        said = next((line for line in lines if re.search("error|fatal|exception|refused", line, re.IGNORECASE)), "")
        return f"exit status {self.exit}: {(said or ''.join(lines[:1])).strip()[:160]}".rstrip(": ")


def read(run: Run) -> Iterator[Glance]:
    """Everything that ``run`` shows."""
    for pattern, reader in _READERS.items():
        if re.search(pattern, run.text):
            yield from reader(run)


def _psql(run: Run) -> Iterator[Glance]:
    if _HELP.search(run.text.splitlines()[0]):
        yield "database/query", 0.0, f"psql in {run.pod} asked only for its help or version"
    elif run.exit == 0 and _connected(run):
        yield "database/query", 1.0, f"psql in {run.pod} returned"
    else:
        yield "database/query", 0.0, f"psql in {run.pod} failed, {run.failure}"


def _connected(run: Run) -> bool:
    """Whether psql said anything but errors: fed by a pipe it exits 0 even when each statement failed."""
    return bool(run.stdout.strip()) or "ERROR" not in run.stderr


def _pg_isready(run: Run) -> Iterator[Glance]:
    if run.exit is None or _HELP.search(run.text):
        yield "database/query", 0.0, f"pg_isready in {run.pod}, {run.failure}"
    elif run.exit == 0:
        yield "database/query", 0.5, f"pg_isready in {run.pod} saw connections accepted, but no query was made"
    else:
        yield "database/query", 0.0, f"pg_isready in {run.pod} says {run.output.strip()[:160] or 'no response'}"


def _versions(run: Run) -> Iterator[Glance]:
    worked = run.exit == 0 and bool(run.stdout.strip()) and not _HELP.search(run.text)
    what = f"brokers' versions listed from {run.pod}" if worked else f"brokers' versions failed, {run.failure}"
    yield "kafka/versions", float(worked), what


def _topics(run: Run) -> Iterator[Glance]:
    if _HELP.search(run.text) or not re.search(r"--(?:list|describe)\b", run.text):
        return
    asked = {name for group in _TOPIC.findall(run.text) for name in group.split(",")}
    absent = "does not exist" in run.output
    worked = run.exit == 0 or (absent and bool(asked))
    for topic in TOPICS:
        if not worked:
            yield f"kafka/topic/{topic}", 0.0, f"topics asked of {run.pod}, {run.failure}"
        elif not asked or topic in asked:
            yield f"kafka/topic/{topic}", 1.0, _listed(asked, run.pod)


def _listed(asked: set[str], pod: str) -> str:
    return f"topic {', '.join(sorted(asked))} asked of {pod}" if asked else f"topics listed from {pod}"


def _curl(run: Run) -> Iterator[Glance]:
    for probe in dict.fromkeys(_HEALTH.findall(run.text)):
        answered = run.exit is not None and bool(_ANSWERED.search(run.output))
        how = "answered" if answered else f"failed, {run.failure}"
        yield f"api/{probe}", float(answered), f"/health/{probe} requested from {run.pod}, {how}"


_READERS: dict[str, Callable[[Run], Iterator[Glance]]] = {
    r"\bpsql\b": _psql,
    r"\bpg_isready\b": _pg_isready,
    r"\bkafka-broker-api-versions(?:\.sh)?\b": _versions,
    r"\bkafka-topics(?:\.sh)?\b": _topics,
    r"\b(?:curl|wget)\b": _curl,
}


def _typed(stdin: Any) -> str:
    """What was typed; journals keep bytes as base64."""
    try:
        return base64.b64decode(str(stdin or ""), validate=True).decode(errors="replace")
    except ValueError:
        return ""
