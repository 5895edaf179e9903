"""The doctor: what it says of a machine that lacks something."""

import pytest

from labkit.errors import EngineError
from labkit.sandbox import doctor


def find(home, check):
    return next(finding for finding in doctor.examine(home) if finding.check == check)


def test_a_curl_that_is_too_old_is_a_warning(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "_first_line", lambda *_: "curl 7.29.0 (x86_64) libcurl/7.29.0")
    assert doctor._curl().outcome == "warn"
    monkeypatch.setattr(doctor, "_first_line", lambda *_: "curl 8.14.1 (x86_64) libcurl/8.14.1")
    assert doctor._curl().outcome == "ok"


@pytest.mark.parametrize(("free", "outcome"), [(5e9, "ok"), (5e8, "warn"), (1e8, "fail")])
def test_the_disk(monkeypatch, tmp_path, free, outcome):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: type("Usage", (), {"free": free}))
    assert doctor._disk(tmp_path / "not" / "yet").outcome == outcome


def test_postgresql_that_cannot_run_fails_with_the_engines_own_remedy(monkeypatch, tmp_path):
    async def refuse(*_):
        raise EngineError("postgres cannot run here", remedy="run labkit as a normal user")

    monkeypatch.setattr(doctor.privilege, "find", refuse)
    found = doctor._postgres()
    assert (found.outcome, found.remedy) == ("fail", "run labkit as a normal user")


def test_a_program_for_another_machine_fails(tmp_path):
    program = tmp_path / "kubectl"
    program.write_bytes(b"\x7fELF nothing")
    program.chmod(0o755)
    assert doctor._binary("kubectl", lambda: program, "version").outcome == "fail"


def test_every_finding_that_is_not_ok_says_what_to_do(tmp_path):
    for finding in doctor.examine(tmp_path):
        assert finding.what
        assert finding.outcome == "ok" or finding.remedy
