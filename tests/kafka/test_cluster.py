import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.kafka.cluster import OFFSETS_TOPIC, Cluster, KafkaError


def cluster(brokers: int = 3, seed: int = 1) -> Cluster:
    """A cluster with one topic of six partitions."""
    made = Cluster([f"kafka-{number}.example" for number in range(brokers)], seed)
    made.create_topic("t", 6, min(3, brokers))
    return made


def test_a_new_cluster_has_the_offsets_topic_alone():
    made = Cluster(["a", "b", "c"], 1)
    assert [topic.name for topic in made.topics] == [OFFSETS_TOPIC]
    assert made.topics[0].internal
    assert len(made.topics[0].partitions) == 50
    assert made.topics[0].replication_factor == 3


def test_leaders_are_spread_evenly():
    leaders = [partition.leader for partition in cluster().topic("t").partitions]
    assert sorted(leaders.count(number) for number in range(3)) == [2, 2, 2]


def test_same_seed_same_cluster():
    assert cluster(seed=5).topics == cluster(seed=5).topics
    assert cluster(seed=5).topic("t").id != cluster(seed=6).topic("t").id


def test_topics_come_and_go():
    made = cluster()
    with pytest.raises(KafkaError, match="already exists"):
        made.create_topic("t", 1, 1)
    with pytest.raises(KafkaError, match="only 3 broker"):
        made.create_topic("u", 1, 4)
    made.delete_topic("t")
    with pytest.raises(KafkaError, match="does not host"):
        made.topic("t")


def test_the_last_in_sync_replica_alone_may_lead_again():
    made = cluster()
    partition = made.topic("t").partitions[0]
    first, second, last = partition.replicas
    for number in (first, second, last):
        made.set_broker(number, up=False)
    assert (partition.isr, partition.leader) == ((last,), None)
    made.set_broker(first, up=True)
    assert (partition.isr, partition.leader) == ((last,), None)
    made.set_broker(last, up=True)
    assert partition.leader == last
    assert set(partition.isr) == {first, last}


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=20), st.integers(1, 4))
def test_laws_hold_through_every_outage(changes: list[tuple[int, bool]], brokers: int):
    made = cluster(brokers)
    for number, up in changes:
        if number < brokers:
            made.set_broker(number, up=up)
        live = {broker.id for broker in made.live}
        for topic in made.topics:
            for partition in topic.partitions:
                assert partition.isr
                assert set(partition.isr) <= set(partition.replicas)
                assert len(set(partition.replicas)) == topic.replication_factor
                assert partition.leader is None or partition.leader in live & set(partition.isr)
                assert (partition.leader is None) == (not live & set(partition.isr))
