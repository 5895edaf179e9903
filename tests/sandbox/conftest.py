"""A sandbox as people meet it: a process of its own, found by its endpoints, used by real clients."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labkit import endpoints, settings
from labkit.sandbox import lifecycle
from labkit.sandbox.options import Options
from labkit.scenarios.exercise import scenario_of, world_seed

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def trainee_of(scenario: str) -> str:
    """A trainee whose exercise 1 holds the scenario."""
    names = (f"t{n}" for n in range(500))
    return next(t for t in names if scenario_of("exercise-1", world_seed("exercise-1", t)).id == scenario)


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Run]]:
    """Start a sandbox that holds a scenario (once), and give the way to run a shell line in it."""
    homes: dict[str, Path] = {}

    def start(scenario: str) -> Run:
        if scenario not in homes:
            folder = tmp_path_factory.mktemp(scenario)
            settled = settings.load(home=folder, trainee=trainee_of(scenario), clock="manual")
            options = Options.of(settled, exercise="exercise-1", journal=folder / "journal.jsonl")
            lifecycle.start(options)
            homes[scenario] = options.home
        return shell(homes[scenario])

    yield start
    for home in homes.values():
        lifecycle.stop(home)


def shell(home: Path) -> Run:
    """Run a line in a shell whose environment is that of ``labkit env``."""
    published = endpoints.read(home)
    assert published is not None
    environ = {**os.environ, **endpoints.environment(home, published), "HOME": str(home)}

    def run(line: str, *, stdin: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["bash", "-c", line], input=stdin, capture_output=True, text=True, timeout=60, env={**environ, **more},
            check=False,
        )  # fmt: skip

    return run


@pytest.fixture(scope="session")
def healthy(start: Callable[[str], Run]) -> Run:
    """A shell in a healthy sandbox."""
    return start("healthy")
