"""Who drives virtual time: the wall, or the actions themselves.

*live* follows the wall clock from where it began; ``skip`` runs ahead. It reads the monotonic
clock, which stands still while a laptop sleeps, so the world sleeps too. *manual* gives every
action one virtual second and lets a waiting request jump to the next event, so that nothing
sleeps and nothing deadlocks. *replay* moves to the time each recorded action had.
"""

import asyncio
import time
from typing import Protocol

from labkit.clock import SECOND, Millis
from labkit.world.world import World

SLICE: Millis = 60 * SECOND
"""Virtual time stepped before the event loop gets its turn: about 2 ms of work."""


class Drive(Protocol):
    """Moves the world's clock."""

    def tick(self) -> Millis:
        """An action begins: the time at which it happens, with the world brought up to it."""

    async def wait(self, until: Millis) -> None:
        """A request waits: return when something may have happened, or at ``until``."""

    async def skip(self, duration: Millis) -> None:
        """Let ``duration`` pass as fast as the world can be stepped."""


class ManualDrive:
    """Time moves by actions and waits alone."""

    def __init__(self, world: World) -> None:
        self._world = world

    def tick(self) -> Millis:
        """One virtual second passes."""
        self._world.clock.advance(self._world.now + SECOND)
        return self._world.now

    async def wait(self, until: Millis) -> None:
        """Jump to the next event, or to ``until`` if nothing comes before."""
        event = self._world.clock.next_event()
        target = until if event is None else min(until, event)
        self._world.clock.advance(max(self._world.now, target))
        await asyncio.sleep(0)

    async def skip(self, duration: Millis) -> None:
        """Step through ``duration``."""
        end = self._world.now + duration
        while self._world.now < end:
            self._world.clock.advance(min(end, self._world.now + SLICE))
            await asyncio.sleep(0)


class LiveDrive:
    """Time follows the wall clock from the moment of making."""

    POLL = 0.25
    """Seconds of the wall between looks of a waiting request, and between steps of :meth:`run`."""

    LONGEST_GAP: Millis = 60 * SECOND
    """A longer time without a step is an absence (a stopped process): the world slept through it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._offset = world.now - self._wall()

    @staticmethod
    def _wall() -> Millis:
        return time.monotonic_ns() // 1_000_000

    def tick(self) -> Millis:
        """Bring the world to the present: a step or two."""
        self._world.clock.advance(self._present())
        return self._world.now

    async def wait(self, until: Millis) -> None:
        """Wait a moment of the wall's time."""
        left = max(0, until - self._world.now) / SECOND
        await asyncio.sleep(min(self.POLL, left))
        self.tick()

    async def skip(self, duration: Millis) -> None:
        """Run ahead by ``duration``, for good; slice by slice, so that others are answered meanwhile."""
        while duration > 0:
            ahead = min(duration, SLICE)
            self._world.clock.advance(self._present() + ahead)
            self._offset += ahead
            duration -= ahead
            await asyncio.sleep(0)

    async def run(self) -> None:
        """Keep the world at the present until cancelled."""
        while True:
            await asyncio.sleep(self.POLL)
            self.tick()

    def _present(self) -> Millis:
        """What the wall clock says that virtual time is; never before now."""
        gap = self._wall() + self._offset - self._world.now
        if gap > self.LONGEST_GAP:
            self._offset -= gap
            gap = 0
        return self._world.now + max(0, gap)
