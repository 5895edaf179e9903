"""Runs a script, case by case.

The engine is set as upstream sets it for its own suite (``promqltest.NewTestEngine``): names go when a
query ends, experimental functions are on, a subquery without a step has one of a minute. An instant is
also asked as a range around its time, and at other times with its own fixed by ``@``, as upstream does.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from labkit.clock import MINUTE
from labkit.errors import QueryError
from labkit.promql.engine import Engine
from labkit.promql.failures import UnsupportedError
from labkit.promql.options import Options
from labkit.promql.reading import pinned
from labkit.promql.result import Matrix, Result, Scalar, Vector
from labkit.promql.script.checks import answered, said
from labkit.promql.script.commands import Clear, Eval, Load, commands
from labkit.promql.script.outcome import Outcome
from labkit.promql.script.storage import Storage

OPTIONS = Options(delayed_names=True, experimental=True, subquery_step=MINUTE)
"""How upstream's test engine is set."""


def run(script: str) -> Iterator[Outcome]:
    """The outcome of every case of a script, in order.

    Raises :class:`~labkit.promql.script.outcome.ScriptError`, which names the line, where the script is malformed.
    """
    storage = Storage()
    for command in commands(script):
        match command:
            case Clear():
                storage = Storage()
            case Load():
                storage.load(command)
            case Eval():
                yield _outcome(command, Engine(storage, OPTIONS))


def _outcome(command: Eval, engine: Engine) -> Outcome:
    try:
        problem = _problem(command, engine)
    except UnsupportedError as error:
        return Outcome(command.line, command.query, left_out=error.what)
    except QueryError as error:
        problem = _failed(command, error.what)
    else:
        if command.expects("fail") and not problem:
            problem = "expected an error, but got none"
    return Outcome(command.line, command.query, problem)


def _failed(command: Eval, message: str) -> str:
    """What is wrong with an error."""
    if not command.expects("fail"):
        return f"error: {message}"
    expected = command.messages["fail"][0]
    return "" if expected.meets(message) else f"expected an error matching {expected}, got: {message}"


def _problem(command: Eval, engine: Engine) -> str:
    """What is wrong with an answer, or nothing."""
    if command.grid is not None:
        matrix = engine.range(command.query, *command.grid)
        return "" if command.expects("fail") else said(command, matrix.annotations) or answered(command, matrix)
    result = engine.instant(command.query, command.at)
    if command.expects("fail"):
        return ""
    return (
        said(command, result.annotations)
        or answered(command, result)
        or _as_range(command, engine, result)
        or _at_other_times(command, engine)
    )


def _at_other_times(command: Eval, engine: Engine) -> str:
    """What differs where every selector is held to the time of the question by ``@`` and it is asked at others."""
    query = pinned(command.query, command.at)
    if query is None:
        return ""
    for time in (-10 * command.at, 0, command.at // 5, 10 * command.at) if command.at else (-1000, 1000):
        result = engine.instant(query, time)
        if problem := said(command, result.annotations) or answered(command, _moved(result, command.at)):
            return f"{query} at {time} ms: {problem}"
    return ""


def _moved(result: Result, time: int) -> Result:
    """An answer as of another time."""
    return result if isinstance(result, Matrix) else replace(result, time=time)


def _as_range(command: Eval, engine: Engine, result: Result) -> str:
    """How the middle of a range around an instant differs from it."""
    if command.expects("ordered") or not isinstance(result, Scalar | Vector):
        return ""
    if "start()" in command.query or "end()" in command.query:  # the range's own, which are others
        return ""
    matrix = engine.range(command.query, command.at - MINUTE, command.at + MINUTE, MINUTE)
    problem = answered(command, _middle(matrix, result))
    return f"as a range: {problem}" if problem else ""


def _middle(matrix: Matrix, like: Scalar | Vector) -> Scalar | Vector:
    if isinstance(like, Scalar):
        return replace(like, value=float(matrix.values[0, 1]))
    shown = np.flatnonzero(matrix.present[:, 1])
    return replace(like, labels=[matrix.labels[row] for row in shown], values=matrix.values[shown, 1])
