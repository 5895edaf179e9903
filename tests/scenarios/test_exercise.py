"""Exercises: seeds by identity, scenarios by seed, and progress that gives nothing away."""

from collections import Counter

import pytest

from labkit.clock import EPOCH
from labkit.errors import SettingsError
from labkit.journal import Entry
from labkit.scenarios.exercise import exercise, progress, scenario_of, world_seed
from labkit.scenarios.scenario import load


def test_every_trainee_has_a_world_of_their_own_and_always_the_same() -> None:
    seeds = [world_seed("exercise-1", f"trainee-{n}") for n in range(500)]
    assert len(set(seeds)) == 500
    assert seeds[7] == world_seed("exercise-1", "trainee-7") != world_seed("exercise-2", "trainee-7")
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_scenarios_are_drawn_with_their_weights() -> None:
    drawn = Counter(scenario_of("exercise-1", world_seed("exercise-1", f"t{n}")).id for n in range(2000))
    weights = exercise("exercise-1").scenarios
    assert set(drawn) == set(weights)
    for name, weight in weights.items():
        assert load(name).id == name
        assert drawn[name] / 2000 == pytest.approx(weight, abs=0.04)


def test_an_unknown_exercise_lists_those_there_are() -> None:
    with pytest.raises(SettingsError, match="no exercise 'exercise-99'") as caught:
        exercise("exercise-99")
    assert "exercise-1" in (caught.value.remedy or "")


def entry(seq: int, action: dict[str, object], outcome: dict[str, object]) -> Entry:
    return Entry(seq=seq, time=EPOCH + seq * 1000, actor="trainee", face="x", action=action, outcome=outcome)


def test_progress_tells_what_was_tried_and_hints_at_the_rest() -> None:
    health = {"type": "http.request", "method": "GET", "path": "/health/ready",
              "host": "api.llm-research-lab.company.com"}  # fmt: skip
    report = progress("exercise-1", [entry(0, health, {"code": 503})])
    assert {step.name for step in report.steps if step.done} == {"API health endpoint asked"}
    assert all(bool(step.hint) != step.done for step in report.steps)
    assert report.recorded == 1


def test_progress_of_an_empty_journal_is_all_to_do() -> None:
    assert not any(step.done for step in progress("exercise-1", []).steps)
