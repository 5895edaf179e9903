"""Faults: each changes a cause in a world and returns the name of what it struck.

A fault never writes a symptom. Symptoms follow in kubelet, twin and engines.
"""

import random
from collections.abc import Callable
from typing import Any

from labkit.clock import SECOND
from labkit.kube.runtime import Exit
from labkit.kube.store import Object
from labkit.twin.causes import Crash
from labkit.world.world import World

Fault = Callable[[World, random.Random, dict[str, Any]], str]


def container_crash(world: World, chance: random.Random, parameters: dict[str, Any]) -> str:
    """One pod's process ends soon after each start, because of what lies on its volume."""
    pod = _any_pod(world, chance, parameters["app"])
    exit_ = Exit(after=chance.randint(1, 4) * SECOND, code=parameters["exit_code"])
    lines = tuple((line["level"], line["message"]) for line in parameters["lines"])
    uid = pod["metadata"]["uid"]
    world.system.causes.change(crashes={**world.system.causes.crashes, uid: Crash(exit_, lines)})
    world.kubelet.end(pod, Exit(after=0, code=parameters["exit_code"]))
    return str(pod["metadata"]["name"])


def memory_kill(world: World, chance: random.Random, parameters: dict[str, Any]) -> str:
    """The kernel kills one container for its memory, once; it comes back and stays well."""
    pod = _any_pod(world, chance, chance.choice(parameters["apps"]))
    world.system.logbook.write(pod, "WARN", "dataset shard does not fit the batch buffer, growing it")
    world.kubelet.end(pod, Exit(after=0, code=137, reason="OOMKilled"))
    return str(pod["metadata"]["name"])


def cache_password_rotated(world: World, chance: random.Random, parameters: dict[str, Any]) -> str:
    """Redis got a new password; the research API still holds the old one."""
    world.system.causes.change(cache_password_valid=False)
    return "llm-research-api"


def database_stopped(world: World, chance: random.Random, parameters: dict[str, Any]) -> str:
    """PostgreSQL's postmaster is gone while its container runs on."""
    postgres = world.system.pods("postgres")[0]
    for message in parameters["lines"]:
        world.system.logbook.write(postgres, "LOG:", message)
    world.system.causes.change(database_accepting=False)
    return str(postgres["metadata"]["name"])


def topic_deleted(world: World, chance: random.Random, parameters: dict[str, Any]) -> str:
    """Somebody deleted a topic."""
    topic = str(chance.choice(parameters["topics"]))
    world.system.brokers.delete_topic(topic)
    world.system.causes.change()
    return topic


def _any_pod(world: World, chance: random.Random, app: str) -> Object:
    return chance.choice(sorted(world.system.pods(app), key=lambda pod: str(pod["metadata"]["name"])))


FAULTS: dict[str, Fault] = {
    "container-crash": container_crash,
    "memory-kill": memory_kill,
    "cache-password-rotated": cache_password_rotated,
    "database-stopped": database_stopped,
    "topic-deleted": topic_deleted,
}
