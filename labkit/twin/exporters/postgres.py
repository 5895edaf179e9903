"""postgres_exporter and barman's exporter."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from labkit.twin import demand
from labkit.twin.database import MAX_CONNECTIONS, RESERVED, ROWS, SEGMENT, SYSTEM_BYTES
from labkit.twin.exporters.family import Family, Reading, constant, live, seconds, series, started
from labkit.twin.exporters.targets import exporter
from labkit.twin.queries import TYPES

if TYPE_CHECKING:
    from labkit.twin.system import System

METRICS = {
    "pg_up": ("gauge", "Whether PostgreSQL answered the exporter."),
    "pg_postmaster_start_time_seconds": ("gauge", "When the server started, Unix seconds."),
    "pg_settings_max_connections": ("gauge", "Sessions the server allows."),
    "pg_settings_superuser_reserved_connections": ("gauge", "Sessions kept for superusers."),
    "pg_stat_activity_count": ("gauge", "Sessions by database and state."),
    "pg_stat_activity_max_tx_duration": ("gauge", "Age of the oldest transaction by state, in seconds."),
    "pg_stat_database_xact_commit": ("counter", "Transactions committed."),
    "pg_stat_database_xact_rollback": ("counter", "Transactions rolled back."),
    "pg_stat_database_tup_returned": ("counter", "Rows returned by queries."),
    "pg_stat_database_tup_inserted": ("counter", "Rows inserted."),
    "pg_stat_database_tup_updated": ("counter", "Rows updated."),
    "pg_stat_database_blks_read": ("counter", "Blocks read from outside shared_buffers."),
    "pg_stat_database_blks_hit": ("counter", "Blocks found in shared_buffers."),
    "pg_stat_database_deadlocks": ("counter", "Deadlocks detected."),
    "pg_database_size_bytes": ("gauge", "Bytes of the database on disk."),
    "pg_wal_segments": ("gauge", "Segments of write-ahead log in pg_wal."),
    "pg_wal_size_bytes": ("gauge", "Bytes of write-ahead log in pg_wal."),
    "pg_replication_lag_seconds": ("gauge", "Seconds behind the primary; 0 on the primary itself."),
    "pg_replication_is_replica": ("gauge", "Whether the server is a standby."),
    "pg_stat_replication_pg_wal_lsn_diff": ("gauge", "Bytes of WAL a receiver has not confirmed."),
    "pg_replication_slot_slot_is_active": ("gauge", "Whether somebody reads the slot."),
    "pg_stat_archiver_archived_count": ("counter", "WAL segments archived."),
    "pg_stat_archiver_failed_count": ("counter", "Failures to archive a segment."),
    "pg_stat_archiver_last_archive_age": ("gauge", "Seconds since the last segment was archived."),
    "barman_last_backup": ("gauge", "When the last base backup was taken, Unix seconds."),
    "barman_backups_total": ("gauge", "Base backups kept."),
    "barman_backups_failed": ("counter", "Base backups that failed."),
}

DATABASE = "llm_research"


def families(system: "System") -> Iterable[Family]:
    """What the exporter reads from a server that answers, else only that it does not."""
    labels = exporter("postgres-exporter") | {"server": "postgres:5432"}
    up = system.causes.database_accepting and bool(system.pods("postgres")) and _runs(system)
    yield constant([(series("pg_up", **labels), float(up))])
    yield _barman(system)
    if up:
        yield _settings(system, labels)
        yield live([*_sessions(system, labels), *_statistics(system, labels), *_log(system, labels)])


def _runs(system: "System") -> bool:
    return any(pod["metadata"]["labels"]["app"] == "postgres" for pod in system.running())


def _settings(system: "System", labels: dict[str, str]) -> Family:
    return constant([
        (series("pg_postmaster_start_time_seconds", **labels), started(system.pods("postgres")[0])),
        (series("pg_settings_max_connections", **labels), MAX_CONNECTIONS),
        (series("pg_settings_superuser_reserved_connections", **labels), RESERVED),
        (series("pg_replication_is_replica", **labels), 0.0),
        (series("pg_replication_lag_seconds", **labels), 0.0),
        (series("pg_replication_slot_slot_is_active", **labels, slot_name="barman"), 1.0),
        (series("pg_database_size_bytes", **labels, datname="postgres"), SYSTEM_BYTES),
    ])  # fmt: skip


def _sessions(system: "System", labels: dict[str, str]) -> Iterable[Reading]:
    """Sessions are those of the pools: busy ones run a statement, the others idle."""

    def active() -> float:
        return float(sum(replica.pool_in_use for replica in system.api.replicas.values()))

    def idle() -> float:
        return demand.sessions(system) - active()

    count = {"active": active, "idle": idle, "idle in transaction": float, "idle in transaction (aborted)": float}
    for state, read in count.items():
        yield series("pg_stat_activity_count", **labels, datname=DATABASE, state=state), read
    longest = series("pg_stat_activity_max_tx_duration", **labels, datname=DATABASE, state="active")
    yield longest, lambda: 0.01 if active() else 0.0


def _statistics(system: "System", labels: dict[str, str]) -> Iterable[Reading]:
    database = system.database

    def rows(type_: str) -> Callable[[], float]:
        at = TYPES.index(type_)
        return lambda: float(database.statements[at] * ROWS[at])

    readers: dict[str, Callable[[], float]] = {
        "xact_commit": lambda: database.commits,
        "xact_rollback": lambda: database.rollbacks,
        "tup_returned": rows("SELECT"),
        "tup_inserted": rows("INSERT"),
        "tup_updated": rows("UPDATE"),
        "blks_read": lambda: database.blocks_read,
        "blks_hit": lambda: database.blocks_hit,
        "deadlocks": float,
    }
    for name, read in readers.items():
        yield series(f"pg_stat_database_{name}", **labels, datname=DATABASE), read
    yield series("pg_database_size_bytes", **labels, datname=DATABASE), lambda: database.size


def _log(system: "System", labels: dict[str, str]) -> Iterable[Reading]:
    database = system.database
    receiver = labels | {"application_name": "barman_receive_wal", "state": "streaming"}
    yield series("pg_wal_segments", **labels), lambda: database.wal_segments
    yield series("pg_wal_size_bytes", **labels), lambda: database.wal_segments * SEGMENT
    yield series("pg_stat_replication_pg_wal_lsn_diff", **receiver), lambda: database.unflushed
    yield series("pg_stat_archiver_archived_count", **labels), lambda: database.archived
    yield series("pg_stat_archiver_failed_count", **labels), float
    age = series("pg_stat_archiver_last_archive_age", **labels)
    yield age, lambda: seconds(system.clock.now - database.archived_at)


def _barman(system: "System") -> Family:
    database, labels = system.database, exporter("barman-exporter") | {"server": "llm-research-postgres"}
    return live([
        (series("barman_last_backup", **labels), lambda: seconds(database.backup_at)),
        (series("barman_backups_total", **labels), lambda: database.backups),
        (series("barman_backups_failed", **labels), lambda: database.backups_failed),
    ])  # fmt: skip
