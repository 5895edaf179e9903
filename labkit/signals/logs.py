"""Log lines by stream: what each container wrote, in the order of time."""

import bisect
import hashlib
from collections import deque
from collections.abc import Callable
from itertools import islice

from labkit.clock import Millis

LIMIT = 20_000
"""Lines kept per container run: what a kubelet's log rotation would leave to ``kubectl logs``."""


Listener = Callable[[str, str, str, Millis, str], None]
"""Hears of each line that is written: namespace, pod, container, time, line."""


class LogStore:
    """Append-only lines of ``(namespace, pod, container)``, the present run and the one before."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str, str], list[deque[tuple[Millis, str]]]] = {}
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        """Call ``listener`` with every line from now on: what is rotated away here may be kept elsewhere."""
        self._listeners.append(listener)

    def begin(self, namespace: str, pod: str, container: str) -> None:
        """A container's process starts: what it wrote before becomes its previous run."""
        runs = self._runs.setdefault((namespace, pod, container), [])
        runs.append(deque(maxlen=LIMIT))
        del runs[:-2]

    def write(self, namespace: str, pod: str, container: str, time: Millis, line: str) -> None:
        """Add a line to the present run; times must not fall."""
        self._runs[namespace, pod, container][-1].append((time, line))
        for listener in self._listeners:
            listener(namespace, pod, container, time, line)

    def lines(self, namespace: str, pod: str, container: str, previous: bool = False) -> list[tuple[Millis, str]]:
        """All kept lines of the present or the previous run, oldest first."""
        runs = self._runs.get((namespace, pod, container), [])
        wanted = runs[:-1] if previous else runs
        return list(wanted[-1]) if wanted else []

    def since(self, namespace: str, pod: str, container: str, time: Millis) -> list[tuple[Millis, str]]:
        """The lines of the present run at or after ``time``."""
        runs = self._runs.get((namespace, pod, container))
        if not runs:
            return []
        first = bisect.bisect_left(runs[-1], time, key=lambda line: line[0])
        return list(islice(runs[-1], first, None))

    def digest(self) -> bytes:
        """A hash of every kept line."""
        digest = hashlib.sha256()
        for stream in sorted(self._runs):
            digest.update(repr((stream, [list(run) for run in self._runs[stream]])).encode())
        return digest.digest()
