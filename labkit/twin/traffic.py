"""How many requests arrive: λ(t) = base · day(t) · week(t) · burst(t).

Burst is a lognormal AR(1) factor with a correlation time of two minutes; it makes the
variance-to-mean ratio of requests per minute lie near that of real traces (26 and 115 where a
Poisson process has 1; Azure LLM inference traces, 2023).
"""

import math

import numpy as np

from labkit.clock import DAY, HOUR, SECOND, Millis

BASE = 180.0
"""Mean requests per second over a week."""

BURST_SIGMA = 0.07
BURST_TIME: Millis = 120 * SECOND


class Traffic:
    """The arrival rate, stepped in virtual time from its own generator."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng([seed, 1])
        self._phase = self._random.uniform(-0.5, 0.5)
        self._log_burst = self._random.normal(0.0, BURST_SIGMA)

    def step(self, now: Millis, dt: Millis) -> float:
        """The mean rate, in requests per second, over the ``dt`` before ``now``."""
        memory = math.exp(-dt / BURST_TIME)
        shock = BURST_SIGMA * math.sqrt(1 - memory * memory)
        self._log_burst = memory * self._log_burst + self._random.normal(0.0, shock)
        return BASE * _day(now, self._phase) * _week(now) * math.exp(self._log_burst - BURST_SIGMA**2 / 2)


def _day(now: Millis, phase: float) -> float:
    """The daily shape: a peak at 14:00 UTC (shifted by up to half an hour), a trough at 02:00."""
    hours = now % DAY / HOUR + phase
    return 1.0 + 0.45 * math.cos((hours - 14.0) * math.tau / 24.0)


def _week(now: Millis) -> float:
    """Saturdays and Sundays carry 60 % of a working day (1970-01-01 was a Thursday)."""
    return 0.6 if (now // DAY + 3) % 7 >= 5 else 1.07
