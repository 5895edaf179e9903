"""The processes in the containers: how they start, whether they are ready, and how they end."""

from labkit.kube.runtime import Exit, Probe
from labkit.kube.store import Object
from labkit.twin.causes import Causes
from labkit.twin.logbook import Logbook

GREETINGS = {
    "llm-research-api": ("INFO", "listening on 0.0.0.0:8080"),
    "experiment-worker": ("INFO", "joined consumer group experiment-processor-v1"),
    "kafka": ("INFO", "[KafkaRaftServer] Kafka Server started"),
    "postgres": ("LOG:", "database system is ready to accept connections"),
    "clickhouse": ("<Information>", "Application: Ready for connections."),
    "redis": ("*", "Ready to accept connections tcp"),
}


class Processes:
    """Implements the kubelet's :class:`~labkit.kube.runtime.Runtime` from the present causes."""

    def __init__(self, causes: Causes, logbook: Logbook) -> None:
        self._causes = causes
        self._logbook = logbook

    def started(self, pod: Object, container: str) -> Exit | None:
        """Log the start; a pod with a crash in its causes logs that and ends."""
        self._logbook.begin(pod, container)
        crash = self._causes.crashes.get(pod["metadata"]["uid"])
        if crash is None:
            self._logbook.write(pod, *GREETINGS[pod["metadata"]["labels"]["app"]])
            return None
        for level, message in crash.lines:
            self._logbook.write(pod, level, message)
        return crash.exit

    def probe(self, pod: Object, container: str) -> Probe:
        """The readiness probe of the manifest, answered by what the process depends on."""
        app = pod["metadata"]["labels"]["app"]
        if app == "llm-research-api" and (failing := failing_checks(self._causes)):
            self._logbook.write(pod, "ERROR", "readiness check failed", **failing)
            return Probe(False, "Readiness probe failed: HTTP probe failed with statuscode: 503")
        if app == "postgres" and not self._causes.database_accepting:
            return Probe(False, "Readiness probe failed: /var/run/postgresql:5432 - no response")
        return Probe(True)


def failing_checks(causes: Causes) -> dict[str, str]:
    """The checks of the API's ``/health/ready`` that fail, each with its error."""
    failing = {}
    if not causes.database_accepting:
        failing["database"] = "database connection timeout"
    if not causes.cache_password_valid:
        failing["redis"] = "WRONGPASS invalid username-password pair or user is disabled."
    return failing
