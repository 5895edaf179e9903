"""From the text of a script to its commands.

Lines of one command follow each other; an empty line, or one that is a comment, ends it, as upstream has it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from labkit.clock import Millis
from labkit.errors import QueryError
from labkit.promql.script.notation import Point, duration, scalar, series, values
from labkit.promql.script.outcome import ScriptError
from labkit.signals.labels import Labels
from labkit.signals.regex import Pattern, compiled

_LOAD = re.compile(r"load(_with_nhcb)?\s+(\S+)")
_INSTANT = re.compile(r"eval(?:_(?P<mode>fail|warn|ordered|info))?\s+instant\s+at\s+(?P<at>\S+)\s+(?P<query>.+)")
_RANGE = re.compile(
    r"eval(?:_(?P<mode>fail|warn|info))?\s+range\s+from\s+(?P<start>\S+)\s+to\s+(?P<end>\S+)"
    r"\s+step\s+(?P<step>\S+)\s+(?P<query>.+)"
)
_EXPECT = re.compile(r"expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?")
_EXPECT_RANGE = re.compile(r"expect\s+range\s+vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)")
_EXPECT_STRING = re.compile(r"""expect\s+string\s+(?:"((?:\\.|[^"\\])*)"|`([^`]*)`|'((?:\\.|[^'\\])*)')""")
_EVALS = "eval[_fail|_warn|_ordered|_info] instant at TIME QUERY, or eval range from START to END step STEP QUERY"


@dataclass(frozen=True)
class Expected:
    """A message that is expected: this very ``text``, or what ``pattern`` finds; any if neither is given."""

    text: str | None = None
    pattern: Pattern | None = None

    def meets(self, message: str) -> bool:
        """Whether a message is the expected one."""
        if self.text is not None:
            return message == self.text
        return self.pattern is None or self.pattern.search(message) is not None

    def __str__(self) -> str:
        return repr(self.text) if self.text is not None else "anything" if self.pattern is None else "the pattern"


@dataclass
class Load:
    """Series to load, with a sample every ``step``; ``nhcb`` if native histograms are made of the classic ones."""

    step: Millis
    nhcb: bool
    series: list[tuple[Labels, list[Point]]] = field(default_factory=list)


@dataclass(frozen=True)
class Clear:
    """Forget all that was loaded."""


@dataclass
class Eval:
    """A question and the answer expected. ``grid`` is start, end and step of a range; an instant has ``at`` alone."""

    line: int
    query: str
    at: Millis = 0
    grid: tuple[Millis, Millis, Millis] | None = None
    messages: dict[str, list[Expected]] = field(default_factory=dict)
    scalar: float | None = None
    string: str | None = None
    vector: tuple[Millis, Millis, Millis] | None = None
    series: list[tuple[Labels, list[Point]]] = field(default_factory=list)

    def expects(self, kind: str) -> bool:
        """Whether a line says ``expect KIND``."""
        return kind in self.messages


Command = Load | Clear | Eval


def commands(script: str) -> Iterator[Command]:
    """The commands of a script; :class:`ScriptError` names the line that is wrong."""
    for number, head, body in _blocks(script):
        line = number
        try:
            command = _command(number, head)
            for line, text in body:  # noqa: B007  (the line that was reached is what is wrong)
                _more(command, text)
        except ScriptError as error:
            raise ScriptError(error.what, where=f"line {line}", remedy=error.remedy) from error
        yield command


def _blocks(script: str) -> Iterator[tuple[int, str, list[tuple[int, str]]]]:
    """A command's first line with its number, and the lines that belong to it."""
    block: list[tuple[int, str]] = []
    for number, line in enumerate([*script.splitlines(), ""], 1):
        text = line.strip()
        if text and not text.startswith("#"):
            block.append((number, text))
            if text.lower() == "clear" and len(block) == 1:
                yield number, text, []
                block = []
        elif block:
            yield *block[0], block[1:]
            block = []


def _command(number: int, head: str) -> Command:
    word = head.split(maxsplit=1)[0].lower()
    if word == "clear":
        return Clear()
    if word.startswith("load"):
        found = _LOAD.fullmatch(head)
        if found is None:
            raise ScriptError(f"invalid load command: {head}", remedy="write load 1m, or load_with_nhcb 1m")
        return Load(duration(found[2]), bool(found[1]))
    if word.startswith("eval"):
        return _eval(number, head)
    raise ScriptError(f'invalid command "{head}"', remedy="a command is load, clear or eval, after an empty line")


def _eval(number: int, head: str) -> Eval:
    if found := _RANGE.fullmatch(head):
        grid = _grid(found["start"], found["end"], found["step"])
        command = Eval(number, found["query"], grid=grid)
    elif found := _INSTANT.fullmatch(head):
        command = Eval(number, found["query"], at=duration(found["at"]))
    else:
        raise ScriptError(f"invalid evaluation command: {head}", remedy=_EVALS)
    if found["mode"]:
        command.messages[found["mode"]] = [Expected()]
    return command


def _grid(start: str, end: str, step: str) -> tuple[Millis, Millis, Millis]:
    grid = duration(start), duration(end), duration(step)
    if grid[1] < grid[0]:
        raise ScriptError(f"end timestamp ({end}) is before start timestamp ({start})", remedy="swap them")
    if grid[2] <= 0:
        raise ScriptError(f"the step {step} is not positive", remedy="write a step such as 30s")
    return grid


def _more(command: Command, text: str) -> None:
    """Take in another line of a command."""
    if isinstance(command, Clear):
        raise ScriptError(f"clear takes nothing more: {text}", remedy="put an empty line after clear")
    if isinstance(command, Eval) and _expectation(command, text):
        return
    labels, rest = series(text)
    points = values(rest)
    if isinstance(command, Eval) and command.grid is None and command.vector is None and len(points) != 1:
        raise ScriptError("an instant has one value for each series", remedy="write one value, or eval range")
    command.series.append((labels, points))


def _expectation(command: Eval, text: str) -> bool:
    """Take in a line that is no series; ``False`` if it is one."""
    if command.expects("fail") and text.startswith(("expected_fail_message", "expected_fail_regexp")):
        word, _, rest = text.partition(" ")
        command.messages["fail"] = [_expected("msg" if word.endswith("message") else "regex", rest.strip())]
    elif text.split(" ", maxsplit=1)[0] == "expect":
        _expect(command, text)
    elif (number := scalar(text)) is not None:
        command.scalar = number
    else:
        return False
    return True


def _expect(command: Eval, text: str) -> None:
    if found := _EXPECT_RANGE.fullmatch(text):
        command.vector = _grid(found[1], found[2], found[3])
    elif found := _EXPECT_STRING.fullmatch(text):
        command.string = found[2] if found[2] is not None else re.sub(r"\\(.)", r"\1", found[1] or found[3] or "")
    elif found := _EXPECT.fullmatch(text):
        command.messages.setdefault(found[1], []).append(_expected(found[2] or "", (found[3] or "").strip()))
        _consistent(command)
    else:
        raise ScriptError(f"invalid expect statement: {text}", remedy="write expect TYPE [msg:|regex:] TEXT")


def _expected(kind: str, text: str) -> Expected:
    if kind == "msg":
        return Expected(text=text)
    if kind != "regex":
        return Expected()
    try:
        return Expected(pattern=compiled(text))
    except QueryError as error:
        raise ScriptError(f"invalid regex {text}", remedy="correct the pattern") from error


def _consistent(command: Eval) -> None:
    for kind in ("info", "warn"):
        if command.expects(kind) and command.expects(f"no_{kind}"):
            raise ScriptError(f"invalid expect lines, {kind} and no_{kind} cannot be used together", remedy="keep one")
    if len(command.messages.get("fail", ())) > 1:
        raise ScriptError("invalid expect lines, multiple expect fail lines are not allowed", remedy="keep one")
