"""Brokers and topics as plain data: who replicates what, who leads, who is in sync.

A broker that stops leaves the in-sync set of its partitions, and the first live member of that set
takes over; the last member never leaves, so a partition whose last in-sync broker is gone has no
leader until that broker returns (unclean election is off, as by default since Kafka 0.11).
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labkit.errors import LabkitError

OFFSETS_TOPIC = "__consumer_offsets"
OFFSETS_CONFIGS = {"compression.type": "producer", "cleanup.policy": "compact", "segment.bytes": "104857600"}
"""What a broker creates its offsets topic with (``GroupCoordinatorConfig``, ``OffsetConfig``)."""


class KafkaError(LabkitError):
    """A request that a broker refuses."""


@dataclass
class Broker:
    """One broker: the address it advertises, and whether its process runs."""

    id: int
    host: str
    port: int = 9092
    rack: str | None = None
    up: bool = True

    @property
    def address(self) -> str:
        """``host:port``, as clients name it."""
        return f"{self.host}:{self.port}"


@dataclass
class Partition:
    """One partition: broker ids in order of preference, those in sync, and the leader if any."""

    index: int
    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    leader: int | None


@dataclass
class Topic:
    """One topic; ``configs`` holds only what differs from the defaults."""

    name: str
    id: str
    partitions: list[Partition]
    configs: dict[str, str] = field(default_factory=dict)

    @property
    def internal(self) -> bool:
        """Whether Kafka itself owns the topic."""
        return self.name in (OFFSETS_TOPIC, "__transaction_state")

    @property
    def replication_factor(self) -> int:
        """Replicas of each partition."""
        return len(self.partitions[0].replicas)


class Cluster:
    """A cluster whose brokers 0, 1, … advertise ``hosts``; it starts with the offsets topic alone."""

    def __init__(self, hosts: Sequence[str], seed: int, *, port: int = 9092, racks: Sequence[str] = ()) -> None:
        self._seed = seed
        self._topics: dict[str, Topic] = {}
        self.brokers = [
            Broker(number, host, port, racks[number % len(racks)] if racks else None)
            for number, host in enumerate(hosts)
        ]
        self.create_topic(OFFSETS_TOPIC, 50, min(3, len(self.brokers)), OFFSETS_CONFIGS)

    @property
    def topics(self) -> list[Topic]:
        """All topics by name, the internal ones too."""
        return [self._topics[name] for name in sorted(self._topics)]

    @property
    def live(self) -> list[Broker]:
        """The brokers that run."""
        return [broker for broker in self.brokers if broker.up]

    def topic(self, name: str) -> Topic:
        """The topic of that name, or :class:`KafkaError`."""
        try:
            return self._topics[name]
        except KeyError:
            raise KafkaError("This server does not host this topic-partition.", where=name) from None

    def create_topic(
        self, name: str, partitions: int, replication_factor: int, configs: Mapping[str, str] | None = None
    ) -> Topic:
        """Add a topic, its replicas spread over all brokers from a start drawn from seed and name."""
        if name in self._topics:
            raise KafkaError(f"Topic '{name}' already exists.", where=name)
        if not 1 <= replication_factor <= len(self.brokers) or partitions < 1:
            raise KafkaError(
                f"Unable to replicate the partition {replication_factor} time(s): "
                f"The target replication factor of {replication_factor} cannot be reached because only "
                f"{len(self.brokers)} broker(s) are registered.",
                where=name,
            )
        digest = hashlib.sha256(f"{self._seed}/kafka/{name}".encode()).digest()
        topic = Topic(name, base64.urlsafe_b64encode(digest[:16]).decode().rstrip("="), [], dict(configs or {}))
        for index in range(partitions):
            replicas = self._place(digest[16] + index, index // len(self.brokers), replication_factor)
            topic.partitions.append(Partition(index, replicas, replicas, replicas[0]))
            self._elect(topic.partitions[-1])
        self._topics[name] = topic
        return topic

    def delete_topic(self, name: str) -> None:
        """Remove a topic, or :class:`KafkaError`."""
        self.topic(name)
        del self._topics[name]

    def set_broker(self, number: int, *, up: bool) -> None:
        """Stop or start a broker; in-sync sets and leaders follow."""
        self.brokers[number].up = up
        for topic in self._topics.values():
            for partition in topic.partitions:
                self._elect(partition)

    def _place(self, start: int, round_: int, count: int) -> tuple[int, ...]:
        """``count`` brokers from ``start``; followers shift each round, so that failures spread."""
        total = len(self.brokers)
        leader, others = start % total, total - 1
        return (leader, *((leader + 1 + (round_ + step) % others) % total for step in range(count - 1)))

    def _elect(self, partition: Partition) -> None:
        up = {broker.id for broker in self.brokers if broker.up}
        in_sync = [number for number in partition.isr if number in up]
        if partition.leader not in in_sync:
            partition.leader = in_sync[0] if in_sync else None
        if in_sync:
            partition.isr = tuple(number for number in partition.replicas if number in up)
