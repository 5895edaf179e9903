"""ClickHouse's own Prometheus endpoint: ``system.events``, ``system.metrics`` and ``system.asynchronous_metrics``."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from labkit.kube.store import Object
from labkit.twin.columns import OLD_PARTS, ROW_BYTES, Columns
from labkit.twin.exporters.family import Family, live, of, process, seconds, series, started

if TYPE_CHECKING:
    from labkit.twin.system import System

METRICS = {
    "ClickHouseProfileEvents_Query": ("counter", "Queries started."),
    "ClickHouseProfileEvents_SelectQuery": ("counter", "SELECTs."),
    "ClickHouseProfileEvents_InsertQuery": ("counter", "INSERTs."),
    "ClickHouseProfileEvents_FailedQuery": ("counter", "Queries that failed."),
    "ClickHouseProfileEvents_SelectQueryTimeMicroseconds": ("counter", "Time of SELECTs, in microseconds."),
    "ClickHouseProfileEvents_InsertQueryTimeMicroseconds": ("counter", "Time of INSERTs, in microseconds."),
    "ClickHouseProfileEvents_InsertedRows": ("counter", "Rows inserted."),
    "ClickHouseProfileEvents_InsertedBytes": ("counter", "Bytes inserted, uncompressed."),
    "ClickHouseProfileEvents_Merge": ("counter", "Merges started."),
    "ClickHouseProfileEvents_MergedRows": ("counter", "Rows read by merges."),
    "ClickHouseProfileEvents_DelayedInserts": ("counter", "Inserts held back for too many parts."),
    "ClickHouseProfileEvents_RejectedInserts": ("counter", "Inserts refused for too many parts."),
    "ClickHouseMetrics_MemoryTracking": ("gauge", "Bytes of memory allocated."),
    "ClickHouseMetrics_PartsActive": ("gauge", "Active parts."),
    "ClickHouseAsyncMetrics_MaxPartCountForPartition": ("gauge", "Active parts of the partition that has most."),
    "ClickHouseAsyncMetrics_Uptime": ("gauge", "Seconds since the server started."),
}


def families(system: "System") -> Iterable[Family]:
    """One family for the server, if it runs."""
    for pod in system.running():
        if pod["metadata"]["labels"]["app"] == "clickhouse":
            readers = dict(_readers(system.columns)) | _process(system, pod)
            yield live((series(f"ClickHouse{name}", **of(pod)), read) for name, read in readers.items())


def _readers(columns: Columns) -> Iterable[tuple[str, Callable[[], float]]]:
    yield "ProfileEvents_Query", lambda: columns.inserts + columns.selects
    yield "ProfileEvents_SelectQuery", lambda: columns.selects
    yield "ProfileEvents_InsertQuery", lambda: columns.inserts
    yield "ProfileEvents_FailedQuery", float
    yield "ProfileEvents_SelectQueryTimeMicroseconds", lambda: int(columns.select_seconds * 1e6)
    yield "ProfileEvents_InsertQueryTimeMicroseconds", lambda: int(columns.insert_seconds * 1e6)
    yield "ProfileEvents_InsertedRows", lambda: columns.rows
    yield "ProfileEvents_InsertedBytes", lambda: columns.rows * ROW_BYTES
    yield "ProfileEvents_Merge", lambda: columns.merges
    yield "ProfileEvents_MergedRows", lambda: columns.merged_rows
    yield "ProfileEvents_DelayedInserts", float
    yield "ProfileEvents_RejectedInserts", float
    yield "Metrics_PartsActive", lambda: columns.parts + OLD_PARTS
    yield "AsyncMetrics_MaxPartCountForPartition", lambda: columns.parts


def _process(system: "System", pod: Object) -> dict[str, Callable[[], float]]:
    id_, since = process(pod), started(pod)

    def memory() -> float:
        container = system.usage.containers.get(id_)
        return container.memory if container else 0.0

    return {"Metrics_MemoryTracking": memory, "AsyncMetrics_Uptime": lambda: seconds(system.clock.now) - since}
