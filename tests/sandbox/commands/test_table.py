import pytest

from labkit.kube.status import StatusError
from labkit.sandbox.commands.table import programs


def test_images_have_their_own_programs():
    assert "psql" in programs("postgres:18.6")
    assert "psql" in programs("registry.company.com:5000/library/postgres@sha256:abc")
    assert "kafka-topics.sh" in programs("apache/kafka:3.9.1")
    assert "psql" not in programs("apache/kafka:3.9.1")
    assert "echo" in programs("registry.company.com/llm-research-api:1.8.2")


@pytest.mark.parametrize("program", ["bash", "kafka-topics.sh", "../bin/psql", "", "psql\0"])
def test_a_program_that_is_not_there_is_answered_as_by_containerd(shell, program):
    with pytest.raises(StatusError) as raised:
        shell(program, pod=shell.database_pod)
    assert (raised.value.code, raised.value.reason) == (500, "InternalError")
    assert raised.value.what.startswith(
        "Internal error occurred: error executing command in container: failed to exec in container: failed to start exec"
    )
    assert f'OCI runtime exec failed: exec failed: unable to start container process: exec: "{program}": ' in (
        raised.value.what
    )
    assert raised.value.what.endswith(": unknown")


def test_a_missing_program_has_the_same_answer_each_time(shell):
    def answer() -> str:
        with pytest.raises(StatusError) as raised:
            shell("bash")
        return raised.value.what

    assert answer() == answer()


def test_programs_are_found_by_path(shell):
    assert shell("/usr/bin/psql", "-Atc", "SELECT 1").out == "1\n"


@pytest.mark.parametrize(
    ("argv", "out"),
    [
        (("echo", "a", "b"), "a b\n"),
        (("echo", "-n", "a"), "a"),
        (("hostname",), "postgres-0\n"),
        (("hostname", "-i"), "10.244.1.7\n"),
        (("date",), "Fri Nov 28 12:00:00 UTC 2025\n"),
        (("date", "-u", "+%FT%TZ %s"), "2025-11-28T12:00:00Z 1764331200\n"),
    ],
)
def test_basics(shell, argv, out):
    assert shell(*argv).out == out


def test_env_shows_the_containers_variables(shell):
    lines = shell("env").out.splitlines()
    assert "HOSTNAME=postgres-0" in lines
    assert "ZONE=a" in lines


def test_exit_codes(shell):
    assert [shell("true").code, shell("false").code, shell("date", "x").code] == [0, 1, 1]
