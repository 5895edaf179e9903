"""The threads in which queries are evaluated: so many at a time, and the rest waits (``--query.max-concurrency``)."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from labkit.promql.limits import interruptible
from labkit.sandbox.faces.prometheus.call import Reply

CONCURRENT = 4
"""Queries that are evaluated at a time. Upstream has 20; threads that share an interpreter gain nothing by more, and
each may hold as many samples as a query may."""

Arrival = float
"""When a request came, in seconds of the monotonic clock: its time limit counts from there."""


class QueryPool:
    """Threads for queries."""

    def __init__(self, size: int = CONCURRENT) -> None:
        self._threads = ThreadPoolExecutor(size, "promql")
        self._closing = threading.Event()

    async def run(self, work: Callable[[Arrival], Reply]) -> Reply:
        """The reply that ``work`` makes in a thread; it is told when the request came."""
        arrival = time.monotonic()
        with interruptible(self._closing.is_set):
            context = copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._threads, context.run, work, arrival)

    def close(self) -> None:
        """Interrupt what runs, and begin nothing more."""
        self._closing.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
