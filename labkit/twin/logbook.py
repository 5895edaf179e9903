"""How the processes of LLM-Research-Lab log: structured JSON for its own, plain text for others."""

import msgspec

from labkit.clock import Clock, rfc3339
from labkit.kube.store import Object
from labkit.signals.logs import LogStore

SERVICES = {"llm-research-api": "llm_research_api", "experiment-worker": "experiment_worker"}
"""Apps that log JSON (Rust's ``tracing`` with a JSON layer), by their crate's name."""


class Logbook:
    """Writes log lines of pods at the present time."""

    def __init__(self, logs: LogStore, clock: Clock) -> None:
        self._logs = logs
        self._clock = clock

    def begin(self, pod: Object, container: str) -> None:
        """The container's process starts, with an empty log."""
        metadata = pod["metadata"]
        self._logs.begin(metadata["namespace"], metadata["name"], container)

    def write(self, pod: Object, level: str, message: str, **fields: str | float) -> None:
        """One line of the pod's first container, in its app's own format."""
        metadata, container = pod["metadata"], pod["spec"]["containers"][0]["name"]
        now = self._clock.now
        crate = SERVICES.get(metadata["labels"]["app"])
        line = _json(rfc3339(now, micros=True), level, crate, message, fields) if crate else f"{level} {message}"
        if not crate:
            line = f"{rfc3339(now, micros=True)} {line}"
        self._logs.write(metadata["namespace"], metadata["name"], container, now, line)


def _json(time: str, level: str, target: str, message: str, fields: dict[str, str | int | float]) -> str:
    record = {"timestamp": time, "level": level, "target": target, "message": message, **fields}
    return msgspec.json.encode(record).decode()
