"""``kubectl logs`` in a recording: a container's lines, from the log streams that were recorded."""

from typing import Any

from labkit.clock import Millis, parse_rfc3339
from labkit.errors import ClockError
from labkit.kube.kinds import POD
from labkit.kube.store import Store
from labkit.signals.matcher import Match, Matcher
from labkit.signals.parquet import EVER
from labkit.signals.source import StreamSource

_NANOS = 1_000_000
"""Nanoseconds of a millisecond."""


class RecordedLogs:
    """Tells a container's present run from the one before by when the pod's status says that it started."""

    def __init__(self, streams: StreamSource, store: Store) -> None:
        self._streams = streams
        self._store = store

    def lines(self, namespace: str, pod: str, container: str, previous: bool = False) -> list[tuple[Millis, str]]:
        """The lines of the present or the previous run, oldest first, from streams with these three labels."""
        labels = {"namespace": namespace, "pod": pod, "container": container}
        matchers = [Matcher(name, Match.EQUAL, value) for name, value in labels.items()]
        begun = self._begun(namespace, pod, container)
        start, end = (EVER[0], begun) if previous else (begun, EVER[1])
        found = self._streams.select(matchers, start, end)
        merged = sorted(
            (pair for one in found for pair in zip(one.times.tolist(), one.lines, strict=True)),
            key=lambda pair: pair[0],
        )
        return [(time // _NANOS, line) for time, line in merged]

    def _begun(self, namespace: str, pod: str, container: str) -> int:
        """When the present run (or the last, of a container that waits) began, in nanoseconds."""
        status = _status(self._store.find(POD, namespace, pod) or {}, container)
        state, last = status.get("state") or {}, status.get("lastState") or {}
        run = state.get("running") or state.get("terminated") or last.get("terminated") or {}
        try:
            return parse_rfc3339(run["startedAt"]) * _NANOS
        except (KeyError, ClockError):
            return EVER[0]


def _status(pod: dict[str, Any], container: str) -> dict[str, Any]:
    found = pod.get("status", {})
    statuses = (*found.get("initContainerStatuses", ()), *found.get("containerStatuses", ()))
    return next((one for one in statuses if one["name"] == container), {})
