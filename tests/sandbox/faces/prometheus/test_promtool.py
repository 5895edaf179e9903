"""Debian's own ``promtool query`` asks the face."""

import shutil
import subprocess

import pytest

from labkit.clock import EPOCH, SECOND
from tests.sandbox.faces.conftest import NOW

pytestmark = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (Debian's prometheus) is not there")


def promtool(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["promtool", "query", *arguments], capture_output=True, text=True, timeout=30, check=False)


def test_instant(url: str) -> None:
    got = promtool("instant", url, 'up{job="api"}', f"--time={NOW // SECOND}")
    assert got.stdout == f'up{{instance="10.0.0.1:80", job="api"}} => 1 @[{NOW // SECOND}]\n', got.stderr


def test_range(url: str) -> None:
    start, end = str(EPOCH // SECOND), str(EPOCH // SECOND + 30)
    got = promtool("range", url, "sum(hits_total)", f"--start={start}", f"--end={end}", "--step=15s")
    assert got.stdout.splitlines() == ["{} =>"] + [
        f"{value} @[{EPOCH // SECOND + offset}]" for offset, value in ((0, 0), (15, 30), (30, 60))
    ], got.stderr


def test_series(url: str) -> None:
    got = promtool("series", url, "--match=up", f"--start={EPOCH // SECOND}", f"--end={NOW // SECOND}")
    assert got.stdout.splitlines() == [
        '{__name__="up", instance="10.0.0.1:80", job="api"}', '{__name__="up", instance="10.0.0.2:80", job="worker"}',
    ], got.stderr  # fmt: skip


def test_labels(url: str) -> None:
    got = promtool("labels", url, "job")
    assert got.stdout.splitlines() == ["api", "worker"], got.stderr


def test_an_error_is_told(url: str) -> None:
    got = promtool("instant", url, "up(")
    assert got.returncode == 1
    assert "parse error" in got.stderr


def test_metrics_are_in_order(url: str) -> None:
    import httpx

    text = httpx.get(f"{url}/metrics").text
    got = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=30, check=False
    )
    assert got.returncode == 0, got.stderr + got.stdout
