"""Memory that queries have used goes back to the machine.

The C library keeps what was freed between what is still used: after twenty wide answers at once a
sandbox held six gigabytes that nothing needed, for good.
"""

import asyncio
import ctypes
import resource
from pathlib import Path

INTERVAL = 10.0
"""Seconds between looks."""

AMPLE = 512 * 1024 * 1024
"""Bytes that a sandbox may hold before anything is given back."""


def resident() -> int:
    """Bytes of memory that this process holds; 0 where the system does not tell in Linux' way."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:
        return 0


def release() -> bool:
    """Give back what is free; whether anything was. Only glibc needs it, and has ``malloc_trim``."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return bool(trim is not None and trim(0))


async def keep_low() -> None:
    """Look now and then, and give back, in a thread, until cancelled."""
    while True:
        await asyncio.sleep(INTERVAL)
        if await asyncio.to_thread(resident) > AMPLE:
            await asyncio.to_thread(release)
