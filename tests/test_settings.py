"""Settings: precedence, the search for a home, identities, and errors that name their place."""

from pathlib import Path

import pytest

from labkit import endpoints, settings
from labkit.endpoints import Endpoints
from labkit.errors import SettingsError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder two levels below the one in which files are put."""
    deep = tmp_path / "labs" / "module-1"
    deep.mkdir(parents=True)
    return deep


def published(pid: int = 1, journal: Path | None = None) -> Endpoints:
    return Endpoints(
        pid=pid, started=0, seed=1, clock="live", kubeconfig=Path("/k"), prometheus="http://127.0.0.1:1",
        jaeger="http://127.0.0.1:5", loki="http://127.0.0.1:6",
    research_api="https://127.0.0.1:2", control="http://127.0.0.1:3", database="postgresql://127.0.0.1:4/x", journal=journal,
    )  # fmt: skip


def test_an_argument_wins_over_the_environment_over_the_file_over_the_default(tmp_path, folder):
    load = settings.load
    assert load(folder=folder, environ={}).clock == "live"
    (tmp_path / "labkit.toml").write_text('clock = "manual"\ntrainee = "file"\nseed = 3\n')
    assert load(folder=folder, environ={}).clock == "manual"
    assert load(folder=folder, environ={"LABKIT_CLOCK": "live"}).clock == "live"
    assert load(clock="manual", folder=folder, environ={"LABKIT_CLOCK": "live"}).clock == "manual"
    assert load(folder=folder, environ={}).trainee == "file"
    assert load(folder=folder, environ={"LABKIT_TRAINEE": "env"}).trainee == "env"
    assert load(trainee="arg", folder=folder, environ={"LABKIT_TRAINEE": "env"}).trainee == "arg"
    assert load(folder=folder, environ={}).seed == 3
    assert load(seed=0, folder=folder, environ={}).seed == 0


def test_the_home_is_the_nearest_in_which_a_sandbox_published(tmp_path, folder):
    assert settings.load(folder=folder, environ={}).home == folder / ".labkit"
    (tmp_path / ".labkit").mkdir()
    assert settings.load(folder=folder, environ={}).home == folder / ".labkit"
    (tmp_path / ".labkit" / "endpoints.json").write_text("{}")
    assert settings.load(folder=folder, environ={}).home == tmp_path / ".labkit"
    assert settings.load(folder=folder, environ={"LABKIT_HOME": "here"}).home == folder / "here"


def test_a_running_exercise_marks_a_home_too(tmp_path, folder):
    home = tmp_path / ".labkit" / "exercises" / "exercise-1"
    home.mkdir(parents=True)
    (home / "endpoints.json").write_text("{}")
    assert settings.load(folder=folder, environ={}).home == tmp_path / ".labkit"


def test_an_exercise_lives_beside_others_even_when_asked_from_inside_one(tmp_path):
    outer = settings.load(home=tmp_path, environ={})
    inner = settings.load(home=outer.home_of("exercise-1"), environ={})
    assert outer.home_of("exercise-1") == tmp_path / "exercises" / "exercise-1"
    assert inner.home_of("exercise-2") == tmp_path / "exercises" / "exercise-2"


def test_the_folder_of_an_exercises_journal_means_its_sandbox(tmp_path, folder):
    exercise = tmp_path / "exercises" / "exercise-1"
    exercise.mkdir(parents=True)
    endpoints.publish(tmp_path, published(), "t")
    endpoints.publish(exercise, published(2, journal=folder / "journal.jsonl"), "t")
    assert endpoints.meant(tmp_path, folder) == exercise
    assert endpoints.meant(tmp_path, tmp_path) == tmp_path


def test_on_a_hub_where_all_share_one_user_the_hub_says_who_it_is(folder):
    assert settings.load(folder=folder, environ={"JUPYTERHUB_USER": "anna@lab"}).trainee == "anna@lab"
    assert settings.load(folder=folder, environ={"JUPYTERHUB_USER": "ACME\\anna b"}).trainee == "ACME-anna-b"


@pytest.mark.parametrize("name", ["a", "anna.b_c-d@example.org", "0", "x" * 64])
def test_identities(name):
    assert settings.identity("trainee", name) == name


@pytest.mark.parametrize("name", ["", "..", ".hidden", "-rf", "a/b", "a b", "ä", "a\n", "x" * 65, "a\0"])
def test_what_is_no_identity_is_refused(name):
    with pytest.raises(SettingsError, match="trainee"):
        settings.identity("trainee", name)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('seed = 1\nclock = "fast"\n', 2, "fast"),
        ('seed = "x"\n', 1, "seed"),
        ("seed = 1\n\ncolour = 1\n", 3, "colour"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path, text, line, said):
    path = tmp_path / "labkit.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        settings.load(folder=tmp_path, environ={})
    assert caught.value.where == f"{path}:{line}"
    assert said in caught.value.what


def test_a_file_that_is_no_toml_is_named(tmp_path):
    (tmp_path / "labkit.toml").write_text("seed = = 1")
    with pytest.raises(SettingsError, match="line 1"):
        settings.load(folder=tmp_path, environ={})


def test_an_unknown_clock_is_refused(folder):
    with pytest.raises(SettingsError, match="fast"):
        settings.load(folder=folder, environ={"LABKIT_CLOCK": "fast"})


def test_a_target_is_the_sandbox_or_a_recording(tmp_path, folder):
    load = settings.load
    assert (load(folder=folder, environ={}).target, load(folder=folder, environ={}).recorded) == (None, None)
    (tmp_path / "labkit.toml").write_text('target = "recorded:one"\n')
    assert load(folder=folder, environ={}).recorded == "one"
    assert load(folder=folder, environ={"LABKIT_TARGET": "sandbox"}).recorded is None
    assert load(folder=folder, environ={"LABKIT_TARGET": "recorded:/a/folder"}).recorded == "/a/folder"
    for wrong, said in (
        ("cluster:prod", "no cluster can be connected to"),
        ("recorded:", "no target"),
        ("x", "no target"),
    ):
        with pytest.raises(SettingsError, match=said):
            load(folder=folder, environ={"LABKIT_TARGET": wrong})
