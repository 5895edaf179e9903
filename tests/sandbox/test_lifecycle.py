"""The life of a sandbox's process: with a stand-in for the server, so that it can also misbehave; then the real one."""

import os
import signal
import subprocess
import sys
import time

import pytest

from labkit import control, endpoints, processes
from labkit.errors import SandboxAlreadyRunning, SandboxError, SandboxNotRunning
from labkit.sandbox import claim, lifecycle
from labkit.sandbox.options import Options

STAND_IN = '''
import json, os, sys, threading, time, types
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

def serve(options):
    """Publishes itself and answers /status and /stop; MISBEHAVE says what it does wrong."""
    from labkit import endpoints
    from labkit.errors import SandboxError
    wrong = os.environ.get("MISBEHAVE")
    if wrong == "fails":
        raise SandboxError("the moon is in the wrong phase", remedy="wait a fortnight")
    if wrong == "never ready":
        time.sleep(60)
    class Face(BaseHTTPRequestHandler):
        def do_GET(self):
            if wrong == "deaf" and Path("deaf").exists():
                time.sleep(60)
            body = {"pid": os.getpid(), "seed": options.seed, "now": 0, "clock": options.clock}
            self.send_response(200); self.end_headers(); self.wfile.write(json.dumps(body).encode())
            if self.path == "/stop":
                threading.Thread(target=server.shutdown).start()
        do_POST = do_GET
        def log_message(self, *_): pass
    server = HTTPServer(("127.0.0.1", 0), Face)
    url = f"http://127.0.0.1:{server.server_port}"
    endpoints.publish(options.home, endpoints.Endpoints(
        pid=os.getpid(), started=0, seed=options.seed, clock=options.clock, kubeconfig=options.home / "kubeconfig",
        prometheus=url, jaeger=url, loki=url, research_api=url, control=url, database=url), "token")
    server.serve_forever()

if os.environ.get("STAND_IN"):
    module = types.ModuleType("labkit.sandbox.server")
    module.serve = serve
    sys.modules["labkit.sandbox.server"] = module
'''


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home whose sandboxes are stand-ins; whatever still runs in it at the end is ended."""
    (tmp_path / "sitecustomize.py").write_text(STAND_IN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("STAND_IN", "1")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "a home"
    yield folder
    if pid := claim.holder(folder):
        processes.end(pid, 5)


def test_a_sandbox_starts_is_seen_and_stops(home):
    waits = []
    published = lifecycle.start(Options(home=home, seed=4), waits.append)
    condition = lifecycle.status(home)
    assert (condition.state, condition.pid, condition.status.seed) == ("running", published.pid, 4)
    assert waits == sorted(waits)
    assert os.getsid(published.pid) == published.pid
    assert lifecycle.stop(home) == published.pid
    assert not processes.alive(published.pid)
    assert lifecycle.status(home).state == "stopped"
    assert endpoints.read(home) is None


def test_a_second_start_names_the_first(home):
    first = lifecycle.start(Options(home=home))
    with pytest.raises(SandboxAlreadyRunning, match=rf"process {first.pid}\b") as caught:
        lifecycle.start(Options(home=home))
    assert "labkit down" in caught.value.remedy
    assert lifecycle.running(home)


def test_of_two_starts_at_once_one_wins_and_the_other_is_told(home):
    command = [sys.executable, "-m", "labkit", "up", "--detach"]
    environ = os.environ | {"LABKIT_HOME": str(home)}
    both = [
        subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in "ab"
    ]
    said = [process.communicate(timeout=40) for process in both]
    assert sorted(process.returncode for process in both) == [0, 1]
    assert "already" in "".join(err for _, err in said)
    assert lifecycle.running(home)


def test_what_a_killed_sandbox_left_is_not_taken_for_one(home):
    killed = lifecycle.start(Options(home=home))
    os.kill(killed.pid, signal.SIGKILL)  # it stays a zombie of ours until it is waited for
    assert processes.gone(killed.pid, 5)
    assert endpoints.read(home) is not None
    assert lifecycle.status(home).state == "stopped"
    assert control.running(home) is None
    with pytest.raises(SandboxNotRunning):
        lifecycle.stop(home)
    assert endpoints.read(home) is None
    assert lifecycle.start(Options(home=home)).pid != killed.pid


def test_another_process_with_the_pid_that_is_written_is_not_touched(home):
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        home.mkdir()
        (home / "sandbox.lock").write_text(str(bystander.pid))
        with pytest.raises(SandboxNotRunning):
            lifecycle.stop(home)
        assert processes.alive(bystander.pid)
    finally:
        bystander.kill()
        bystander.wait()


def test_a_start_that_fails_shows_its_last_words_and_not_those_of_an_earlier_one(home, monkeypatch):
    home.mkdir()
    (home / lifecycle.LOG).write_text("old words\n")
    monkeypatch.setenv("MISBEHAVE", "fails")
    with pytest.raises(SandboxError) as caught:
        lifecycle.start(Options(home=home))
    assert "the moon is in the wrong phase" in str(caught.value)
    assert "wait a fortnight" in str(caught.value)
    assert "old words" not in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert lifecycle.status(home).state == "stopped"


def test_a_start_that_is_never_ready_is_given_up_and_leaves_no_process(home, monkeypatch):
    monkeypatch.setenv("MISBEHAVE", "never ready")
    monkeypatch.setattr(lifecycle, "START_PATIENCE", 2.0)
    with pytest.raises(SandboxError, match="did not answer within 2 s"):
        lifecycle.start(Options(home=home))
    assert claim.holder(home) is None


def test_a_start_that_is_interrupted_leaves_no_process(home, monkeypatch):
    monkeypatch.setenv("MISBEHAVE", "never ready")

    def interrupt(waited):
        if claim.holder(home):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lifecycle.start(Options(home=home), interrupt)
    assert claim.holder(home) is None


def test_a_sandbox_that_no_longer_answers_is_seen_and_can_be_ended(home, monkeypatch):
    monkeypatch.setenv("MISBEHAVE", "deaf")
    deaf = lifecycle.start(Options(home=home))
    (home.parent / "deaf").touch()
    assert lifecycle.status(home).state == "unreachable"
    assert lifecycle.stop(home) == deaf.pid
    assert not processes.alive(deaf.pid)


def test_a_home_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SandboxError, match="cannot be made"):
        lifecycle.start(Options(home=tmp_path / "file" / "home"))


def test_a_zombie_is_not_alive():
    with subprocess.Popen(["true"]) as child:
        deadline = time.monotonic() + 5
        while processes.alive(child.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not processes.alive(child.pid)
        assert processes.alive(os.getpid())


def test_the_real_sandbox_lives_and_dies(tmp_path):
    published = lifecycle.start(Options(home=tmp_path / "home", clock="manual"))
    try:
        ended = subprocess.run(
            ["kubectl", "get", "namespaces", "-o", "name"], capture_output=True, text=True, check=True,
            env=os.environ | endpoints.environment(tmp_path / "home", published),
        )  # fmt: skip
        assert "namespace/llm-research-lab-prod" in ended.stdout
    finally:
        lifecycle.stop(tmp_path / "home")
    assert not processes.alive(published.pid)


def test_the_real_sandbox_ends_with_its_parent(tmp_path):
    with subprocess.Popen(["sleep", "60"]) as parent:
        published = lifecycle.start(Options(home=tmp_path / "home", parent=parent.pid))
        parent.kill()
    assert processes.gone(published.pid, 10)
    assert lifecycle.status(tmp_path / "home").state == "stopped"
