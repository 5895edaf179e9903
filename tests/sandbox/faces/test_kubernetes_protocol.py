"""The Kubernetes face's protocols, driven by the real kubectl over TLS: websockets, refusals, streams.

What is printed of LLM-Research-Lab is the business of ``test_kubernetes.py``; here a pod or two are
enough, behind a gate that remembers what passed it.
"""

import asyncio
import os
import socket
import subprocess
import sysconfig
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml

from labkit.clock import SECOND, Clock, Millis
from labkit.kube import kinds
from labkit.kube.api import Api
from labkit.kube.request import Request, User
from labkit.kube.status import StatusError
from labkit.kube.store import Store
from labkit.sandbox.certificates import Authority
from labkit.sandbox.commands.streams import Recorded, Streams
from labkit.sandbox.faces import kubernetes
from labkit.signals.logs import LogStore
from labkit.world.actions import Exec, KubeRequest

KUBECTL = Path(sysconfig.get_path("scripts")) / "kubectl"
USERS = {"viewer": User("viewer", ("readers", "system:authenticated")), "admin": User("admin", ("system:masters",))}
FIELDS = ("method", "path", "query", "accept", "content_type", "body", "impersonate", "impersonate_groups")


class Served:
    """A small cluster behind the real face, and kubectl to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.store = Store(lambda: self.clock.now, 1)
        self.logs = LogStore()
        self.api = Api(self.store, lambda: self.clock.now, self.logs)
        self.passed: list[tuple[str, Any, int]] = []
        self.ran: list[tuple[str, ...]] = []
        for name in ("a", "b"):
            self.pod(name)
        self.role()

    def pod(self, name: str) -> None:
        running = {"name": "c", "state": {"running": {}}, "lastState": {}, "restartCount": 0, "ready": True}
        self.store.create(kinds.POD, {
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]},
            "status": {"phase": "Running", "containerStatuses": [running]},
        })  # fmt: skip

    def role(self) -> None:
        metadata = {"name": "r", "namespace": "shop"}
        rules = [
            {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list", "watch"]},
            {"apiGroups": [""], "resources": ["pods/exec"], "resourceNames": ["a"], "verbs": ["create"]},
        ]
        self.store.create(kinds.ROLE, {"metadata": metadata, "rules": rules})
        self.store.create(kinds.ROLE_BINDING, {
            "metadata": metadata, "subjects": [{"kind": "Group", "name": "readers"}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
        })  # fmt: skip

    # ── the gate ──────────────────────────────────────────────────────────────────────────────

    async def perform(self, user: User, action: Any, streams: Streams | None = None) -> Any:
        try:
            result = await self._do(user, action, streams or Recorded())
        except StatusError as error:
            self.passed.append((user.name, action, error.code))
            raise
        self.passed.append((user.name, action, 200))
        return result

    async def wait(self, until: Millis) -> None:
        event = self.clock.next_event()
        self.clock.advance(max(self.clock.now, until if event is None else min(until, event)))
        await asyncio.sleep(0.02)

    def now(self) -> Millis:
        return self.clock.now

    async def _do(self, user: User, action: Any, streams: Streams) -> Any:
        if isinstance(action, KubeRequest):
            return self.api.handle(user, Request(**{name: getattr(action, name) for name in FIELDS}))
        assert isinstance(action, Exec)
        as_ = (action.impersonate, action.impersonate_groups)
        self.api.authorize_exec(user, action.namespace, action.pod, action.container, as_)
        self.ran.append(action.command)
        return await _program(action.command, streams)

    # ── kubectl ───────────────────────────────────────────────────────────────────────────────

    def kubectl(self, words: str, user: str = "viewer", stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        environment = {"HOME": str(self.folder), "KUBECONFIG": str(self.folder / "config"), "PATH": os.environ["PATH"]}
        command = [str(KUBECTL), "--context", user, *words.split()]
        return subprocess.run(command, env=environment, input=stdin, capture_output=True, timeout=30, check=False)

    def configure(self, port: int, authority: Path) -> None:
        cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(authority)}
        context = [{"name": u, "context": {"cluster": "c", "user": u, "namespace": "shop"}} for u in USERS]
        config = {
            "apiVersion": "v1", "kind": "Config", "clusters": [{"name": "c", "cluster": cluster}], "contexts": context,
            "users": [{"name": user, "user": {"token": f"token-of-{user}"}} for user in USERS],
        }  # fmt: skip
        (self.folder / "config").write_text(yaml.safe_dump(config), encoding="utf-8")


async def _program(command: tuple[str, ...], streams: Streams) -> int:
    if command[0] == "fail":
        await streams.err(b"oh no\n")
        return int(command[1])
    if command[0] == "flood":
        await streams.out(b"x" * int(command[1]))
        return 0
    if command[0] == "cat":
        while data := await streams.read():
            await streams.out(data)
        return 0
    raise StatusError(500, "InternalError", f'Internal error occurred: exec: "{command[0]}": not found')


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    found = Served(tmp_path)
    authority = Authority(tmp_path / "tls")
    certificate, key = authority.issue("127.0.0.1", "localhost")
    face = kubernetes.application(found.api, found, {f"token-of-{name}": user for name, user in USERS.items()})
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            face, ws="wsproto", lifespan="off", log_level="error", ssl_certfile=certificate, ssl_keyfile=str(key),
            timeout_graceful_shutdown=1,
        )
    )  # fmt: skip
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    found.configure(listener.getsockname()[1], authority.path)
    try:
        until(lambda: server.started)
        yield found
    finally:
        server.should_exit = True
        thread.join(15)
        listener.close()


def until(done: Callable[[], bool]) -> None:
    for _ in range(1000):
        if done():
            return
        threading.Event().wait(0.01)
    raise TimeoutError


def test_a_commands_streams_and_exit_status(served: Served) -> None:
    failed = served.kubectl("exec a -- fail 7")
    assert (failed.returncode, failed.stdout) == (7, b"")
    assert failed.stderr == b"oh no\ncommand terminated with exit code 7\n"
    big = bytes(range(256)) * 4096
    assert served.kubectl("exec -i a -- cat", stdin=big).stdout == big
    assert len(served.kubectl("exec a -- flood 3000000").stdout) == 3_000_000
    missing = served.kubectl("exec a -- nope")
    assert (missing.returncode, missing.stderr) == (1, b'error: Internal error occurred: exec: "nope": not found\n')


def test_a_refused_command_does_not_run_and_is_on_record(served: Served) -> None:
    refused = served.kubectl("exec b -- cat")
    assert refused.returncode == 1
    assert b'pods "b" is forbidden: User "viewer" cannot create resource "pods/exec"' in refused.stderr
    impersonated = served.kubectl("exec a --as=admin -- cat")
    assert b'cannot impersonate resource "users"' in impersonated.stderr
    assert served.ran == []
    assert {("viewer", 403)} == {(user, code) for user, action, code in served.passed if isinstance(action, Exec)}
    assert b"hello" in served.kubectl("exec -i a --as=viewer --as-group=readers -- cat", "admin", b"hello").stdout


def test_a_wrong_token_reaches_nothing(served: Served) -> None:
    for words in ("get pods", "exec a -- cat", "logs a"):
        refused = served.kubectl(f"--token=forged {words}")
        assert refused.returncode == 1
        assert b"You must be logged in to the server" in refused.stderr
    assert (served.passed, served.ran) == ([], [])


def test_a_watch_tells_of_what_comes_and_goes_and_ends_with_its_time(served: Served) -> None:
    served.clock.call_later(10 * SECOND, lambda: served.pod("late"))
    served.clock.call_later(20 * SECOND, lambda: served.store.delete(kinds.POD, "shop", "a"))
    watched = served.kubectl("get pods -w --output-watch-events").stdout.decode()
    assert [line.split()[:2] for line in watched.splitlines()[1:]] == [
        ["ADDED", "a"], ["ADDED", "b"], ["ADDED", "late"], ["DELETED", "a"],
    ]  # fmt: skip


def test_a_followed_log_goes_on_until_its_container_ends(served: Served) -> None:
    served.logs.begin("shop", "a", "c")
    served.logs.write("shop", "a", "c", served.clock.now, "first")
    ended = {"state": {"terminated": {"exitCode": 1}}}

    def end() -> None:
        served.logs.write("shop", "a", "c", served.clock.now, "last")
        served.store.modify(kinds.POD, "shop", "a", lambda p: p["status"]["containerStatuses"][0].update(ended))

    served.clock.call_later(5 * SECOND, lambda: served.logs.write("shop", "a", "c", served.clock.now, "second"))
    served.clock.call_later(9 * SECOND, end)
    assert served.kubectl("logs -f a").stdout == b"first\nsecond\nlast\n"


def test_waiting_clients_see_a_streamed_list_end(served: Served) -> None:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    served.clock.call_later(
        30 * SECOND, lambda: served.store.modify(kinds.POD, "shop", "a", lambda p: p["status"].update(ready))
    )
    waited = served.kubectl("wait --for=condition=Ready pod/a --timeout=25s")
    assert waited.stdout == b"pod/a condition met\n"


def test_tunnels_are_refused_by_rbac(served: Served) -> None:
    refused = served.kubectl("port-forward pod/a :80")
    assert b'cannot create resource "pods/portforward"' in refused.stderr
