"""Staging: a scenario laid into a world, and the truth about it."""

import random

import msgspec

from labkit.clock import DAY, MINUTE, Millis
from labkit.kube.runtime import Exit
from labkit.scenarios.faults import FAULTS
from labkit.scenarios.scenario import Injection, Scenario
from labkit.world.world import World


class Truth(msgspec.Struct, kw_only=True):
    """What is really the matter: known to graders, never served to a trainee."""

    scenario: str
    component: str
    object: str | None = None
    onset: Millis | None = None


class Staging:
    """Lays ``scenario`` into the world it is given, and remembers what it struck."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self.truth = Truth(scenario=scenario.id, component=scenario.component)

    def __call__(self, world: World) -> None:
        """Plan the scenario's faults at their onsets, and a restart long ago that means nothing."""
        chance = random.Random(f"{world.seed}/scenario/{self._scenario.id}")
        for injection in self._scenario.inject:
            onset = injection.when(world.start, chance)
            world.clock.call_at(onset, lambda i=injection, t=onset: self._strike(world, chance, i, t))  # type: ignore[misc]
        self._old_restart(world, random.Random(f"{world.seed}/scenario/old-restart"))

    def _strike(self, world: World, chance: random.Random, injection: Injection, onset: Millis) -> None:
        self.truth.object = FAULTS[injection.fault](world, chance, injection.parameters)
        self.truth.onset = onset

    @staticmethod
    def _old_restart(world: World, chance: random.Random) -> None:
        """A red herring in half of the worlds: one pod restarted days ago, and is well since."""
        if chance.random() < 0.5:
            pods = world.system.pods(chance.choice(["experiment-worker", "kafka", "clickhouse"]))
            pod = chance.choice(sorted(pods, key=lambda pod: str(pod["metadata"]["name"])))
            when = world.start - chance.randint(3 * DAY, 8 * DAY) // MINUTE * MINUTE
            world.clock.call_at(when, lambda: world.kubelet.end(pod, Exit(after=0, code=1)))
