"""The running server: every face of one living sandbox."""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any

import msgspec

from labkit import endpoints
from labkit.clock import EPOCH, Millis
from labkit.control import CheckReport, Now, Status, Value
from labkit.endpoints import Endpoints
from labkit.errors import SandboxError
from labkit.sandbox import kubeconfig, toolbox
from labkit.sandbox.drive import LiveDrive, ManualDrive
from labkit.sandbox.engines.relay import Relay
from labkit.sandbox.faces import alertmanager, control, jaeger, kubernetes, loki, prometheus, research_api
from labkit.sandbox.listeners import Faces, Listeners, bound, wall
from labkit.sandbox.options import Options
from labkit.sandbox.recorded.server import RecordedServer
from labkit.sandbox.sandbox import TRAINEE, Sandbox
from labkit.scenarios.exercise import EXERCISE_DAY
from labkit.world.actions import Answer, Statement


def serve(options: Options) -> None:
    """Run a sandbox, or serve a recording, until told to stop by a signal, the control face or the parent's end."""
    asyncio.run((RecordedServer if options.recorded else Server)(options).run())


class Server(Listeners):
    """One sandbox with its listeners; also what the control face controls."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        live = options.clock == "live"
        self._sandbox = Sandbox(
            home=options.home,
            driver=LiveDrive if live else ManualDrive,
            seed=options.seed,
            exercise=options.exercise,
            trainee=options.trainee,
            start=wall() if live else EPOCH,
            journal=options.journal,
        )

    # ── listeners ─────────────────────────────────────────────────────────────────────────────

    def _faces(self) -> Faces:
        """The faces of a living sandbox."""
        sandbox, gate = self._sandbox, self._sandbox.gate
        cluster = self._authority.issue("127.0.0.1", "localhost", "kubernetes")
        ingress = self._authority.issue(research_api.HOST)
        return {
            "kubernetes": (kubernetes.application(sandbox.api, gate, {self._bearer: TRAINEE}), cluster),
            "research-api": (research_api.application(gate), ingress),
            "prometheus": (
                prometheus.application(sandbox.promql, sandbox.world.metrics, gate.now, gate, sandbox.rules),
                None,
            ),
            "alertmanager": (alertmanager.application(gate, wall), None),
            "loki": (loki.application(sandbox.world.streams, gate.now, gate), None),
            "jaeger": (jaeger.application(gate), None),
            "control": (control.application(self, self._token), None),
        }

    def _background(self) -> list[Coroutine[Any, Any, None]]:
        """The wall drives a live world."""
        return [self._sandbox.drive.run()] if isinstance(self._sandbox.drive, LiveDrive) else []

    async def _open(self) -> None:
        """The listener behind DATABASE_URL; statements are journalled as they pass, and so are refusals."""
        sock, gate = bound(), self._sandbox.gate

        def note(role: str, database: str, sql: str) -> None:
            gate.note(gate.now(), TRAINEE, Statement(sql=sql, database=database), {"role": role})

        def refused() -> None:
            gate.note(gate.now(), TRAINEE, Statement(sql=""), {"error": "connection refused"})

        self._database = Relay(sock, self._sandbox.postgres, note, refused)
        await self._database.start()
        self._database_port = int(sock.getsockname()[1])

    async def _close(self) -> None:
        await self._database.stop()
        await self._sandbox.close()

    def _announce(self, ports: dict[str, int]) -> None:
        """Write kubeconfig, tools and, last, the endpoints, which say that all is ready."""
        home = self.options.home
        config = home / "kubeconfig"
        kubeconfig.write(
            config, server=f"https://127.0.0.1:{ports['kubernetes']}", authority=self._authority.pem,
            user=TRAINEE.name, token=self._bearer,
        )  # fmt: skip
        toolbox.equip(home, research_api_port=ports["research-api"], certificate=self._authority.path)
        endpoints.publish(
            home,
            Endpoints(
                pid=os.getpid(), started=wall(), seed=self._sandbox.seed, clock=self.options.clock,
                exercise=self.options.exercise, trainee=self.options.trainee, journal=self.options.journal,
                parent=self.options.parent, kubeconfig=config, prometheus=f"http://127.0.0.1:{ports['prometheus']}",
                jaeger=f"http://127.0.0.1:{ports['jaeger']}",
                research_api=f"https://127.0.0.1:{ports['research-api']}",
                loki=f"http://127.0.0.1:{ports['loki']}",
                alertmanager=f"http://127.0.0.1:{ports['alertmanager']}",
                control=f"http://127.0.0.1:{ports['control']}",
                database=self._sandbox.postgres.dsn("trainee", ("127.0.0.1", self._database_port)),
            ),
            self._token,
        )  # fmt: skip

    # ── what the control face asks ────────────────────────────────────────────────────────────

    def status(self) -> Status:
        """Who this sandbox is and where its time stands; no truth."""
        return Status(
            pid=os.getpid(), seed=self._sandbox.seed, now=self._sandbox.world.now, clock=self.options.clock,
            exercise=self.options.exercise, trainee=self.options.trainee,
        )  # fmt: skip

    async def answer(self, question: str, value: Value) -> Now:
        """Record a trainee's answer."""
        await self._sandbox.gate.perform(TRAINEE, Answer(question=question, value=value))
        return Now(self._sandbox.world.now)

    def check(self, exercise: str) -> CheckReport:
        """What the journal shows so far, without points and without truth."""
        return self._sandbox.progress(exercise)

    async def wait(self, milliseconds: Millis) -> Now:
        """Let time pass; in an exercise, not beyond its day."""
        world = self._sandbox.world
        if self.options.exercise and world.now + milliseconds > world.start + EXERCISE_DAY:
            raise SandboxError(
                "the day in which this exercise is to be done would be over", remedy="wait for less, or begin afresh"
            )
        await self._sandbox.drive.skip(milliseconds)
        return Now(self._sandbox.world.now)

    def journal(self) -> bytes:
        """The journal so far, as JSON lines."""
        return b"".join(msgspec.json.encode(entry) + b"\n" for entry in self._sandbox.journal.entries)
