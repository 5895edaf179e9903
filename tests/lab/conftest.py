"""A lab at hand: a sandbox of this test module's own, connected to as a notebook would."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qsl

import pytest

import labkit
from labkit.lab import connect as connecting


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A handle on a private sandbox in manual time, in a folder without any of the user's settings."""
    folder = tmp_path_factory.mktemp("notebook")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LABKIT_")}
    before = Path.cwd()
    os.chdir(folder)
    try:
        with mock.patch.dict(os.environ, kept | {"LABKIT_CLOCK": "manual"}, clear=True):
            connected = labkit.connect()
            yield connected
            connecting._stop(connected.endpoints, connected._control)
            connecting._own.clear()
    finally:
        os.chdir(before)


class Served:
    """A server of recorded answers: ``answers`` by path, each a JSON value or (status, text); ``asked`` is what came."""

    def __init__(self):
        self.answers, self.asked = {}, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                length = int(self.headers.get("Content-Length") or 0)
                path, _, query = self.path.partition("?")
                form = self.rfile.read(length).decode()
                outer.asked.append((path, dict(parse_qsl(query or form))))
                answer = outer.answers.get(path, (404, "404 page not found"))
                answer = answer(outer.asked[-1][1]) if callable(answer) else answer
                status, text = answer if isinstance(answer, tuple) else (200, json.dumps(answer))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            do_POST = do_GET

            def log_message(self, *_):
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def served():
    """A :class:`Served` for the length of a test."""
    server = Served()
    yield server
    server.close()
