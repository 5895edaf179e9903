"""A Prometheus face over a few series, on a socket and without one."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import uvicorn
from starlette.applications import Starlette

from labkit.clock import EPOCH, SECOND
from labkit.kube.request import User
from labkit.promql import Engine
from labkit.sandbox.faces.prometheus import application, respond
from labkit.sandbox.faces.prometheus.call import Reply
from labkit.sandbox.faces.prometheus.pool import QueryPool
from labkit.signals.series import Labels, SeriesStore
from labkit.signals.source import SeriesSource
from labkit.world.actions import Query

NOW = EPOCH + 90 * SECOND

Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="session")
def store() -> SeriesStore:
    """Two targets, one of them down, and a counter of the other."""
    store = SeriesStore()
    store.describe("up", "gauge", "Whether the last scrape succeeded.")
    store.describe("hits_total", "counter", "Hits.")
    block = store.block([
        Labels([("__name__", "up"), ("job", "api"), ("instance", "10.0.0.1:80")]),
        Labels([("__name__", "up"), ("job", "worker"), ("instance", "10.0.0.2:80")]),
        Labels([("__name__", "hits_total"), ("job", "api"), ("instance", "10.0.0.1:80")]),
    ])  # fmt: skip
    for tick in range(7):
        block.append(EPOCH + tick * 15 * SECOND, np.array([1.0, 0.0, tick * 30.0]))
    return store


class Gate:
    """Performs a query as the sandbox does, and remembers it."""

    def __init__(self, source: SeriesSource, concurrent: int = 20) -> None:
        self.seen: list[tuple[str, Query]] = []
        self._engine, self._source = Engine(source), source
        self._pool = QueryPool(concurrent)

    async def perform(self, user: User, action: Query) -> Reply:
        self.seen.append((user.name, action))
        return await self._pool.run(
            lambda arrival: respond(
                self._engine, self._source, lambda: NOW, action.path, action.params, arrival=arrival
            )
        )


@pytest.fixture(scope="session")
def gate(store: SeriesStore) -> Gate:
    return Gate(store)


@pytest.fixture(scope="session")
def url(store: SeriesStore, gate: Gate) -> Iterator[str]:
    with listening(application(Engine(store), store, lambda: NOW, gate)) as address:
        yield address


@pytest.fixture(scope="session")
def serve() -> Callable[[SeriesSource], Any]:
    """The face over other series: a context whose value is the address."""

    def serve(source: SeriesSource, concurrent: int = 20) -> Any:
        return listening(application(Engine(source), source, lambda: NOW, Gate(source, concurrent)))

    return serve


@pytest.fixture(scope="session")
def ask(store: SeriesStore) -> Ask:
    """Ask for a path under ``/api/v1/`` with parameters, without a socket."""

    def ask(path: str, *params: tuple[str, str], source: SeriesSource = store) -> tuple[int, dict[str, Any]]:
        reply = respond(Engine(source), source, lambda: NOW, f"/api/v1/{path}", params)
        return reply.code, json.loads(reply.body)

    return ask


@contextmanager
def listening(app: Starlette) -> Iterator[str]:
    """The address of a server of ``app`` on loopback."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off", timeout_keep_alive=300)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)
