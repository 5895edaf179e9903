"""Who drives time: manual time jumps where live time sleeps."""

import asyncio
import time

import pytest

from labkit.clock import HOUR, MINUTE, SECOND
from labkit.sandbox.drive import LiveDrive, ManualDrive
from labkit.world.world import World


@pytest.fixture
def world() -> World:
    return World(5)


def test_an_action_costs_one_virtual_second_in_manual_time(world: World) -> None:
    drive, before = ManualDrive(world), world.now
    assert [drive.tick() - before for _ in range(3)] == [SECOND, 2 * SECOND, 3 * SECOND]


def test_a_waiting_request_jumps_to_the_next_event_and_never_beyond_its_end(world: World) -> None:
    drive, end = ManualDrive(world), world.now + HOUR
    stops: list[int] = []

    async def wait() -> None:
        while world.now < end:
            await drive.wait(end)
            stops.append(world.now)

    begun = time.monotonic()
    asyncio.run(wait())
    assert time.monotonic() - begun < 10, "an hour of waiting does not take one"
    assert stops == sorted(set(stops))
    assert stops[-1] == end


def test_live_time_follows_the_wall_and_can_run_ahead(world: World) -> None:
    drive, before = LiveDrive(world), world.now
    time.sleep(0.3)
    assert 200 <= drive.tick() - before < 5 * SECOND
    asyncio.run(drive.skip(10 * MINUTE))
    assert drive.tick() - before >= 10 * MINUTE


def test_live_time_goes_on_by_itself(world: World) -> None:
    drive, before = LiveDrive(world), world.now

    async def live() -> None:
        task = asyncio.create_task(drive.run())
        await asyncio.sleep(0.8)
        task.cancel()

    asyncio.run(live())
    assert world.now - before > 400
