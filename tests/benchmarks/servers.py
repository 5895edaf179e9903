"""The servers that are measured: ours, in a process of its own, and Debian's Prometheus, if it is installed."""

import asyncio
import contextlib
import multiprocessing
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import uvicorn

from labkit.clock import Millis
from labkit.kube.request import User
from labkit.promql import Engine
from labkit.sandbox.faces.prometheus import application, respond
from labkit.sandbox.faces.prometheus.call import Reply
from labkit.signals.series import SeriesStore
from labkit.world.actions import Query
from tests.benchmarks.workload import Workload, openmetrics, stored, workload

PATIENCE = 60.0
"""Seconds a server may take to be ready."""


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def ready(url: str) -> None:
    """Wait until a server is."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/-/ready", timeout=5).status_code == 200:
                return
        time.sleep(0.05)
    raise TimeoutError(f"{url} is not ready after {PATIENCE:.0f} seconds")


@contextlib.contextmanager
def ours(instances: int, hours: float) -> Iterator[str]:
    """The address of our server over the workload."""
    port = free_port()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(instances, hours, port), daemon=True)
    process.start()
    try:
        ready(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join(10)


@contextlib.contextmanager
def theirs(work: Workload) -> Iterator[str | None]:
    """The address of a Prometheus over the same workload; ``None`` where none is installed."""
    if not (shutil.which("prometheus") and shutil.which("promtool")):
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        backfill(work, Path(folder))
        with prometheus(Path(folder), "{}\n") as url:
            yield url


def backfill(work: Workload, folder: Path) -> None:
    """Make the blocks of a Prometheus of the workload."""
    text = folder / "workload.om"
    with text.open("w") as out:
        out.writelines(openmetrics(work))
    made = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(folder / "data")]
    subprocess.run(made, check=True, capture_output=True, timeout=300)
    text.unlink()


@contextlib.contextmanager
def prometheus(folder: Path, configuration: str) -> Iterator[str]:
    """The address of a Prometheus whose data lie in ``folder``; it ends with the context."""
    port = free_port()
    (folder / "prometheus.yml").write_text(configuration.replace("PORT", str(port)))
    process = subprocess.Popen(
        [
            "prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=100y", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        ready(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


class _Gate:
    """Performs queries in threads, as the sandbox does."""

    def __init__(self, store: SeriesStore, now: Millis) -> None:
        self._engine, self._store, self._now = Engine(store), store, now

    async def perform(self, _: User, action: Query) -> Reply:
        return await asyncio.to_thread(
            respond, self._engine, self._store, lambda: self._now, action.path, action.params
        )


def _serve(instances: int, hours: float, port: int) -> None:
    work = workload(instances, hours)
    store = stored(work)
    app = application(Engine(store), store, lambda: work.end, _Gate(store, work.end))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off", timeout_keep_alive=300)
