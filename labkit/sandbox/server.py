"""The running server: every face of one sandbox on loopback, in one process and one event loop."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from labkit import endpoints, processes
from labkit.clock import EPOCH, Millis
from labkit.control import CheckReport, Now, Status, Value
from labkit.endpoints import Endpoints
from labkit.errors import SandboxError
from labkit.sandbox import kubeconfig, toolbox
from labkit.sandbox.certificates import Authority
from labkit.sandbox.drive import LiveDrive, ManualDrive
from labkit.sandbox.engines.relay import Relay
from labkit.sandbox.faces import alertmanager, control, kubernetes, prometheus, research_api
from labkit.sandbox.options import Options
from labkit.sandbox.sandbox import TRAINEE, Sandbox
from labkit.scenarios.exercise import EXERCISE_DAY
from labkit.world.actions import Answer, Statement


def serve(options: Options) -> None:
    """Run a sandbox until it is told to stop, by a signal, the control face or its parent's end."""
    asyncio.run(Server(options).run())


class Server:
    """One sandbox with its listeners; also what the control face controls."""

    def __init__(self, options: Options) -> None:
        self.options = options
        live = options.clock == "live"
        self._sandbox = Sandbox(
            home=options.home,
            driver=LiveDrive if live else ManualDrive,
            seed=options.seed,
            exercise=options.exercise,
            trainee=options.trainee,
            start=_wall() if live else EPOCH,
            journal=options.journal,
        )
        self._stopping = asyncio.Event()
        self._token = secrets.token_urlsafe(24)

    async def run(self) -> None:
        """Open the listeners, say where they are, serve, and leave nothing behind."""
        listening = self._servers()
        servers = list(listening.values())
        tasks = [asyncio.create_task(server.serve(sockets=[sock])) for server, sock in servers]
        database = await self._relay()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)
        while not all(server.started for server, _ in servers):
            await asyncio.sleep(0.005)
        self._announce({name: sock.getsockname()[1] for name, (_, sock) in listening.items()}, database)
        background = [asyncio.create_task(self._watch_parent())]
        if isinstance(self._sandbox.drive, LiveDrive):
            background.append(asyncio.create_task(self._sandbox.drive.run()))
        try:
            await self._stopping.wait()
        finally:
            for server, _ in servers:
                server.should_exit = True
            for task in background:
                task.cancel()
            await asyncio.gather(*tasks, *background, return_exceptions=True)
            await self._database.stop()
            await self._sandbox.close()

    # ── listeners ─────────────────────────────────────────────────────────────────────────────

    def _servers(self) -> dict[str, tuple[uvicorn.Server, socket.socket]]:
        """One HTTP server a face, by the face's name, each on a free port of loopback."""
        sandbox, gate = self._sandbox, self._sandbox.gate
        self._authority = Authority(self.options.home / "tls")
        cluster = self._authority.issue("127.0.0.1", "localhost", "kubernetes")
        ingress = self._authority.issue(research_api.HOST)
        self._bearer = secrets.token_urlsafe(24)
        faces: dict[str, tuple[Any, tuple[Path, Path] | None]] = {
            "kubernetes": (kubernetes.application(sandbox.api, gate, {self._bearer: TRAINEE}), cluster),
            "research-api": (research_api.application(gate), ingress),
            "prometheus": (
                prometheus.application(sandbox.promql, sandbox.world.metrics, gate.now, gate, sandbox.rules),
                None,
            ),
            "alertmanager": (alertmanager.application(gate, _wall), None),
            "control": (control.application(self, self._token), None),
        }
        return {name: (_server(face, tls), _listener()) for name, (face, tls) in faces.items()}

    async def _relay(self) -> int:
        """The listener behind DATABASE_URL; statements are journalled as they pass, and so are refusals."""
        sock, gate = _bound(), self._sandbox.gate

        def note(role: str, database: str, sql: str) -> None:
            gate.note(gate.now(), TRAINEE, Statement(sql=sql, database=database), {"role": role})

        def refused() -> None:
            gate.note(gate.now(), TRAINEE, Statement(sql=""), {"error": "connection refused"})

        self._database = Relay(sock, self._sandbox.postgres, note, refused)
        await self._database.start()
        return int(sock.getsockname()[1])

    def _announce(self, ports: dict[str, int], database: int) -> None:
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
                pid=os.getpid(), started=_wall(), seed=self._sandbox.seed, clock=self.options.clock,
                exercise=self.options.exercise, trainee=self.options.trainee, journal=self.options.journal,
                parent=self.options.parent, kubeconfig=config, prometheus=f"http://127.0.0.1:{ports['prometheus']}",
                research_api=f"https://127.0.0.1:{ports['research-api']}",
                alertmanager=f"http://127.0.0.1:{ports['alertmanager']}",
                control=f"http://127.0.0.1:{ports['control']}",
                database=self._sandbox.postgres.dsn("trainee", ("127.0.0.1", database)),
            ),
            self._token,
        )  # fmt: skip

    async def _watch_parent(self) -> None:
        """End when the process that asked for this sandbox is gone."""
        parent = self.options.parent
        while parent is not None and processes.alive(parent):
            await asyncio.sleep(1.0)
        if parent is not None:
            self.stop()

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

    def stop(self) -> None:
        """Begin to stop."""
        self._stopping.set()


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to the sandbox, which has several."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(application: Any, tls: tuple[Path, Path] | None) -> _Server:
    return _Server(
        uvicorn.Config(
            application,
            # The default's websockets library rejects the subprotocol header of port-forward.
            ws="wsproto",
            lifespan="off",
            log_level="warning",
            access_log=False,
            timeout_keep_alive=300,
            h11_max_incomplete_event_size=1024 * 1024,  # a long query in an address: Go's limit
            server_header=False,
            timeout_graceful_shutdown=1,
            ssl_certfile=tls and tls[0],
            ssl_keyfile=tls and str(tls[1]),
        )
    )


def _listener() -> socket.socket:
    """A listening socket on a free port of loopback."""
    sock = _bound()
    sock.listen(128)
    return sock


def _bound() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind(("127.0.0.1", 0))
    return sock


def _wall() -> Millis:
    """The wall clock, in whole seconds: where a live sandbox's time begins."""
    return int(time.time()) * 1000
