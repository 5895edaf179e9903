"""What a kubelet asks of the containers it runs: the port by which a cluster gets its behaviour.

The kubelet owns life cycles (back-off, readiness, status); whoever implements :class:`Runtime`
owns causes (why a process ends, why a probe fails).
"""

from dataclasses import dataclass
from typing import Protocol

from labkit.clock import Millis
from labkit.kube.store import Object


@dataclass(frozen=True)
class Exit:
    """How a container's process ends: ``after`` milliseconds, with ``code`` and ``reason``.

    ``reason`` is a container status reason: ``Error``, ``OOMKilled`` or ``Completed``.
    """

    after: Millis
    code: int
    reason: str = "Error"


@dataclass(frozen=True)
class Probe:
    """The result of a readiness probe; ``message`` is what the kubelet's event says."""

    ready: bool
    message: str = ""


class Runtime(Protocol):
    """Behaviour of the processes in containers."""

    def started(self, pod: Object, container: str) -> Exit | None:
        """A container's process starts; how it is going to end by itself, or ``None``."""

    def probe(self, pod: Object, container: str) -> Probe:
        """What a readiness probe of the container finds now."""
