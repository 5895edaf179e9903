"""A healthy world, and worlds with a fault, with what the recording rules make of them."""

from collections.abc import Callable

import numpy as np
import pytest
import yaml

from labkit.clock import EPOCH, MINUTE
from labkit.promql import Engine
from labkit.scenarios.scenario import load
from labkit.scenarios.staging import Staging
from labkit.signals.joined import Joined
from labkit.signals.labels import NAME, Labels
from labkit.signals.samples import SampleStore
from labkit.twin import observability
from labkit.world.world import World

BACK = 75 * MINUTE
"""How far back rules are evaluated: an hour's offset, and a little."""


def _rules() -> list[dict]:
    files = observability.rules().values()
    return [rule for text in files for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


@pytest.fixture(scope="session")
def alerts() -> list[dict]:
    """All alerting rules."""
    return [rule for rule in _rules() if "alert" in rule]


@pytest.fixture(scope="session")
def records() -> dict[str, str]:
    """All recording rules: name and expression."""
    return {rule["record"]: rule["expr"] for rule in _rules() if "record" in rule}


def _recorded(world: World) -> Engine:
    """An engine over the world's series and what the recording rules make of them, minute by minute."""
    store = SampleStore()
    engine = Engine(Joined(world.series, store))
    for rule in _rules():
        if "record" not in rule:
            continue
        name, expression = rule["record"], rule["expr"]
        matrix = engine.range(expression, world.now - BACK, world.now, MINUTE)
        for row, labels in enumerate(matrix.labels):
            there = matrix.present[row]
            pairs = [(NAME, name), *((key, value) for key, value in labels if key != NAME)]
            store.append(Labels(pairs), matrix.times[there], matrix.values[row][there])
    return engine


@pytest.fixture(scope="session")
def healthy() -> tuple[World, Engine]:
    """A world in which nothing is wrong, and an engine for it."""
    world = World(1)
    return world, _recorded(world)


@pytest.fixture(scope="session")
def lived() -> Callable[[str, int], tuple[World, Engine]]:
    """``lived(scenario, seed)``: the world of a scenario and an engine for it."""

    def live(scenario: str, seed: int) -> tuple[World, Engine]:
        world = World(seed, EPOCH, Staging(load(scenario)))
        return world, _recorded(world)

    return live


@pytest.fixture(scope="session")
def firing(alerts: list[dict]) -> Callable[[World, Engine], dict[str, list[dict[str, str]]]]:
    """``firing(world, engine)``: the alerts whose expression has held for their ``for``, with the labels of each."""

    def find(world: World, engine: Engine) -> dict[str, list[dict[str, str]]]:
        found = {}
        for alert in alerts:
            matrix = engine.range(alert["expr"], world.now - _duration(alert.get("for", "0s")), world.now, MINUTE)
            held = [dict(labels) for labels, there in zip(matrix.labels, matrix.present, strict=True) if np.all(there)]
            if held:
                found[alert["alert"]] = held
        return found

    return find


def _duration(text: str) -> int:
    return int(text[:-1]) * {"s": 1000, "m": MINUTE, "h": 60 * MINUTE}[text[-1]]
