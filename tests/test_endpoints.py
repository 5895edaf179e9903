"""Endpoints: written whole and for their owner alone, and what a shell gets from them."""

import stat
from pathlib import Path

import pytest

from labkit import endpoints
from labkit.endpoints import Endpoints
from labkit.errors import SandboxError

HERE = Endpoints(
    pid=1, started=0, seed=1, clock="live", kubeconfig=Path("/k"), prometheus="http://127.0.0.1:1",
    jaeger="http://127.0.0.1:5", loki="http://127.0.0.1:6",
    research_api="https://127.0.0.1:2", control="http://127.0.0.1:3", database="postgresql://127.0.0.1:4/x",
)  # fmt: skip


def test_what_is_published_is_read_and_withdrawn(tmp_path):
    assert endpoints.read(tmp_path) is None
    endpoints.publish(tmp_path, HERE, "secret")
    assert endpoints.read(tmp_path) == HERE
    assert endpoints.token(tmp_path) == "secret"
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    endpoints.withdraw(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert endpoints.token(tmp_path) == ""


@pytest.mark.parametrize("text", ["", "{", '{"pid": "one"}', '{"unknown": 1}'])
def test_a_damaged_file_is_named(tmp_path, text):
    (tmp_path / "endpoints.json").write_text(text)
    with pytest.raises(SandboxError, match=r"endpoints\.json"):
        endpoints.read(tmp_path)


def test_the_environment_puts_our_tools_first_and_only_once(tmp_path):
    first = endpoints.environment(tmp_path, HERE, {"PATH": "/usr/bin:/bin"})
    assert first["PATH"] == f"{tmp_path}/bin:/usr/bin:/bin"
    assert endpoints.environment(tmp_path, HERE, first)["PATH"] == first["PATH"]
    assert first["JAEGER_URL"] == "http://127.0.0.1:5"
    assert first["RESEARCH_API_URL"] == "https://api.llm-research-lab.company.com"
    assert first["CURL_HOME"] == f"{tmp_path}/curl"


def test_what_a_recording_lacks_is_in_no_environment(tmp_path):
    recorded = Endpoints(
        pid=1, started=0, seed=0, clock="recorded", kubeconfig=Path("/k"), prometheus="http://127.0.0.1:1",
        control="http://127.0.0.1:3", loki="http://127.0.0.1:4", recorded=Path("/datasets/one"),
    )  # fmt: skip
    endpoints.publish(tmp_path, recorded, "secret")
    assert endpoints.read(tmp_path) == recorded
    assert set(endpoints.environment(tmp_path, recorded, {})) == {
        "KUBECONFIG", "PROMETHEUS_URL", "LOKI_URL", "LABKIT_HOME", "PATH",
    }  # fmt: skip
