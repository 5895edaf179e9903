"""Events: recorded, counted and forgotten as Kubernetes does it.

Repeated events are counted in one object; after a burst of 25 a source may add one every five
minutes (client-go ``tools/record`` EventSourceObjectSpamFilter); events are kept for one hour
(kube-apiserver ``--event-ttl``).
"""

from labkit.clock import HOUR, MINUTE, Clock, Millis, rfc3339
from labkit.kube.kinds import EVENT
from labkit.kube.store import Object, Store

TTL = HOUR
BURST = 25
REFILL = 5 * MINUTE


class Recorder:
    """Writes events about objects into the store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._counts: dict[tuple[str, str, str], tuple[str, int, Millis]] = {}

    def record(self, about: Object, type_: str, reason: str, message: str, source: str, host: str = "") -> None:
        """Count an event, or make a new one; ``type_`` is ``Normal`` or ``Warning``."""
        now = self._clock.now
        key = (about["metadata"]["uid"], reason, message)
        name, count, last = self._counts.get(key, ("", 0, 0))
        namespace = about["metadata"].get("namespace", "default")
        if name and self._store.find(EVENT, namespace, name):
            if count >= BURST and now - last < REFILL:
                return
            self._store.modify(EVENT, namespace, name, lambda e: e.update(count=count + 1, lastTimestamp=rfc3339(now)))
        else:
            count = 0
            name = self._create(about, namespace, type_, reason, message, source, host)
        self._counts[key] = (name, count + 1, now)
        self._clock.call_later(TTL, lambda: self._expire(key, namespace, name, now))

    def _create(
        self, about: Object, namespace: str, type_: str, reason: str, message: str, source: str, host: str
    ) -> str:
        now = self._clock.now
        metadata = about["metadata"]
        created = self._store.create(
            EVENT,
            {
                "metadata": {"name": f"{metadata['name']}.{now * 1_000_000:x}{self._store.suffix(3)}", "namespace": namespace},
                "involvedObject": {
                    "apiVersion": about["apiVersion"], "kind": about["kind"], "name": metadata["name"],
                    "namespace": namespace, "uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"],
                },
                "type": type_, "reason": reason, "message": message, "count": 1,
                "firstTimestamp": rfc3339(now), "lastTimestamp": rfc3339(now), "eventTime": None,
                "source": {"component": source} | ({"host": host} if host else {}),
                "reportingComponent": source, "reportingInstance": host,
            },
        )  # fmt: skip
        return str(created["metadata"]["name"])

    def _expire(self, key: tuple[str, str, str], namespace: str, name: str, seen: Millis) -> None:
        if self._counts.get(key, ("", 0, 0))[::2] == (name, seen):
            del self._counts[key]
            self._store.delete(EVENT, namespace, name)
