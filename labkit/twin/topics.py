"""The brokers and topics of LLM-Research-Lab."""

from labkit.clock import DAY
from labkit.kafka.cluster import Cluster

BROKERS = 3
TOPICS = {"experiments": 12, "experiment-results": 12, "metrics-events": 24}
"""Partitions of each topic; every one has three replicas and keeps seven days."""

MESSAGE_BYTES = {"experiments": 2_048, "experiment-results": 6_144, "metrics-events": 320}
"""Mean size of a message, compressed, as it lies on a broker's disk."""


def cluster(seed: int) -> Cluster:
    """Brokers kafka-0 … kafka-2 and their topics."""
    hosts = [f"kafka-{n}.kafka-headless.llm-research-lab-prod.svc.cluster.local" for n in range(BROKERS)]
    brokers = Cluster(hosts, seed)
    for name, partitions in TOPICS.items():
        brokers.create_topic(name, partitions, 3, {"min.insync.replicas": "2", "retention.ms": str(7 * DAY)})
    return brokers
