"""Runs Prometheus' own test scripts (``promqltest``) against this engine: the oracle of its meaning.

The language: upstream ``promql/promqltest/README.md``. Every evaluation is a case. An instant
query is also asked as a range query around its time, as upstream does.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from labkit.clock import MINUTE, Millis
from labkit.errors import QueryError
from labkit.promql.engine import Engine
from labkit.promql.result import Matrix, Result, Scalar, String, Vector
from labkit.promql.script_notation import Points, duration, series, values
from labkit.signals.labels import Labels
from labkit.signals.matcher import Matcher
from labkit.signals.series import Selected

_EVAL = re.compile(
    r"eval(?:_(?P<mode>\w+))?\s+(?:instant\s+at\s+(?P<at>\S+)"
    r"|range\s+from\s+(?P<start>\S+)\s+to\s+(?P<end>\S+)\s+step\s+(?P<step>\S+))\s+(?P<query>.+)"
)
_EPSILON = 1e-6
"""The relative error upstream allows."""


@dataclass(frozen=True)
class Outcome:
    """What became of one case: ``problem`` is empty if it passed; ``native`` if it is about native histograms."""

    line: int
    query: str
    problem: str
    native: bool


@dataclass
class Samples:
    """The series a script has loaded."""

    points: dict[Labels, dict[Millis, float]] = field(default_factory=dict)
    native: set[str] = field(default_factory=set)

    def load(self, text: str, step: Millis) -> None:
        """Add the samples of one line of a ``load``."""
        if "{{" in text:
            self.native.add(re.split(r"[{\s]", text, maxsplit=1)[0])
            return
        labels, rest = series(text)
        for index, value in enumerate(values(rest)):
            if value is not None:
                self.points.setdefault(labels, {})[index * step] = value

    def select(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Selected]:
        """As a store does."""
        found = []
        for labels, points in self.points.items():
            if all(matcher.matches(labels) for matcher in matchers):
                times = sorted(time for time in points if start <= time <= end)
                if times:
                    kept = np.array([points[time] for time in times])
                    found.append(Selected(labels, np.array(times, np.int64), kept))
        return found


def run(script: str) -> Iterator[Outcome]:
    """The outcome of every case of a script, in order."""
    samples = Samples()
    for number, head, body in _commands(script):
        if head == "clear":
            samples = Samples()
        elif head.startswith("load"):
            for line in body:
                samples.load(line, duration(head.split()[1]))
        elif (found := _EVAL.fullmatch(head)) is not None:
            yield _case(number, found, body, samples)
        else:
            raise QueryError(f"not a command of a test script: {head}", where=f"line {number}")


def _commands(script: str) -> Iterator[tuple[int, str, list[str]]]:
    """Commands with the indented lines that belong to them."""
    command: tuple[int, str, list[str]] | None = None
    for number, line in enumerate(script.splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if line[0].isspace() and command:
            command[2].append(text)
            continue
        if command:
            yield command
        command = (number, text, [])
    if command:
        yield command


def _case(number: int, head: re.Match[str], body: list[str], samples: Samples) -> Outcome:
    query = head["query"]
    words = set(re.findall(r"[A-Za-z_:][\w:]*", query))
    native = any("{{" in line for line in body) or bool(words & samples.native)
    return Outcome(number, query, _problem(head, body, Engine(samples)), native)


def _problem(head: re.Match[str], body: list[str], engine: Engine) -> str:
    """What is wrong with the answer to a case, or nothing."""
    expected = [line for line in body if not line.startswith(("expect", "expected_"))]
    modes = {head["mode"] or "", *(line.split()[1] for line in body if line.startswith("expect "))}
    try:
        if head["at"] is None:
            start, end, step = (duration(head[name]) for name in ("start", "end", "step"))
            return _matrix_problem(engine.range(head["query"], start, end, step), expected)
        time = duration(head["at"])
        result = engine.instant(head["query"], time)
        problem = _instant_problem(result, expected, ordered="ordered" in modes)
        if not problem and isinstance(result, Vector | Scalar) and not re.search(r"(start|end)\(\)", head["query"]):
            problem = _differs(engine.range(head["query"], time - MINUTE, time + MINUTE, MINUTE), result)
    except QueryError as error:
        return "" if "fail" in modes else f"error: {error.what}"
    return "a failure was expected" if "fail" in modes else problem


def _instant_problem(result: Result, expected: list[str], *, ordered: bool) -> str:
    if isinstance(result, Scalar):
        wanted = _points(expected[0])
        return "" if len(expected) == 1 and _close(result.value, wanted[0]) else f"{result.value} is not {wanted}"
    if isinstance(result, String):
        return "" if expected == [f'expect string "{result.value}"'] else f"{result.value} was not expected"
    if isinstance(result, Matrix):
        return "a matrix has no form in a script"
    want = [(labels, values(rest)[0]) for labels, rest in map(series, expected)]
    got = list(zip(result.labels, result.values.tolist(), strict=True))
    if ordered and [labels for labels, _ in want] != [labels for labels, _ in got]:
        return f"order: {[str(labels) for labels, _ in got]}"
    return _compared({labels: [value] for labels, value in want}, {labels: [value] for labels, value in got})


def _matrix_problem(result: Matrix, expected: list[str]) -> str:
    want = {labels: values(rest) for labels, rest in map(series, expected)}
    got: dict[Labels, Points] = {
        labels: [value if there else None for value, there in zip(row.tolist(), present, strict=True)]
        for labels, row, present in zip(result.labels, result.values, result.present, strict=True)
        if present.any()
    }
    width = len(result.times)
    return _compared({labels: [*row, *[None] * (width - len(row))] for labels, row in want.items()}, got)


def _differs(matrix: Matrix, result: Vector | Scalar) -> str:
    """How the middle of a range differs from the instant it should equal."""
    shown = matrix.present[:, 1]
    got: dict[Labels, Points] = {
        labels: [float(value)]
        for labels, value, there in zip(matrix.labels, matrix.values[:, 1], shown, strict=True)
        if there
    }
    if isinstance(result, Scalar):
        want: dict[Labels, Points] = {Labels(): [result.value]}
    else:
        want = {labels: [value] for labels, value in zip(result.labels, result.values.tolist(), strict=True)}
    problem = _compared(want, got)
    return f"as a range: {problem}" if problem else ""


def _compared(want: dict[Labels, Points], got: dict[Labels, Points]) -> str:
    if want.keys() != got.keys():
        missing, extra = want.keys() - got.keys(), got.keys() - want.keys()
        return f"missing {sorted(map(str, missing))}, unexpected {sorted(map(str, extra))}"
    for labels, row in want.items():
        if len(row) != len(got[labels]) or not all(map(_close, got[labels], row)):
            return f"{labels}: {got[labels]} is not {row}"
    return ""


def _points(text: str) -> Points:
    """The value of a scalar, which is written without labels or as those of an empty set."""
    return values(text.removeprefix("{}").strip())


def _close(got: float | None, want: float | None) -> bool:
    if got is None or want is None:
        return got is want
    if np.isnan(want) or np.isnan(got):
        return bool(np.isnan(want) and np.isnan(got))
    if got == want:
        return True
    if not (np.isfinite(got) and np.isfinite(want)):
        return False
    size = abs(got) + abs(want)
    return bool(abs(got - want) <= _EPSILON * size or size < np.finfo(float).tiny)
