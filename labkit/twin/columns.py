"""ClickHouse: inserts make parts, merges take ten of a size and make one, selects read.

With merges that keep up, the parts that are left after N inserts are the decimal digits of N: so
parts = inserts − 9 · merges, always.
"""

from dataclasses import dataclass, field

import numpy as np

from labkit.clock import SECOND, Millis
from labkit.twin import lognormal

MERGED = 10
"""Parts a merge takes."""

OLD_PARTS = 24
"""Parts of the partitions of months before."""

ROWS_PER_JOB = 6
ROW_BYTES = 180
DISK_BYTES = 26
"""Bytes of a row as it is sent, and compressed on disk."""

INITIAL_BYTES = 61 * 1024**3
SELECT: lognormal.Shape = (0.006, 0.7)
INSERT: lognormal.Shape = (0.02, 0.5)


@dataclass
class Columns:
    """The counters of the server's process."""

    inserts: int = 0
    selects: int = 0
    rows: int = 0
    merges: int = 0
    merged_rows: int = 0
    select_seconds: float = 0.0
    insert_seconds: float = 0.0
    _levels: list[int] = field(default_factory=list)
    _random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    @classmethod
    def seeded(cls, seed: int) -> "Columns":
        """A server whose draws follow ``seed``."""
        return cls(_random=np.random.default_rng([seed, 4]))

    def step(self, dt: Millis, writers: int, jobs: int, selects: int) -> None:
        """Take one batch a second from each of ``writers`` that had ``jobs`` to write, and answer ``selects``."""
        batches = min(jobs, writers * dt // SECOND)
        self.inserts += batches
        self.rows += jobs * ROWS_PER_JOB
        self.selects += selects
        self.insert_seconds += batches * lognormal.mean(INSERT)
        if selects:
            self.select_seconds += float(self._random.lognormal(np.log(SELECT[0]), SELECT[1], selects).sum())
        self._merge(batches, jobs * ROWS_PER_JOB)

    def _merge(self, parts: int, rows: int) -> None:
        """Carry: ten parts of a level become one of the next, and each level rewrites the rows once."""
        level = 0
        while parts:
            if level == len(self._levels):
                self._levels.append(0)
            parts, self._levels[level] = divmod(self._levels[level] + parts, MERGED)
            self.merges += parts
            level += 1
        self.merged_rows += rows * max(0, len(self._levels) - 1)

    @property
    def parts(self) -> int:
        """Active parts of this month's partition."""
        return sum(self._levels)

    @property
    def disk_bytes(self) -> float:
        """What the volume holds."""
        return INITIAL_BYTES + self.rows * DISK_BYTES
