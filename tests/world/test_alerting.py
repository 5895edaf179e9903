"""LLM-Research-Lab's rules at work: all are evaluated, none fails, and a healthy world is quiet."""

import pytest

from labkit.clock import HOUR, MINUTE, SECOND
from labkit.promql import Engine
from labkit.world.world import HISTORY, World


@pytest.fixture(scope="module")
def world() -> World:
    return World(1)


def test_every_rule_is_evaluated_and_none_fails(world) -> None:
    world.ruler.catch_up()
    assert world.ruler.rules
    assert {
        rule.place.file + ":" + rule.rule.name: rule.last_error for rule in world.ruler.rules if rule.health != "ok"
    } == {}


def test_a_healthy_world_is_quiet(world) -> None:
    assert [dict(alert.labels) for alert in world.alertmanager.alerts(world.now)] == []


@pytest.mark.parametrize("seed", [1, 5])
def test_a_healthy_world_was_quiet_all_along(seed) -> None:
    """Not even pending: the first minutes, with too few samples for a rate, are nobody's to judge."""
    healthy = World(seed)
    found = Engine(healthy.metrics).range("ALERTS", healthy.now - HISTORY, healthy.now, 15 * SECOND)
    assert [str(one) for one in found.labels] == []


def test_what_rules_record_is_found_beside_what_is_scraped(world) -> None:
    names = world.metrics.label_values("__name__")
    assert "up" in names
    assert any(":" in name for name in names)


def test_rules_go_on_with_the_world(world) -> None:
    world.clock.advance(world.now + HOUR)
    assert world.ruler.catch_up() == world.now
    assert all(world.now - (rule.last_evaluation or 0) < 5 * MINUTE for rule in world.ruler.rules)
