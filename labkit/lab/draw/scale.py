"""Axes: from values to pixels, and where the ticks go."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from labkit.lab.draw.units import Unit, digits

_TIMES = (
    1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
    86400, 2 * 86400, 7 * 86400, 14 * 86400, 28 * 86400, 91 * 86400, 365 * 86400,
)  # fmt: skip
"""Distances of ticks of time that a reader can count in, in seconds."""


@dataclass(frozen=True)
class Linear:
    """Values from ``low`` to ``high`` on pixels from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def nice(low: float, high: float, unit: Unit, wanted: int = 5) -> tuple[float, float, list[tuple[float, str]]]:
    """Rounded limits that hold ``low`` and ``high``, and the ticks between with their text, in one scale of ``unit``."""
    if not low < high:
        margin = abs(low) * 0.1 or 1.0
        low, high = (0.0, high + margin) if low >= 0 else (low - margin, high + margin)
    factor, suffix = unit.scale(max(abs(low), abs(high)))
    step = _step((high - low) / factor / wanted, binary=suffix.endswith(("iB", "iB/s", "ib")))
    first, last = math.floor(low / factor / step + 1e-9), math.ceil(high / factor / step - 1e-9)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else 0
    if unit.moment:
        return low, high, [(value, unit.text(value)) for value in (low, high)]
    ticks = [(n * step * factor, f"{unit.prefix}{_tick(n * step, decimals)}{suffix}") for n in range(first, last + 1)]
    return first * step * factor, last * step * factor, ticks


def _tick(value: float, decimals: int) -> str:
    """A whole number as it is; a step such as 0.25 needs one digit more than its size says."""
    fine = decimals if abs(round(value, decimals) - value) < 1e-9 * max(1, abs(value)) else decimals + 1
    return digits(value, fine if fine < 8 else None)


def _step(rough: float, *, binary: bool) -> float:
    """The next larger of 1, 2, 2.5, 5 times a power of ten; of bytes, a power of two."""
    if not math.isfinite(rough) or rough <= 0:
        return 1.0
    if binary and rough > 1:
        return 2.0 ** math.ceil(math.log2(rough))
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= rough * 0.9999999)


def times(start: float, end: float, wanted: int) -> list[tuple[float, str]]:
    """Ticks of time in UTC between two moments (seconds since the epoch), with their text.

    A tick that begins a day is written as the day, so that a range of many days needs no dates elsewhere.
    """
    step = next((step for step in _TIMES if step * wanted >= end - start), _TIMES[-1])
    first = math.ceil(start / step - 1e-9) * step
    return [
        (float(moment), _clock(moment, step))
        for moment in range(int(first), math.floor(end + 1e-9) + 1, step)
        if moment >= start - 1e-9
    ]


def _clock(moment: int, step: int) -> str:
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment)
    if step >= 28 * 86400:
        return f"{time:%b %Y}"
    if moment % 86400 == 0:
        return f"{time.day} {time:%b}"
    return f"{time:%H:%M:%S}" if step < 60 else f"{time:%H:%M}"


def span(start: float, end: float) -> str:
    """The days between two moments, for a caption: ``28 Nov 2025 UTC``."""
    first, last = (datetime.fromtimestamp(moment, UTC) for moment in (start, end))
    if end - start < 120:
        return f"{first.day} {first:%b %Y}, {first:%H:%M:%S} to {last:%H:%M:%S} UTC"
    if first.date() == last.date():
        return f"{first.day} {first:%b %Y}, {first:%H:%M} to {last:%H:%M} UTC"
    return f"{first.day} {first:%b} {first:%H:%M} to {last.day} {last:%b %Y} {last:%H:%M} UTC"
