from collections.abc import Iterator

import pytest

from labkit.kube.request import User

ADMIN = User("root", ("system:masters",))
LOCAL = ("--bootstrap-server", "localhost:9092")


@pytest.fixture
def broker_0_down(shell) -> Iterator[None]:
    """kafka-0's process is gone for this test."""
    shell.kafka.set_broker(0, up=False)
    yield
    shell.kafka.set_broker(0, up=True)


def test_the_runbook_lists_topics(shell):
    said = shell("kafka-topics.sh", *LOCAL, "--list")
    assert said.out == "__consumer_offsets\nexperiment-results\nexperiments\nmetrics-events\n"
    assert (said.code, said.err) == (0, "")
    shorter = shell("kafka-topics.sh", "--list", "--bootstrap-server=kafka:9092", "--exclude-internal")
    assert shorter.out == "experiment-results\nexperiments\nmetrics-events\n"


def test_describe_has_the_tools_form(shell):
    said = shell("kafka-topics.sh", *LOCAL, "--describe", "--topic", "experiments")
    head, *partitions = said.out.splitlines()
    name, id_, count, factor, configs = head.split("\t")
    assert (name, count, factor) == ("Topic: experiments", "PartitionCount: 12", "ReplicationFactor: 3")
    assert len(id_) == len("TopicId: ") + 22
    assert configs == "Configs: min.insync.replicas=2"
    assert len(partitions) == 12
    for index, line in enumerate(partitions):
        fields = dict(field.split(": ", 1) for field in line.strip("\t").split("\t"))
        assert fields["Partition"] == str(index)
        assert fields["Replicas"] == fields["Isr"]
        assert fields["Replicas"].startswith(fields["Leader"])
        assert sorted(fields["Replicas"].split(",")) == ["0", "1", "2"]
        assert line.endswith("\tElr: \tLastKnownElr: ")


def test_a_topic_pattern_is_a_regular_expression(shell):
    said = shell("kafka-topics.sh", *LOCAL, "--list", "--topic", "experiment.*,metrics-events")
    assert said.out == "experiment-results\nexperiments\nmetrics-events\n"


@pytest.mark.parametrize("pattern", ["(((a+)+)+)+$", "[", ".*.*.*.*.*x"])
def test_a_pattern_that_could_take_for_ever_is_refused(shell, pattern):
    said = shell("kafka-topics.sh", *LOCAL, "--list", "--topic", pattern)
    assert (said.code, said.out) == (1, f"Error while executing topic command : {pattern} is an invalid regex.\n")


def test_a_topic_that_is_not_there(shell):
    said = shell("kafka-topics.sh", *LOCAL, "--describe", "--topic", "nope")
    failed = "Topic 'Optional[nope]' does not exist as expected"
    assert (said.code, said.out) == (1, f"Error while executing topic command : {failed}\n")
    assert said.err == (
        f"[2025-11-28 12:00:00,000] ERROR java.lang.IllegalArgumentException: {failed}\n"
        " (org.apache.kafka.tools.TopicCommand)\n"
    )


@pytest.mark.parametrize(
    "argv",
    [
        ("--create", "--topic", "mine", "--partitions", "3"),
        ("--delete", "--topic", "experiments"),
        ("--alter", "--topic", "experiments", "--partitions", "24"),
    ],
)
def test_the_trainee_changes_no_topic(shell, argv):
    said = shell("kafka-topics.sh", *LOCAL, *argv)
    assert said.code == 1
    assert "ERROR org.apache.kafka.common.errors.TopicAuthorizationException: " in said.err
    assert len(shell.kafka.topics) == 4
    assert len(shell.kafka.topic("experiments").partitions) == 12


def test_an_admin_creates_and_deletes(shell):
    argv = ("kafka-topics.sh", *LOCAL, "--topic", "mine")
    create = ("--create", "--partitions", "2", "--replication-factor", "1", "--config", "retention.ms=1")
    assert shell(*argv, *create, user=ADMIN).out == "Created topic mine.\n"
    assert "TopicExistsException: Topic 'mine' already exists." in shell(*argv, "--create", user=ADMIN).err
    assert shell(*argv, "--create", "--if-not-exists", user=ADMIN).code == 0
    assert "PartitionCount: 2\tReplicationFactor: 1\tConfigs: retention.ms=1" in shell(*argv, "--describe").out
    assert shell(*argv, "--delete", user=ADMIN).code == 0
    assert shell(*argv, "--describe").code == 1


@pytest.mark.parametrize(
    ("argv", "first"),
    [
        ((), "Create, delete, describe, or change a topic."),
        (LOCAL, "Command must include exactly one action: --list, --describe, --create, --alter or --delete"),
        ((*LOCAL, "--list", "--describe"), "Command must include exactly one action: --list, --describe, --create"),
        (("--list",), "--bootstrap-server must be specified"),
        ((*LOCAL, "--lost"), "lost is not a recognized option"),
        (("--list", "--bootstrap-server"), "Option bootstrap-server requires an argument"),
        ((*LOCAL, "--create"), 'Missing required argument "[topic]"'),
        (
            (*LOCAL, *LOCAL, "--list"),
            "Found multiple arguments for option bootstrap-server, but you asked for only one",
        ),
    ],
)
def test_mistakes_are_answered_in_the_tools_words(shell, argv, first):
    said = shell("kafka-topics.sh", *argv)
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines()[0].startswith(first)


@pytest.mark.parametrize("servers", ["elsewhere:9092", "kafka-9.kafka-headless:9092"])
def test_a_name_that_nobody_knows(shell, servers):
    said = shell("kafka-topics.sh", "--list", "--bootstrap-server", servers)
    assert said.code == 1
    assert f"WARN Couldn't resolve server {servers} from bootstrap.servers as DNS resolution failed" in said.err
    assert "No resolvable bootstrap urls given in bootstrap.servers" in said.err


@pytest.mark.parametrize("servers", ["localhost", ":9092", "localhost:x"])
def test_an_address_that_is_none(shell, servers):
    said = shell("kafka-topics.sh", "--list", "--bootstrap-server", servers)
    assert f"Invalid url in bootstrap.servers: {servers}" in said.err


def test_a_wrong_port_times_out(shell):
    said = shell("kafka-topics.sh", "--list", "--bootstrap-server", "localhost:9093")
    timeout = "Timed out waiting for a node assignment. Call: listTopics"
    assert said.out == f"Error while executing topic command : {timeout}\n"
    assert f"ERROR org.apache.kafka.common.errors.TimeoutException: {timeout}\n" in said.err
    assert "Connection to node -1 (localhost/127.0.0.1:9093) could not be established." in said.err


@pytest.mark.usefixtures("broker_0_down")
def test_a_broker_that_is_down(shell):
    assert shell("kafka-topics.sh", *LOCAL, "--list").code == 1
    elsewhere = ("--bootstrap-server", "localhost:9092,kafka-1.kafka-headless:9092")
    assert shell("kafka-topics.sh", *elsewhere, "--list").code == 0
    under = shell(
        "kafka-topics.sh", *elsewhere, "--describe", "--under-replicated-partitions", "--topic", "experiments"
    )
    assert under.out.count("\tIsr: 1,2\t") + under.out.count("\tIsr: 2,1\t") == 12
    assert shell("kafka-topics.sh", *elsewhere, "--describe", "--unavailable-partitions").out == ""
    versions = shell("kafka-broker-api-versions.sh", *elsewhere).out
    assert versions.count(" -> (\n") == 2
    said = shell("kafka-broker-api-versions.sh", *LOCAL)
    assert said.code == 1
    assert "Request METADATA failed on brokers List(localhost:9092 (id: -1 rack: null))" in said.err


def test_exercise_1_step_5(shell):
    said = shell("kafka-broker-api-versions.sh", *LOCAL)
    assert (said.code, said.err) == (0, "")
    assert said.out.count(" -> (\n") == 3
    assert said.out.startswith(
        "kafka-0.kafka-headless.llm-research-lab-prod.svc.cluster.local:9092 (id: 0 rack: null) -> (\n"
        "\tProduce(0): 0 to 11 [usable: 11],\n\tFetch(1): 0 to 17 [usable: 17],\n"
    )
    assert "\tLeaderAndIsr(4): UNSUPPORTED,\n" in said.out
    assert "\tOffsetDelete(47): 0 [usable: 0],\n" in said.out
    assert said.out.endswith("\tReadShareGroupStateSummary(87): UNSUPPORTED\n)\n")


@pytest.mark.parametrize("tool", ["kafka-topics.sh", "kafka-broker-api-versions.sh"])
def test_version_and_help(shell, tool):
    assert shell(tool, "--version").out == "3.9.1 (Commit:f745dfdcee2b9851)\n"
    said = shell(tool, "--help")
    assert said.code == 1
    assert said.err.splitlines()[1].split() == ["Option", "Description"]
    assert "--bootstrap-server <String:" in said.err
