"""PostgreSQL as its exporter sees it: transactions, rows, blocks, write-ahead log and disk, by what clients sent.

The engine that answers SQL is a real server (:mod:`labkit.sandbox.engines`); this is the load that
the rest of LLM-Research-Lab puts on production's, which no engine on a laptop could carry.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labkit.clock import DAY, HOUR, MINUTE, Millis
from labkit.twin.queries import TYPES

MAX_CONNECTIONS = 200
RESERVED = 3
"""``max_connections`` and ``superuser_reserved_connections``."""

SEGMENT = 16 * 1024 * 1024
"""Bytes of a WAL segment."""

MIN_SEGMENTS = 5
"""Segments kept ready for use again (``min_wal_size``, 80 MB)."""

CHECKPOINT: Millis = 5 * MINUTE
ARCHIVE_TIMEOUT: Millis = 5 * MINUTE
BACKUP_HOUR = 2
"""Barman takes a base backup each night at this hour, UTC."""

ROWS = np.array([18.0, 1.0, 1.0])
"""Rows a statement of each type returns or writes."""

WAL_BYTES = np.array([0.0, 900.0, 1_400.0])
ROW_BYTES = 620
"""Bytes a new row takes with its index entries."""

BLOCKS = np.array([14.0, 9.0, 7.0])
"""Blocks of 8 KiB a statement touches."""

COLD_BLOCKS = 0.004
"""Share of them that is not in shared_buffers."""

INITIAL_BYTES = 38 * 1024**3
SYSTEM_BYTES = 7_800_000
"""Bytes of the application's database when the twin begins to live, and of ``postgres``."""


@dataclass(frozen=True)
class Sent:
    """What clients sent within a step; ``statements`` of shape (types,)."""

    statements: NDArray[np.int64]
    transactions: int
    rollbacks: int


@dataclass
class Database:
    """The counters of the server; all follow from :meth:`step`'s statements."""

    statements: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(TYPES), np.int64))
    commits: int = 0
    rollbacks: int = 0
    blocks_read: float = 0.0
    blocks_hit: float = 0.0
    wal: float = 0.0
    """Position in the write-ahead log, in bytes."""
    unflushed: float = 0.0
    """Bytes the WAL receiver has not confirmed."""
    archived: int = 0
    archived_at: Millis = 0
    backup_at: Millis = 0
    """When the last base backup was taken."""
    backup_due: Millis = 0
    backups: int = 0
    backups_failed: int = 0
    _archived_to: float = 0.0
    _checkpoints: tuple[float, float] = (0.0, 0.0)
    _checkpoint_at: Millis = 0

    def begin(self, now: Millis) -> None:
        """Begin to live at ``now``, archived and backed up as the timetable wants it."""
        self.archived_at = self._checkpoint_at = now
        self.backup_at = (now - BACKUP_HOUR * HOUR) // DAY * DAY + BACKUP_HOUR * HOUR
        self.backup_due = self.backup_at + DAY
        self.backups = 7  # retention_policy: a week

    def step(self, now: Millis, dt: Millis, sent: Sent, *, accepting: bool) -> None:
        """Live through ``dt``, in which clients sent what they did; ``accepting`` is whether they still may.

        A backup that falls due while no connection is accepted fails.
        """
        self.statements += sent.statements
        self.commits += sent.transactions - sent.rollbacks
        self.rollbacks += sent.rollbacks
        touched = float(sent.statements @ BLOCKS)
        self.blocks_read += touched * COLD_BLOCKS
        self.blocks_hit += touched * (1 - COLD_BLOCKS)
        written = float(sent.statements @ WAL_BYTES)
        self.wal += written
        self.unflushed = written * 100 / dt  # a tenth of a second's worth
        if accepting:
            self._checkpoint(now)
            self._archive(now)
        if now >= self.backup_due:
            self.backup_at = self.backup_due if accepting else self.backup_at
            self.backups_failed += not accepting
            self.backup_due += DAY

    @property
    def size(self) -> float:
        """Bytes of the application's database: what it was, and the rows inserted since."""
        return INITIAL_BYTES + float(self.statements[TYPES.index("INSERT")]) * ROW_BYTES

    @property
    def wal_segments(self) -> int:
        """Segments in pg_wal: those since the checkpoint before the last, which recovery may need."""
        return max(MIN_SEGMENTS, int((self.wal - self._checkpoints[0]) // SEGMENT) + 1)

    @property
    def disk_bytes(self) -> float:
        """What the volume holds."""
        return self.size + SYSTEM_BYTES + self.wal_segments * SEGMENT

    def _checkpoint(self, now: Millis) -> None:
        if now - self._checkpoint_at >= CHECKPOINT:
            self._checkpoint_at = now
            self._checkpoints = (self._checkpoints[1], self.wal)

    def _archive(self, now: Millis) -> None:
        """Full segments go to the archive, and after ``archive_timeout`` one that is not full."""
        full = int((self.wal - self._archived_to) // SEGMENT)
        due = self.wal > self._archived_to and now - self.archived_at >= ARCHIVE_TIMEOUT
        if full or due:
            self._archived_to = self._archived_to + full * SEGMENT if full else self.wal
            self.archived += max(full, 1)
            self.archived_at = now
