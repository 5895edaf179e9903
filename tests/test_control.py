"""The control face's client, against a server of a few lines."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from labkit.control import Control
from labkit.errors import SandboxError, SandboxUnreachable


class _Face(BaseHTTPRequestHandler):
    answers: dict = {}
    asked: list = []

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append((self.command, self.path, self.headers["Authorization"], body and json.loads(body)))
        code, answer = self.answers[self.path]
        self.send_response(code)
        self.end_headers()
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    do_POST = do_GET

    def log_message(self, *_):
        """Quiet."""


@pytest.fixture
def face():
    class Face(_Face):
        answers: dict = {}
        asked: list = []

    with HTTPServer(("127.0.0.1", 0), Face) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        Face.control = Control(f"http://127.0.0.1:{server.server_port}", "token")
        yield Face
        server.shutdown()
        thread.join()


def test_it_asks_with_its_token_and_reads_the_answer(face):
    face.answers |= {"/wait": (200, {"now": 5}), "/journal": (200, b"{}\n")}
    assert face.control.wait(300_000).now == 5
    assert face.control.journal() == b"{}\n"
    assert face.asked == [
        ("POST", "/wait", "Bearer token", {"milliseconds": 300_000}),
        ("GET", "/journal", "Bearer token", b""),
    ]


def test_a_refusal_is_raised_in_its_own_words(face):
    face.answers["/answer"] = (422, {"what": "no such question", "where": "exercise-1", "remedy": "ask another"})
    with pytest.raises(SandboxError) as caught:
        face.control.answer("q", "v")
    assert str(caught.value) == "exercise-1: no such question\n  → ask another"


@pytest.mark.parametrize("answer", [(200, b"<html>"), (200, {"pid": "x"}), (502, b"<html>"), (404, {})])
def test_whoever_else_answers_is_not_taken_for_a_sandbox(face, answer):
    face.answers["/status"] = answer
    with pytest.raises(SandboxUnreachable):
        face.control.status()


def test_nobody_there():
    with pytest.raises(SandboxUnreachable, match="refused"):
        Control("http://127.0.0.1:9", "token").status()


def test_a_proxy_of_the_users_is_not_asked(face, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    face.answers["/wait"] = (200, {"now": 5})
    assert face.control.wait(1).now == 5
