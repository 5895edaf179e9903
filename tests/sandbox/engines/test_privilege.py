import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from labkit.errors import EngineError
from labkit.sandbox.engines import binaries, privilege
from labkit.sandbox.engines.privilege import Privilege


def user_of(way: Privilege) -> int:
    """The user id that a program run in this way sees."""
    said = subprocess.run([*way.prefix, "id", "-u"], capture_output=True, check=True, cwd="/", **way.become)
    return int(said.stdout)


def test_postgres_does_not_run_as_root(tmp_path):
    way = asyncio.run(privilege.find(binaries.program("postgres"), tmp_path))
    assert user_of(way) != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a choice of ways")
def test_root_falls_back_to_nobody(tmp_path, monkeypatch):
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    engine = tmp_path / "engine"
    engine.mkdir(mode=0o700)
    monkeypatch.setattr(privilege, "_NAMESPACE", ("no-such-program",))
    way = asyncio.run(privilege.find(Path("/bin/true"), engine))
    assert way.prefix == ()
    assert user_of(way) == way.become["user"] != 0
    assert engine.stat().st_uid == way.become["user"]


def test_when_no_way_works_the_error_says_what_to_do(tmp_path):
    with pytest.raises(EngineError) as raised:
        asyncio.run(privilege.find(tmp_path / "missing", tmp_path))
    assert "missing cannot run here" in raised.value.what
    assert raised.value.remedy
