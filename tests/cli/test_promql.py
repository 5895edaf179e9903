"""``labkit promql``: answers on a terminal, marks under what is wrong, counts of test scripts."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from click.testing import Result
from typer.testing import CliRunner

from labkit.cli.answers import series, sketch
from labkit.cli.app import app
from labkit.cli.asking import marked
from labkit.errors import ClockError, QueryError, SandboxNotRunning, SandboxUnreachable, SettingsError

UP = {"__name__": "up", "job": "api"}
ANSWERS: dict[str, Any] = {
    "up": {"resultType": "vector", "result": [{"metric": UP, "value": [1, "1"]}]},
    "none": {"resultType": "vector", "result": []},
    "time()": {"resultType": "scalar", "result": [7200, "7200"]},
    "over": {"resultType": "matrix", "result": [{"metric": UP, "values": [[3600, "1"], [5400, "NaN"], [7200, "3"]]}]},
}
ERROR = 'invalid parameter "query": 2:8: parse error: expected type range vector in call to function "rate"'


class Handler(BaseHTTPRequestHandler):
    """Answers what it was told to, and keeps what it was asked."""

    asked: list[tuple[str, dict[str, str]]] = []

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        parameters = {name: values[0] for name, values in form.items()}
        Handler.asked.append((self.path, parameters))
        query = parameters["query"]
        body: Any = {
            "status": "success",
            "data": ANSWERS.get(query),
            "warnings": ["take care"],
            "infos": ["by the way"],
        }
        if query == "html":
            body = "<html>"
        elif query not in ANSWERS:
            body = {"status": "error", "errorType": "bad_data", "error": ERROR}
        data = json.dumps(body).encode()
        self.send_response(200 if query in ANSWERS or query == "html" else 400)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Handler.asked = []
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.delenv("LABKIT_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["promql", *map(str, arguments)])


def test_an_instant_is_a_table(invoke: Callable[..., Result], url: str) -> None:
    result = invoke("query", "up", "--url", url, "--at", "1970-01-01T02:00:00Z")
    assert result.exit_code == 0
    assert 'up{job="api"}' in result.stdout
    assert "take care\nby the way\n" in result.stderr
    assert Handler.asked == [("/api/v1/query", {"query": "up", "time": "1970-01-01T02:00:00Z"})]
    assert invoke("query", "time()", "--url", f"{url}/api/v1/").stdout == "7200\n"
    assert "no series" in invoke("query", "none", "--url", url).stderr


def test_a_range_ends_at_the_servers_now(invoke: Callable[..., Result], url: str) -> None:
    result = invoke("query", "over", "--url", url, "--range", "1h", "--step", "30m")
    assert "1970-01-01 01:00:00 to 1970-01-01 02:00:00 UTC" in result.stdout
    assert [cell for cell in result.stdout.splitlines()[-2].split() if cell] == [
        'up{job="api"}',
        "3",
        "1",
        "2",
        "3",
        "3",
        "▁",
        "█",
    ]
    assert Handler.asked[1] == (
        "/api/v1/query_range", {"query": "over", "start": "3600.000", "end": "7200.000", "step": "1800.000"},
    )  # fmt: skip
    invoke("query", "over", "--url", url, "--range", "1h", "--at", "7200")
    assert Handler.asked[-1][1]["step"] == "60.000"


def test_json_is_what_the_server_said(invoke: Callable[..., Result], url: str) -> None:
    assert json.loads(invoke("query", "up", "--url", url, "--json").stdout)["data"] == ANSWERS["up"]


def test_what_is_wrong_is_marked(invoke: Callable[..., Result], url: str) -> None:
    error = invoke("query", "sum(\n  rate(a)\n)", "--url", url).exception
    assert isinstance(error, QueryError)
    assert error.what == (
        '2:8: parse error: expected type range vector in call to function "rate"\n    rate(a)\n         ^'
    )
    assert marked("1:4: parse error: x", "é + b") == "1:4: parse error: x\n  é + b\n    ^"  # a column counts bytes
    assert marked("execution: x", "a") == "execution: x"
    assert marked("9:1: parse error: x", "a") == "9:1: parse error: x"


@pytest.mark.parametrize(
    ("arguments", "kind", "what"),
    [
        (["up", "--url", "http://127.0.0.1:9"], SandboxUnreachable, "no answer"),
        (["up", "--url", "localhost"], SettingsError, "not the address of a Prometheus"),
        (["up", "--step", "1m"], SettingsError, "--step goes with --range"),
        (["up", "--url", "http://x", "--exercise", "e"], SettingsError, "name two servers"),
        (["up", "--url", "http://x", "--range", "soon"], QueryError, "is not a duration"),
        (["up", "--url", "http://x", "--range", "0s"], QueryError, "is not a duration"),
        (["up", "--url", "http://x", "--range", "1h", "--at", "now"], ClockError, "not an RFC 3339 time"),
        (["up", "--url", "http://x", "--range", "1h", "--at", "2025-01-01T00:00"], ClockError, "has no time zone"),
        (["up"], SandboxNotRunning, "no sandbox runs here"),
    ],
)  # fmt: skip
def test_a_wrong_command_says_what_to_do(
    invoke: Callable[..., Result], arguments: list[str], kind: type[Exception], what: str
) -> None:
    error = invoke("query", *arguments).exception
    assert type(error) is kind
    assert what in str(error)
    assert getattr(error, "remedy", None)


def test_what_is_no_prometheus_is_said_to_be_none(invoke: Callable[..., Result], url: str) -> None:
    assert "that is no Prometheus" in str(invoke("query", "html", "--url", url).exception)


def test_scripts_are_counted(invoke: Callable[..., Result], tmp_path: Path) -> None:
    good, bad = tmp_path / "good.test", tmp_path / "bad.test"
    good.write_text("load 1m\n  m 1\n  h {{count:1}}\n\neval instant at 0 m\n  m 1\n\neval instant at 0 h\n")
    bad.write_text("load 1m\n  m 1\n\neval instant at 0 m\n  m 2\n")
    result = invoke("test", "good.test")
    assert result.exit_code == 0
    assert result.stdout == (
        "good.test: 1 passed, 0 failed, 1 not counted\n"
        "good.test:8: not counted: h\n    a native histogram (h) is not supported here\n"
    )
    assert invoke("test", "good.test", "-q").stdout.count("\n") == 1
    result = invoke("test", "good.test", "bad.test", "-q")
    assert result.exit_code == 1
    assert "all: 1 passed, 1 failed, 1 not counted\n" in result.stdout
    assert "bad.test:4: failed: m\n    m at 0 ms: expected 2.0, got 1.0\n" in result.stdout
    found = json.loads(invoke("test", "bad.test", "--json").stdout)
    assert found[0]["failed"] == [{"line": 4, "query": "m", "reason": "m at 0 ms: expected 2.0, got 1.0"}]
    assert found[0]["passed"] == 0


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("none.test", None, "none.test: there is no such file"),
        (".", None, "is a folder"),
        ("empty.test", b"", "empty.test: has no case"),
        ("loads.test", b"load 1m\n  m 1\n", "loads.test: has no case"),
        ("binary.test", b"\xff\xfe", "binary.test: cannot be read"),
        ("wrong.test", b"load 1m\n  m 1\n\nevil instant at 0 m\n", 'wrong.test, line 4: invalid command "evil'),
    ],
)
def test_what_is_no_script_is_said_to_be_none(
    invoke: Callable[..., Result], tmp_path: Path, name: str, content: bytes | None, what: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = invoke("test", name)
    assert result.exit_code == 1
    assert what in result.stderr
    assert "→" in result.stderr
    assert f"{name}: not run to its end" in result.stdout


def test_a_sketch_is_as_wide_as_a_line() -> None:
    assert sketch([0.0, 1.0, 2.0]) == "▁▅█"
    assert sketch([5.0, 5.0]) == "▁▁"
    assert sketch([1.0, float("nan"), 2.0]) == "▁ █"
    assert sketch([float("inf")]) == ""
    assert len(sketch(list(map(float, range(1000))))) == 40


def test_series_are_written_as_in_promql() -> None:
    assert series({}) == "{}"
    assert series({"__name__": "up"}) == "up"
    assert series({"a": 'x"\n'}) == '{a="x\\"\\n"}'
