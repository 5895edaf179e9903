"""The server of a recording: the faces of what was recorded, at the time where it ends."""

import os

from labkit import endpoints
from labkit.clock import Millis, rfc3339
from labkit.control import CheckReport, Now, Status, Value
from labkit.endpoints import Endpoints
from labkit.errors import SandboxError
from labkit.sandbox import kubeconfig, toolbox
from labkit.sandbox.faces import alertmanager, control, jaeger, kubernetes, loki, prometheus
from labkit.sandbox.listeners import Faces, Listeners, wall
from labkit.sandbox.options import Options
from labkit.sandbox.recorded.gate import READER, ReadingGate
from labkit.sandbox.recorded.recording import Recording
from labkit.signals.dataset import Dataset


class RecordedServer(Listeners):
    """One recording with its listeners; also what the control face controls."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        assert options.recorded is not None
        self._folder = options.recorded
        self._recording = Recording(Dataset.open(self._folder))
        self._gate = ReadingGate(self._recording)

    def _faces(self) -> Faces:
        """The faces of what was recorded."""
        recording, gate = self._recording, self._gate
        cluster = self._authority.issue("127.0.0.1", "localhost", "kubernetes")
        more = recording.rules.endpoints
        alerts: Faces = {"alertmanager": (alertmanager.application(gate, wall), None)}
        return {
            "kubernetes": (kubernetes.application(recording.api, gate, {self._bearer: READER}), cluster),
            "prometheus": (prometheus.application(recording.promql, recording.metrics, gate.now, gate, more), None),
            "loki": (loki.application(recording.streams, gate.now, gate), None),
            "jaeger": (jaeger.application(gate), None),
            **(alerts if recording.rules.alertmanager else {}),
            "control": (control.application(self, self._token), None),
        }

    async def _close(self) -> None:
        self._gate.close()

    def _announce(self, ports: dict[str, int]) -> None:
        """Write kubeconfig, tools and, last, the endpoints, which say that all is ready."""
        home = self.options.home
        alerts = f"http://127.0.0.1:{ports['alertmanager']}" if "alertmanager" in ports else None
        config = home / "kubeconfig"
        kubeconfig.write(
            config, server=f"https://127.0.0.1:{ports['kubernetes']}", authority=self._authority.pem,
            user=READER.name, token=self._bearer, namespace=self._recording.namespace,
        )  # fmt: skip
        toolbox.equip(home)
        endpoints.publish(
            home,
            Endpoints(
                pid=os.getpid(), started=wall(), seed=0, clock="recorded", parent=self.options.parent,
                kubeconfig=config, recorded=self._folder, prometheus=f"http://127.0.0.1:{ports['prometheus']}",
                loki=f"http://127.0.0.1:{ports['loki']}", jaeger=f"http://127.0.0.1:{ports['jaeger']}",
                alertmanager=alerts, control=f"http://127.0.0.1:{ports['control']}",
            ),
            self._token,
        )  # fmt: skip

    # ── what the control face asks ────────────────────────────────────────────────────────────

    def status(self) -> Status:
        """Which recording this is, and where its time stands."""
        return Status(
            pid=os.getpid(), seed=0, now=self._recording.now, clock="recorded", recorded=self._recording.manifest.name
        )

    async def answer(self, question: str, value: Value) -> Now:
        """A recording asks nothing."""
        raise self._refusal("a recording has no exercise to answer")

    def check(self, exercise: str) -> CheckReport:
        """A recording holds no exercise."""
        raise self._refusal(f"this is a recording, not the sandbox of {exercise}")

    async def wait(self, milliseconds: Millis) -> Now:
        """Time does not pass in what is over."""
        raise self._refusal(f"time stands still in a recording, at {rfc3339(self._recording.now)}, where it ends")

    def journal(self) -> bytes:
        """Nothing is journalled where nothing can be changed."""
        raise self._refusal("a recording keeps no journal")

    @staticmethod
    def _refusal(what: str) -> SandboxError:
        return SandboxError(what, remedy="end it (labkit down) and start a sandbox (labkit up)")
