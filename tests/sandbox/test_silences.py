"""What is done to Alertmanager changes the world: it is journalled, survives a restart, and is done again in replay."""

import asyncio
from pathlib import Path

import pytest

from labkit.alerting.posted import PostedAlert
from labkit.alerting.silences import SilenceMatcher
from labkit.clock import EPOCH, HOUR
from labkit.errors import JournalError
from labkit.journal import Header, Journal, read
from labkit.sandbox.drive import ManualDrive
from labkit.sandbox.replay import replay
from labkit.sandbox.sandbox import TRAINEE, Sandbox
from labkit.scenarios.exercise import world_seed
from labkit.world.actions import AlertmanagerQuery, AlertsPost, Query, SilenceExpire, SilencePut

WANTED = SilencePut(
    matchers=(SilenceMatcher(name="alertname", value="moon", isRegex=False),), starts=None, ends=EPOCH + HOUR,
    created_by="trainee", comment="night",
)  # fmt: skip
POSTED = AlertsPost(alerts=(PostedAlert(labels={"alertname": "moon", "severity": "P1"}, ends=EPOCH + HOUR),))


def sandbox(folder: Path) -> Sandbox:
    return Sandbox(
        home=folder, driver=ManualDrive, seed=world_seed("exercise-1", "t1"), exercise="exercise-1", trainee="t1",
        journal=folder / "journal.jsonl",
    )  # fmt: skip


async def work(box: Sandbox) -> None:
    """Two silences, one of them expired, an alert, a refusal, and two looks."""
    for _ in range(2):
        await box.gate.perform(TRAINEE, WANTED)
    first = box.journal.entries[0].outcome["silence"]
    await box.gate.perform(TRAINEE, SilenceExpire(id=first))
    await box.gate.perform(TRAINEE, SilenceExpire(id="none"))
    await box.gate.perform(TRAINEE, POSTED)
    await box.gate.perform(TRAINEE, AlertmanagerQuery(path="/api/v2/alerts"))
    await box.gate.perform(TRAINEE, Query(path="/api/v1/alerts"))


def test_silences_survive_a_restart_and_are_made_again_in_replay(tmp_path: Path) -> None:
    async def run():
        box = sandbox(tmp_path)
        await work(box)
        outcomes = [entry.outcome["code"] for entry in box.journal.entries]
        assert outcomes == [200, 200, 200, 404, 200, 200, 200]
        silences, digest = box.world.alertmanager.silences.all(box.world.now), box.world.digest()
        await box.close()
        again = sandbox(tmp_path)
        assert again.world.alertmanager.silences.all(again.world.now) == silences
        assert again.world.digest() == digest
        alerts = again.world.alertmanager.alerts(again.world.now)
        assert "moon" in [one.labels.get("alertname") for one in alerts]
        entries = list(again.journal.entries)
        await again.close()
        return [entry.outcome for entry in entries], await replay("exercise-1", "t1", entries, EPOCH)

    outcomes, replayed = asyncio.run(run())
    assert [entry.outcome for entry in replayed.entries] == outcomes[:5]  # looks change nothing, and are left out


@pytest.mark.parametrize("action", [{"type": "alertmanager.dance"}, {"type": "alertmanager.silence", "ends": "never"}])
def test_a_forged_line_is_named_when_a_sandbox_goes_on(tmp_path: Path, action: dict[str, str]) -> None:
    header = Header(seed=world_seed("exercise-1", "t1"), start=EPOCH, exercise="exercise-1", trainee="t1")
    journal = Journal.create(tmp_path / "journal.jsonl", header)
    journal.append(EPOCH + 1000, "trainee", "alertmanager", action, {})
    journal.close()
    with pytest.raises(JournalError, match="not an action"):
        sandbox(tmp_path)


def test_a_sandbox_killed_before_it_wrote_a_word_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").touch()
    asyncio.run(sandbox(tmp_path).close())
    header, entries = read(tmp_path / "journal.jsonl")
    assert (header.exercise, entries) == ("exercise-1", [])
