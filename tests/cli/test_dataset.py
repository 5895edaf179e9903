"""``labkit dataset``: what it lists, verifies, records and imports, and what it says."""

import json

import pytest
from typer.testing import CliRunner

from labkit.cli.app import app
from labkit.errors import DatasetError, SandboxNotRunning, SettingsError

METRICS = '# TYPE up gauge\nup{job="a"} 1 1764331200\nup{job="a"} 0 1764331260\n# EOF\n'


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    """Runs a command line in an empty folder without any of the user's settings."""
    for name in ("LABKIT_HOME", "LABKIT_TRAINEE", "LABKIT_CLOCK", "LABKIT_TARGET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "labkit.signals.dataset.places",
        lambda _=None: [tmp_path / "datasets"] if (tmp_path / "datasets").is_dir() else [],
    )
    return lambda *arguments: CliRunner().invoke(app, ["dataset", *map(str, arguments)])


@pytest.fixture
def imported(invoke, tmp_path):
    (tmp_path / "metrics.txt").write_text(METRICS)
    result = invoke("import", "one", "metrics.txt", "--title", "One", "--licence", "CC0-1.0")
    assert result.exit_code == 0, result.exception
    return result


def test_what_is_imported_is_listed_and_verified(invoke, imported, tmp_path):
    assert "2 samples of 1 series" in imported.stdout
    assert "labkit up --recorded one" in imported.stdout
    assert "2025-11-28 12:00" in invoke("list").stdout
    (listed,) = json.loads(invoke("list", "--json").stdout)
    assert (listed["name"], listed["title"], listed["step"], listed["end"]) == (
        "one",
        "One",
        60.0,
        "2025-11-28T12:01:00Z",
    )
    assert listed["path"] == str(tmp_path / "datasets" / "one")
    verified = invoke("verify", "one")
    assert (verified.exit_code, verified.stdout) == (0, "ok    one\n")


def test_one_that_is_there_is_not_touched_unasked(invoke, imported, tmp_path):
    assert "already" in str(invoke("import", "one", "metrics.txt").exception)
    assert "already" in str(invoke("record", "one", "--prometheus", "http://127.0.0.1:1").exception)
    assert [path.name for path in (tmp_path / "datasets").iterdir()] == ["one"]
    assert invoke("import", "one", "metrics.txt", "--replace", "--title", "Again").exit_code == 0


def test_a_damaged_one_fails_and_is_named(invoke, imported, tmp_path):
    path = tmp_path / "datasets" / "one" / "series.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    result = invoke("verify")
    assert result.exit_code == 1
    assert f"fail  {path}: it is not as it was written" in result.stdout
    (one,) = json.loads(invoke("verify", "one", "--json").stdout)
    assert "SHA-256" in one["error"]


def test_the_folder_above_is_where_recordings_go(invoke, imported, tmp_path, monkeypatch):
    (tmp_path / "labs").mkdir()
    monkeypatch.chdir(tmp_path / "labs")
    invoke("import", "two", "../metrics.txt")
    assert (tmp_path / "datasets" / "two" / "dataset.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        (["record", "x"], SandboxNotRunning, "no sandbox runs here"),
        (["record", "x", "--prometheus", "nonsense"], DatasetError, "no address"),
        (["record", "x", "--prometheus", "http://127.0.0.1:1", "--last", "soon"], DatasetError, "not a duration"),
        (["record", "x", "--prometheus", "http://127.0.0.1:1", "--redact", "none.toml"], DatasetError, "no redaction rules"),
        (["record", "x", "--prometheus", "http://127.0.0.1:1", "--start", "2025-01-02T00:00:00Z", "--end", "2025-01-01T00:00:00Z"], DatasetError, "ends before it begins"),
        (["record", "Not A Name", "--prometheus", "http://127.0.0.1:1"], DatasetError, "cannot name"),
        (["import", "x", "none.txt"], DatasetError, "cannot be read"),
        (["import", "x", "none.csv", "--mapping", "such"], DatasetError, "no mapping"),
        (["verify", "none"], None, "no recording 'none'"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(invoke, arguments, kind, said):
    result = invoke(*arguments)
    assert result.exit_code == 1
    assert said in (str(result.exception) if kind else result.stdout)
    assert kind is None or isinstance(result.exception, kind)


def test_a_recording_is_not_served_with_a_worlds_options(invoke):
    result = CliRunner().invoke(app, ["up", "--recorded", "one", "--seed", "3"])
    assert isinstance(result.exception, SettingsError)
    assert isinstance(CliRunner().invoke(app, ["up", "--recorded", "none"]).exception, DatasetError)


def test_help_shows_what_the_files_look_like(invoke):
    assert "[[label]]" in invoke("record", "--help").stdout
    assert "[header]" in invoke("import", "--help").stdout


@pytest.mark.parametrize("name", ["", ".", "..", "../other", "a/b", "/"])
def test_a_name_is_no_path(invoke, imported, tmp_path, name):
    for arguments in (
        ("import", name, "metrics.txt", "--replace"),
        ("record", name, "--prometheus", "http://127.0.0.1:1"),
    ):
        error = invoke(*arguments).exception
        assert isinstance(error, DatasetError)
        assert "cannot name a recording" in str(error)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["datasets", "metrics.txt"]
    assert [path.name for path in (tmp_path / "datasets").iterdir()] == ["one"]
