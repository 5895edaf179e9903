"""Exercises: which scenario a trainee's sandbox holds, from which seed its world grows, its steps.

One TOML file each in ``exercises/``; it holds neither points nor answers.
"""

import functools
import hashlib
import random
import tomllib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from importlib import resources

import msgspec

from labkit.clock import DAY, Millis
from labkit.control import CheckReport, CheckStep
from labkit.errors import ManifestError, SettingsError
from labkit.journal import Entry
from labkit.scenarios import answers, evidence
from labkit.scenarios.scenario import Scenario, load

EXERCISE_DAY: Millis = DAY
"""The virtual time in which an exercise is to be done; what is done later is not graded."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A step that a journal can show: all of ``checks`` tried, all of ``answers`` given."""

    name: str
    hint: str
    checks: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


class Exercise(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An exercise; ``scenarios`` are drawn from with these weights."""

    id: str
    title: str
    scenarios: dict[str, float]
    steps: tuple[Step, ...]


@functools.cache
def exercise(name: str) -> Exercise:
    """The exercise of that id; :class:`SettingsError` lists those there are."""
    folder = resources.files(__package__) / "exercises"
    names = sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))
    if name not in names:
        raise SettingsError(f"there is no exercise {name!r}", remedy=f"one of: {', '.join(names)}")
    try:
        return msgspec.convert(tomllib.loads((folder / f"{name}.toml").read_text("utf-8")), Exercise)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ManifestError(str(error), where=f"exercises/{name}.toml", remedy="correct the field named") from error


def world_seed(name: str, trainee: str) -> int:
    """The seed of a trainee's world: 63 bits of SHA-256 of exercise and trainee."""
    digest = hashlib.sha256(f"{name}\0{trainee}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def scenario_of(name: str, seed: int) -> Scenario:
    """The scenario that the world of ``seed`` holds."""
    pool = exercise(name).scenarios
    return load(random.Random(f"{seed}/{name}").choices(list(pool), list(pool.values()))[0])


def progress(name: str, entries: Sequence[Entry]) -> CheckReport:
    """How far a journal is, step by step: what was tried, never whether it was right."""
    tried = {sighting.check for sighting in evidence.gather(entries) if sighting.share or sighting.refused}
    given = set(answers.last(entries))
    steps = [
        CheckStep(name=step.name, done=done, hint="" if done else step.hint)
        for step in exercise(name).steps
        for done in [all(_tried(check, tried) for check in step.checks) and given.issuperset(step.answers)]
    ]
    return CheckReport(exercise=name, steps=tuple(steps), recorded=len(entries))


def _tried(check: str, tried: set[str]) -> bool:
    return any(fnmatchcase(each, check) for each in tried)
