"""kafka_exporter: brokers, partitions, and the group of the experiment workers.

``kafka_consumergroup_lag`` is one number for topic and group, as exercise 4 asks for it; by
partition it is the difference of the offsets.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from labkit.kafka.cluster import Partition
from labkit.twin.exporters.family import Family, Floats, Sample, constant, live, series
from labkit.twin.exporters.targets import exporter
from labkit.twin.partitions import Partitions
from labkit.twin.workers import JOBS

if TYPE_CHECKING:
    from labkit.twin.system import System

METRICS = {
    "kafka_brokers": ("gauge", "Brokers in the cluster."),
    "kafka_topic_partitions": ("gauge", "Partitions of the topic."),
    "kafka_topic_partition_leader": ("gauge", "The broker that leads the partition; -1 if none does."),
    "kafka_topic_partition_replicas": ("gauge", "Replicas of the partition."),
    "kafka_topic_partition_in_sync_replica": ("gauge", "Replicas that are in sync."),
    "kafka_topic_partition_under_replicated_partition": ("gauge", "Whether some replica is not in sync."),
    "kafka_topic_partition_current_offset": ("gauge", "End offset of the partition."),
    "kafka_topic_partition_oldest_offset": ("gauge", "First offset of the partition that is kept."),
    "kafka_consumergroup_current_offset": ("gauge", "Offset the group has committed."),
    "kafka_consumergroup_lag": ("gauge", "Messages the group has not consumed, summed over partitions."),
    "kafka_consumergroup_members": ("gauge", "Members of the group."),
}

GROUP = "experiment-processor-v1"


def families(system: "System") -> Iterable[Family]:
    """The cluster's state, which changes seldom, and the offsets of each topic that exists."""
    labels, topics = exporter("kafka-exporter"), system.topics()
    yield constant(_cluster(system, labels))
    for name, log in system.workers.logs.items():
        if name in topics:
            yield _offsets(log, labels | {"topic": name})
    group = labels | {"group": GROUP}
    yield live([(series("kafka_consumergroup_members", **group), lambda: system.workers.members)])
    if JOBS in topics:
        yield live([(series("kafka_consumergroup_lag", **group, topic=JOBS), lambda: system.workers.lag)])
        yield _committed(system.workers.logs[JOBS], group | {"topic": JOBS})


def _cluster(system: "System", labels: dict[str, str]) -> Iterable[Sample]:
    yield series("kafka_brokers", **labels), len(system.brokers.live)
    for topic in system.brokers.topics:
        if topic.internal:
            continue
        yield series("kafka_topic_partitions", **labels, topic=topic.name), len(topic.partitions)
        for partition in topic.partitions:
            yield from _partition(partition, labels | {"topic": topic.name, "partition": str(partition.index)})


def _partition(partition: Partition, labels: dict[str, str]) -> Iterable[Sample]:
    replicas, in_sync = len(partition.replicas), len(partition.isr)
    leader = -1 if partition.leader is None else partition.leader
    yield series("kafka_topic_partition_leader", **labels), leader
    yield series("kafka_topic_partition_replicas", **labels), replicas
    yield series("kafka_topic_partition_in_sync_replica", **labels), in_sync
    yield series("kafka_topic_partition_under_replicated_partition", **labels), float(in_sync < replicas)


def _offsets(log: Partitions, labels: dict[str, str]) -> Family:
    rows = [
        series(f"kafka_topic_partition_{name}_offset", **labels, partition=str(number))
        for name in ("current", "oldest")
        for number in range(len(log.end))
    ]

    def read() -> Floats:
        return np.concatenate([log.end, log.oldest]).astype(np.float64)

    return Family(rows, read)


def _committed(log: Partitions, labels: dict[str, str]) -> Family:
    rows = [
        series("kafka_consumergroup_current_offset", **labels, partition=str(number)) for number in range(len(log.end))
    ]
    return Family(rows, lambda: log.consumed.astype(np.float64))
