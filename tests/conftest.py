"""What holds for every test."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("labkit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("labkit")


def pytest_configure() -> None:
    """Take SIGINT back: a runner in the background hands it on ignored, and Ctrl-C is among what is tested."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Others' test scripts and real data, in ``shared`` beside the clone or where LABKIT_SHARED says, if they are there.

    ``shared("peers/promqltest-3.5.3")`` is a path, or skips the test.
    """
    root = Path(os.environ.get("LABKIT_SHARED") or Path(__file__).parents[2] / "shared")

    def find(name: str) -> Path:
        if not (root / name).exists():
            pytest.skip(f"{name} is not beside the repository, nor under LABKIT_SHARED")
        return root / name

    return find
