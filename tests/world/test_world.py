"""A world is its seed and what was done to it: nothing else, and nothing less."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.clock import EPOCH, HOUR, MINUTE, SECOND
from labkit.kube.controllers.workloads import is_ready
from labkit.kube.kinds import POD
from labkit.promql import Engine
from labkit.scenarios.scenario import load
from labkit.scenarios.staging import Staging
from labkit.signals.matcher import Match, Matcher
from labkit.world.world import SCRAPE, World


def staged(name: str, seed: int = 7) -> tuple[World, Staging]:
    staging = Staging(load(name))
    return World(seed, EPOCH, staging), staging


def value(world: World, query: str) -> float:
    return float(Engine(world.series).instant(query, world.now).values.sum())  # type: ignore[union-attr]


def test_the_same_seed_gives_the_same_world_and_another_another() -> None:
    digests = [staged("worker-crash-loop", seed)[0].digest() for seed in (7, 7, 8)]
    assert digests[0] == digests[1] != digests[2]


@settings(max_examples=8, deadline=None)
@given(stops=st.lists(st.integers(1, 10 * MINUTE), max_size=8))
def test_how_often_one_looks_changes_nothing(stops: list[int]) -> None:
    often, once = World(11), World(11)
    for stop in stops:
        often.clock.advance(often.now + stop)
    once.clock.advance(once.now + sum(stops))
    assert often.digest() == once.digest()


def test_a_world_has_lived_when_it_begins() -> None:
    world = World(1)
    assert all(is_ready(pod) for pod in world.store.list(POD))
    assert value(world, "count_over_time(up[6h])") > 1400
    assert value(world, "sum(rate(api_request_total[5m]))") > 20
    assert value(world, "sum(increase(api_request_total[5m]))") == pytest.approx(
        value(world, "sum(increase(api_request_duration_seconds_count[5m]))")
    )


def test_a_crash_loop_shows_in_pod_events_and_metrics() -> None:
    world, staging = staged("worker-crash-loop")
    pods = {pod["metadata"]["name"]: pod for pod in world.store.list(POD)}
    assert staging.truth.object in pods
    assert not is_ready(pods[staging.truth.object])
    assert sum(not is_ready(pod) for pod in pods.values()) == 1
    restarts = f'kube_pod_container_status_restarts_total{{pod="{staging.truth.object}"}}'
    assert value(world, f"increase({restarts}[3h])") > 3
    assert value(world, 'kube_deployment_status_replicas_available{deployment="experiment-worker"}') == 3


def test_a_refusing_database_takes_the_api_with_it() -> None:
    world, _ = staged("postgres-refusing")
    down = {pod["metadata"]["labels"]["app"] for pod in world.store.list(POD) if not is_ready(pod)}
    assert down == {"postgres", "llm-research-api"}
    assert value(world, "pg_up") == 0
    assert value(world, "sum(rate(api_request_total[5m]))") == 0
    assert value(world, 'rate(nginx_ingress_controller_requests{status="503"}[5m])') > 20


def test_a_missing_topic_fails_what_needs_it_and_nothing_else() -> None:
    for seed in range(20):
        world, staging = staged("topic-missing", seed)
        assert all(is_ready(pod) for pod in world.store.list(POD))
        failing = value(world, 'sum(rate(api_request_total{status="503"}[5m]))') > 0
        assert failing == (staging.truth.object == "experiments")
        if failing:
            return
    pytest.fail("no seed of twenty deleted the topic experiments")


def test_a_restart_within_the_day_leaves_everything_well() -> None:
    world, staging = staged("pod-restarted")
    pod = next(pod for pod in world.store.list(POD) if pod["metadata"]["name"] == staging.truth.object)
    state = pod["status"]["containerStatuses"][0]
    assert is_ready(pod)
    assert state["lastState"]["terminated"]["reason"] == "OOMKilled"
    assert staging.truth.onset is not None
    assert 30 * MINUTE < world.start - staging.truth.onset < 6 * HOUR


def test_healthy_worlds_may_hold_an_old_restart() -> None:
    counts = [
        sum(pod["status"]["containerStatuses"][0]["restartCount"] for pod in staged("healthy", seed)[0].store.list(POD))
        for seed in range(8)
    ]
    assert set(counts) == {0, 1}


def test_time_goes_on_in_seconds_too() -> None:
    world = World(2)
    world.clock.advance(world.now + SECOND)
    assert world.now == EPOCH + SECOND


def test_series_are_kept_for_the_retention_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.world.world.RETENTION", 2 * HOUR)
    world = World(1, EPOCH)
    world.clock.advance(world.now + HOUR)
    ups = world.series.select((Matcher("__name__", Match.EQUAL, "up"),), 0, world.now)
    oldest = min(int(one.times[0]) for one in ups)
    assert world.now - 3 * HOUR - SCRAPE <= oldest <= world.now - 2 * HOUR


def test_whatever_is_scraped_has_an_up() -> None:
    world = World(2)
    scraped = world.series.select((Matcher("job", Match.NOT_EQUAL, ""),), world.now, world.now)
    targets = {one.labels.only(("job", "instance")) for one in scraped}
    assert targets == {one.labels.only(("job", "instance")) for one in scraped if one.labels.name == "up"}
    assert value(world, 'up{job="blackbox-http"}') == 2.0


def test_the_network_is_the_pods_and_goes_on_when_its_container_starts_again() -> None:
    world, _ = staged("worker-crash-loop")
    fallen = {
        one.labels.name
        for one in world.series.select((Matcher("__name__", Match.REGEX, "container_.*_total"),), 0, world.now)
        if (np.diff(one.values[~np.isnan(one.values)]) < 0).any()
    }
    assert "container_cpu_usage_seconds_total" in fallen
    assert not [name for name in fallen if "network" in name]
