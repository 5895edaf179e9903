"""What a command run in a container showed: ``psql``, ``pg_isready`` and ``kafka-*.sh``, by what came out.

Which program ran is the first word of the argument vector, as for the kernel; what else was typed
names nothing. Whether it *worked* is read from its exit status and output. The images hold no shell
and no curl, so there is nothing to look for behind one.
"""

import posixpath
import re
from collections.abc import Callable, Iterator

import msgspec

from labkit.journal import Entry
from labkit.scenarios import topics

Glimpse = tuple[str, float, bool, str]
"""A sighting without its place: check, share, refused, what (see :mod:`labkit.scenarios.evidence`)."""

_ASKS = re.compile(r"--help(=(commands|options|variables))?|-\?|--version|-V")
_REFUSED = re.compile(
    r"connection refused|could not connect|no such file or directory.*accepting"
    r"|the database system is (?:starting up|shutting down|in recovery)|server closed the connection|no response",
    re.IGNORECASE | re.DOTALL,
)
_SERVER_ERROR = re.compile(r"^(?:psql:[^\s:]+:\d+: )?ERROR: ", re.MULTILINE)
_OWN_ERROR = "psql: "
_BAD_USAGE, _NO_CONNECTION = 1, 2
_NOT_ACCEPTING = (1, 2)
_BROKER = re.compile(r"^\S+ \(id: \d+ rack: .*\) -> \($", re.MULTILINE)


def refused(text: str) -> bool:
    """Whether ``text``, which told of a failed connection, says that nobody accepts connections."""
    return bool(_REFUSED.search(text))


class Run(msgspec.Struct, frozen=True):
    """A finished command: where, its words, how it ended (``None``: it never ran), what it wrote."""

    pod: str
    argv: tuple[str, ...]
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
            argv=tuple(map(str, action.get("command") or ())),
            exit=status if isinstance(status, int) else None,
            stdout=str(outcome.get("stdout", "")),
            stderr=str(outcome.get("stderr", "")),
            code=outcome.get("code"),
        )

    @property
    def program(self) -> str:
        """The name of the program, without its folder."""
        return posixpath.basename(self.argv[0]) if self.argv else ""

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


def read(run: Run) -> Iterator[Glimpse]:
    """Everything that ``run`` shows; a program in a pod that is not its own shows nothing."""
    if run.program not in _READERS:
        return
    home, reader = _READERS[run.program]
    at_home = run.pod.startswith(home)
    for check, share, was_refused, what in reader(run):
        yield check, share * at_home, was_refused and at_home, what


def _psql(run: Run) -> Iterator[Glimpse]:
    if any(map(_ASKS.fullmatch, run.argv[1:])):
        yield "database/query", 0.0, False, f"psql in {run.pod} asked only for its help or version"
    elif _answered(run):
        yield "database/query", 1.0, False, f"psql in {run.pod} was answered"
    else:
        down = run.exit == _NO_CONNECTION and refused(run.output)
        yield "database/query", 0.0, down, f"psql in {run.pod} failed, {run.failure}"


def _answered(run: Run) -> bool:
    """Whether the server answered, be it with an error.

    psql(1): 0 if it finished normally, 1 on an error of its own or of ``-c``, 2 if the connection
    went bad, 3 if a script was broken off. A command line that it does not take ends with 1 too,
    and repeats words of the line: then its own name comes first, and nothing is on standard output.
    """
    if run.exit in (None, _NO_CONNECTION):
        return False
    misused = run.exit == _BAD_USAGE and run.stderr.startswith(_OWN_ERROR)
    said_no = not misused and bool(_SERVER_ERROR.search(run.stderr))
    return run.exit == 0 or bool(run.stdout.strip()) or said_no


def _pg_isready(run: Run) -> Iterator[Glimpse]:
    if run.exit == 0 and (not run.stdout.strip() or "accepting connections" in run.stdout):  # -q says nothing
        yield "database/query", 0.5, False, f"pg_isready in {run.pod} saw connections accepted, but no query was made"
    else:
        yield "database/query", 0.0, run.exit in _NOT_ACCEPTING, f"pg_isready in {run.pod}, {run.failure}"


def _versions(run: Run) -> Iterator[Glimpse]:
    worked = run.exit == 0 and bool(_BROKER.search(run.stdout))
    what = f"brokers' versions listed from {run.pod}" if worked else f"brokers' versions failed, {run.failure}"
    yield "kafka/versions", float(worked), False, what


def _topics(run: Run) -> Iterator[Glimpse]:
    asked = topics.Asked.of(run.argv[1:])
    if not asked.looks:
        return
    shown = asked.shown(run.exit, run.stdout)
    for topic in topics.TOPICS:
        if topic in shown:
            yield f"kafka/topic/{topic}", 1.0, False, asked.told(run.pod)
        elif run.exit != 0 and not shown:
            yield f"kafka/topic/{topic}", 0.0, False, f"topics asked of {run.pod}, {run.failure}"


_READERS: dict[str, tuple[str, Callable[[Run], Iterator[Glimpse]]]] = {
    "psql": ("postgres", _psql),
    "pg_isready": ("postgres", _pg_isready),
    "kafka-broker-api-versions.sh": ("kafka", _versions),
    "kafka-topics.sh": ("kafka", _topics),
}
"""By program: how the names of its pods begin, and how to read it."""
