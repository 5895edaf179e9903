"""What containers write reaches the log streams, whole and with its labels."""

import orjson
import pytest

from labkit.clock import EPOCH, HOUR, MINUTE
from labkit.kube.kinds import POD
from labkit.logql import Engine, Vector
from labkit.scenarios.scenario import load
from labkit.scenarios.staging import Staging
from labkit.signals.labels import Labels
from labkit.signals.logs import LIMIT, LogStore
from labkit.world.collector import level
from labkit.world.world import World

MS = 10**6


@pytest.fixture(scope="module")
def world() -> World:
    return World(7)


def count(world: World, query: str) -> dict[str, float]:
    found = Engine(world.streams).instant(query, world.now * MS)
    assert isinstance(found, Vector)
    return {str(labels): value for labels, value in zip(found.labels, found.values.tolist(), strict=True)}


def test_six_hours_of_logs_are_there_when_a_world_begins(world: World) -> None:
    found = Engine(world.streams).lines(
        '{app="llm-research-api"} |= "ERROR"', (world.now - 6 * HOUR) * MS, world.now * MS
    )
    assert found.count == 100
    for labels, entries in zip(found.labels, found.entries, strict=True):
        assert set(dict(labels)) == {"app", "container", "level", "namespace", "node", "pod", "stream"}
        assert labels.get("level") == "ERROR"
        assert all(orjson.loads(line)["level"] == "ERROR" for _, line in entries)
    assert count(world, 'sum(count_over_time({app="llm-research-api"}[6h] offset 5h))')["{}"] > 200


def test_the_node_is_the_pods(world: World) -> None:
    pods = {pod["metadata"]["name"]: pod["spec"]["nodeName"] for pod in world.store.list(POD)}
    found = world.streams.streams([], 0, 2**62)
    assert {labels.get("pod"): labels.get("node") for labels in found if labels.get("pod")} == pods


def test_streams_hold_what_the_kubelet_holds_in_its_order(world: World) -> None:
    for pod in world.store.list(POD):
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        kept = world.logs.lines(namespace, name, pod["spec"]["containers"][0]["name"])
        found = Engine(world.streams).lines(f'{{pod="{name}"}}', 0, 2**62, limit=10**6, forward=True)
        shipped = sorted((pair for entries in found.entries for pair in entries), key=lambda pair: pair[0])
        assert [(time // MS, line) for time, line in shipped] == kept


def test_lines_a_kubelet_rotated_away_stay(world: World) -> None:
    logs, heard = LogStore(), []
    logs.subscribe(lambda *line: heard.append(line))
    logs.begin("n", "p", "c")
    for number in range(LIMIT + 10):
        logs.write("n", "p", "c", number, str(number))
    assert len(logs.lines("n", "p", "c")) == LIMIT
    assert [line[-1] for line in heard] == [str(number) for number in range(LIMIT + 10)]


def test_a_crash_loop_keeps_the_lines_of_every_run_and_its_events() -> None:
    staging = Staging(load("worker-crash-loop"))
    world = World(7, EPOCH, staging)
    pod = staging.truth.object
    starts = count(world, f'sum(count_over_time({{pod="{pod}"}}[6h]))')["{}"]
    assert starts > 10
    found = Engine(world.streams).lines(f'{{pod="{pod}"}} | json', 0, 2**62, limit=10**6)
    said = sorted((time, line) for entries in found.entries for time, line in entries)
    crash = next(index for index, (_, line) in enumerate(said) if "panicked" in line)
    assert ["starting" in said[crash - 2][1], "restoring" in said[crash - 1][1]] == [True, True], (
        "it says why in its order"
    )
    told = Engine(world.streams).lines(f'{{job="kubernetes-events", type="Warning"}} | json | name="{pod}"', 0, 2**62)
    assert told.count
    assert {labels.get("reason") for labels in told.labels} >= {"BackOff"}


def test_times_within_a_stream_differ(world: World) -> None:
    for stream in world.streams.select([], 0, 2**62):
        assert (stream.times[1:] > stream.times[:-1]).all()


def test_reading_changes_nothing() -> None:
    one, other = World(3), World(3)
    assert one.streams.digest() == other.streams.digest()
    Engine(one.streams).lines('{app=~".+"} | json | label_format app="x"', 0, 2**62)
    one.clock.advance(one.now + 10 * MINUTE)
    other.clock.advance(other.now + 10 * MINUTE)
    assert one.digest() == other.digest()
    assert one.streams.digest() == other.streams.digest()


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('{"timestamp":"x","level":"WARN","message":"level ERROR"}', "WARN"), ('{"message":"none"}', ""),
        ("2025-11-28T12:00:00.000000Z LOG: database system is ready", "INFO"),
        ("2025-11-28T12:00:00.000000Z <Information> Application: Ready", "INFO"),
        ("2025-11-28T12:00:00.000000Z FATAL: password", "FATAL"), ("x * Ready to accept connections tcp", ""),
        ("2025-11-28T12:00:00.000000Z Warning: x", "WARN"),
    ],
)  # fmt: skip
def test_a_line_says_its_level(line: str, word: str) -> None:
    assert level(line) == word


def test_labels_are_of_few_values(world: World) -> None:
    assert len(world.streams.streams([], 0, 2**62)) < 40
    assert Labels([("app", "redis")]).get("app") in {
        labels.get("app") for labels in world.streams.streams([], 0, 2**62)
    }
