"""The laws of the data layer, of what containers use, and of what lies on disks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.clock import DAY, EPOCH, HOUR, SECOND
from labkit.promql import Engine
from labkit.twin.cache import WARM_KEYS, WORKING_SET, Cache
from labkit.twin.columns import MERGED, Columns
from labkit.twin.database import ARCHIVE_TIMEOUT, SEGMENT, Database, Sent
from labkit.twin.partitions import RETENTION, Partitions
from labkit.world.world import World

DT = 15 * SECOND


def sent(*statements: int) -> Sent:
    return Sent(np.array(statements, np.int64), sum(statements), 0)


def test_a_cold_cache_warms_and_a_warm_one_stays() -> None:
    """29 look-ups a second: within minutes the hits are those of a cache that has long been in use."""
    cold, warm, draw = Cache(), Cache(keys=WARM_KEYS), np.random.default_rng(1)
    assert cold.hit_probability == 0
    for _ in range(120):
        for cache in (cold, warm):
            misses = 435 - int(draw.binomial(435, cache.hit_probability))
            cache.step(DT, 2_700, 435, misses)
            assert 0 <= cache.keys <= WORKING_SET
    assert cold.hit_probability == pytest.approx(warm.hit_probability, abs=0.03)
    assert 0.85 < warm.hit_probability < 0.97
    assert cold.misses > warm.misses
    assert cold.hits + cold.misses == warm.hits + warm.misses


@given(steps=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 900)), max_size=60))
def test_parts_are_inserts_less_nine_for_each_merge(steps: list[tuple[int, int]]) -> None:
    columns = Columns.seeded(1)
    for writers, jobs in steps:
        columns.step(DT, writers, jobs, 3)
        assert columns.parts == columns.inserts - (MERGED - 1) * columns.merges >= 0
        assert columns.parts == sum(map(int, str(columns.inserts))), "the digits of N"
    assert columns.rows == 6 * sum(jobs for _, jobs in steps)


@given(loads=st.lists(st.integers(0, 200_000), min_size=1, max_size=200))
def test_wal_is_archived_within_the_objective_and_pg_wal_stays_bounded(loads: list[int]) -> None:
    database, now = Database(), EPOCH
    database.begin(now)
    for inserts in loads:
        now += DT
        position = database.wal
        database.step(now, DT, sent(0, inserts, 0), accepting=True)
        assert database.wal - position == pytest.approx(inserts * 900)
        if inserts:
            assert now - database.archived_at <= ARCHIVE_TIMEOUT + DT
        assert database.wal_segments * SEGMENT <= database.disk_bytes
    assert database.archived >= database.wal // SEGMENT


def test_a_backup_is_taken_each_night_and_fails_while_the_database_refuses() -> None:
    database = Database()
    database.begin(EPOCH)  # noon
    assert (EPOCH - database.backup_at) == 10 * HOUR
    database.step(EPOCH + 15 * HOUR, DT, sent(0, 0, 0), accepting=True)
    assert database.backup_at == EPOCH + 14 * HOUR
    database.step(EPOCH + DAY + 15 * HOUR, DT, sent(0, 0, 0), accepting=False)
    assert (database.backup_at, database.backups_failed) == (EPOCH + 14 * HOUR, 1)
    database.step(EPOCH + 2 * DAY + 15 * HOUR, DT, sent(0, 0, 0), accepting=True)
    assert (database.backup_at, database.backups_failed) == (EPOCH + 2 * DAY + 14 * HOUR, 1)


def test_retention_drops_what_is_older_than_a_week() -> None:
    log, draw = Partitions(4, 100), np.random.default_rng(1)
    for hour in range(24 * 9):
        log.append(draw, 1_000, EPOCH + hour * HOUR)
    kept = int((log.end - log.oldest).sum())
    assert kept == pytest.approx(1_000 * RETENTION / HOUR, rel=0.02)
    assert log.stored_bytes == kept * 100


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 1000))
def test_nobody_uses_more_than_there_is(seed: int) -> None:
    world = World(seed)
    engine = Engine(world.series)

    def all_hold(query: str) -> None:
        vector = engine.instant(query, world.now)
        assert len(vector.values), query
        assert (vector.values == 1).all(), query

    all_hold("kubelet_volume_stats_used_bytes <= bool kubelet_volume_stats_capacity_bytes")
    all_hold(
        "kubelet_volume_stats_used_bytes + kubelet_volume_stats_available_bytes == bool kubelet_volume_stats_capacity_bytes"
    )
    all_hold("node_memory_MemAvailable_bytes <= bool node_memory_MemTotal_bytes")
    all_hold("container_memory_working_set_bytes <= bool container_spec_memory_limit_bytes")
    all_hold(
        "rate(container_cpu_usage_seconds_total[5m]) <= bool on (pod, container) group_left () (1.001 * kube_pod_container_resource_limits{resource='cpu'})"
    )
    all_hold("sum by (instance) (rate(node_cpu_seconds_total[5m])) >= bool 7.99")
    all_hold("sum by (instance) (rate(node_cpu_seconds_total[5m])) <= bool 8.01")
    all_hold("sum(pg_stat_activity_count) <= bool max(pg_settings_max_connections)")


def test_what_is_counted_twice_is_counted_alike() -> None:
    """Callers and the called, parts and wholes, logs and ledgers: over a quarter of an hour's increase."""
    world = World(3)
    engine = Engine(world.series)

    def total(query: str) -> float:
        return float(engine.instant(query, world.now).values.sum())

    def gained(name: str) -> float:
        """What counters gained between two scrapes a quarter of an hour apart."""
        return total(f"{name} - {name} offset 15m")

    assert gained("db_query_duration_seconds_count") == gained("db_query_duration_seconds_bucket{le='+Inf'}")
    assert gained("db_query_duration_seconds_count{query_type='INSERT'}") == gained("pg_stat_database_tup_inserted")
    assert gained("db_query_duration_seconds_count{query_type='UPDATE'}") == gained("pg_stat_database_tup_updated")
    assert gained("api_cache_requests_total{result='hit'}") == gained("redis_keyspace_hits_total")
    assert gained("api_cache_requests_total{result='miss'}") == gained("redis_keyspace_misses_total")
    assert gained("nginx_ingress_controller_requests") == gained("api_request_total")
    assert gained("kafka_topic_partition_current_offset{topic='experiments'}") == gained(
        "api_kafka_producer_messages_total{topic='experiments'}"
    )
    assert gained("kafka_consumergroup_current_offset") == gained("experiment_runs_total")
    assert gained("kafka_topic_partition_current_offset{topic='metrics-events'}") == 6 * gained("experiment_runs_total")
    assert gained("ClickHouseProfileEvents_InsertedRows") == 6 * gained("experiment_runs_total")
    assert gained("llm_provider_requests_total{status!='429'}") == gained("experiment_runs_total")
    assert total("kafka_consumergroup_lag") == total(
        "kafka_topic_partition_current_offset{topic='experiments'} - on (topic, partition) kafka_consumergroup_current_offset"
    )
    containers = total("sum by (node) (rate(container_cpu_usage_seconds_total[5m]))")
    busy = total("sum(rate(node_cpu_seconds_total{mode!='idle'}[5m]))")
    assert busy - containers == pytest.approx(6 * 0.14, rel=0.05), "the rest is the system's own"


def test_counters_only_rise_within_a_process_life() -> None:
    world = World(4)
    for name, known in world.series.metadata.items():
        if known.type == "counter":
            resets = Engine(world.series).instant(f"resets({name}[5h])", world.now)
            assert (resets.values == 0).all(), name
