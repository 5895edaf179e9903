"""The agent on every node that ships logs to Loki: what containers write, and Kubernetes' events.

It stands for Vector with its ``kubernetes_logs`` source and ``loki`` sink. A stream's labels are few and of
few values, as Loki wants them: ``namespace``, ``app`` (the pod's label), ``pod``, ``container``, ``node``,
``stream`` and ``level``. All else stays in the line. Events have ``job="kubernetes-events"``, ``namespace``
and ``type``.
"""

import re
from functools import lru_cache

import msgspec

from labkit.clock import Clock, Millis
from labkit.kube.kinds import EVENT, POD
from labkit.kube.store import Change, Object, Store
from labkit.signals.labels import Labels
from labkit.signals.logs import LogStore
from labkit.signals.streams import Nanos, StreamStore

EVENTS_JOB = "kubernetes-events"

_NANOS = 1_000_000
_JSON_LEVEL = re.compile(r'"level":"([A-Za-z]+)"')
_PLAIN_LEVEL = re.compile(
    r"\b(TRACE|DEBUG|INFO|LOG|NOTICE|INFORMATION|WARN|WARNING|ERROR|FATAL|PANIC)\b[:>]?", re.IGNORECASE
)
_SAME = {"LOG": "INFO", "NOTICE": "INFO", "INFORMATION": "INFO", "WARNING": "WARN", "PANIC": "FATAL"}
_LOOKED_AT = 96
"""Characters of a plain line among which its level is looked for: it stands near the beginning."""


class Collector:
    """Follows ``logs`` and the events of ``store``, and writes them to ``streams`` as they come.

    It follows rather than reads, so neither a restart nor the rotation of a container's log loses a line.
    """

    def __init__(self, store: Store, clock: Clock, logs: LogStore, streams: StreamStore) -> None:
        self._store = store
        self._clock = clock
        self._streams = streams
        self._labels: dict[tuple[str, str, str, str], Labels] = {}
        self._latest: dict[tuple[str, str, str], Nanos] = {}
        """Of each container, the time of its last line: its levels are streams of their own, but it wrote in one order."""
        logs.subscribe(self._written)
        store.subscribe(self._changed)

    def _written(self, namespace: str, pod: str, container: str, time: Millis, line: str) -> None:
        key = (namespace, pod, container, level(line))
        labels = self._labels.get(key)
        if labels is None:
            labels = self._labels[key] = self._described(*key)
        self._latest[key[:3]] = self._ship(labels, time, line, self._latest.get(key[:3]))

    def _described(self, namespace: str, pod: str, container: str, level: str) -> Labels:
        """The labels of a container's lines of one level."""
        found = self._store.find(POD, namespace, pod) or {"metadata": {}, "spec": {}}
        app = found["metadata"].get("labels", {}).get("app", "")
        node = found["spec"].get("nodeName", "")
        return Labels([
            ("namespace", namespace), ("app", app), ("pod", pod), ("container", container), ("node", node),
            ("stream", "stdout"), ("level", level),
        ])  # fmt: skip

    def _changed(self, change: Change) -> None:
        metadata = change.object["metadata"]
        if change.kind == POD and change.type == "DELETED":  # a pod of this name may come again, on another node
            gone = (metadata["namespace"], metadata["name"])
            self._labels = {key: labels for key, labels in self._labels.items() if key[:2] != gone}
        if change.kind == EVENT and change.type != "DELETED":
            labels = Labels([
                ("job", EVENTS_JOB), ("namespace", metadata["namespace"]), ("type", change.object["type"]),
            ])  # fmt: skip
            self._ship(labels, self._clock.now, _event(change.object), self._streams.last(labels))

    def _ship(self, labels: Labels, time: Millis, line: str, last: Nanos | None) -> Nanos:
        """Write a line after ``last``; those of one millisecond lie a nanosecond apart, so that their order is known."""
        at: Nanos = time * _NANOS
        at = at if last is None or at > last else last + 1
        self._streams.write(labels, at, line)
        return at


@lru_cache(4096)
def _named(word: str) -> str:
    word = word.upper()
    return _SAME.get(word, word)


def level(line: str) -> str:
    """The level a line says it has, of a few in capitals (``INFO``, ``ERROR``, …); nothing if it says none."""
    found = _JSON_LEVEL.search(line) if line.startswith("{") else _PLAIN_LEVEL.search(line, 0, _LOOKED_AT)
    return _named(found[1]) if found else ""


def _event(event: Object) -> str:
    """An event as one line of JSON."""
    about = event["involvedObject"]
    return msgspec.json.encode({
        "kind": about["kind"], "name": about["name"], "reason": event["reason"], "type": event["type"],
        "message": event["message"], "count": event["count"], "source": event["source"].get("component", ""),
        "host": event["source"].get("host", ""), "first": event["firstTimestamp"], "last": event["lastTimestamp"],
    }).decode()  # fmt: skip
