"""``kafka-topics.sh``: list and describe topics, in the form and with the errors of Kafka 3.9's tool.

Follows ``org.apache.kafka.tools.TopicCommand``. The brokers let the training identity describe, and
let cluster admins create and delete.
"""

import re
from collections.abc import Callable

from labkit.kafka.api_versions import KAFKA_COMMIT, KAFKA_VERSION
from labkit.kafka.cluster import Cluster, KafkaError, Partition, Topic
from labkit.sandbox.commands import bootstrap, joptsimple
from labkit.sandbox.commands.context import Context
from labkit.sandbox.commands.joptsimple import Option, Parsed
from labkit.sandbox.commands.streams import Invocation

_OPTIONS = {
    "alter": Option("Alter the number of partitions and replica assignment."),
    "at-min-isr-partitions": Option(
        "if set when describing topics, only show partitions whose isr count is equal to the configured minimum."
    ),
    "bootstrap-server": Option("REQUIRED: The Kafka server to connect to.", "server to connect to"),
    "config": Option("A topic configuration override for the topic being created.", "name=value"),
    "create": Option("Create a new topic."),
    "delete": Option("Delete a topic"),
    "describe": Option("List details for the given topics."),
    "exclude-internal": Option(
        "exclude internal topics when running list or describe command. The internal topics will be listed by default"
    ),
    "help": Option("Print usage information."),
    "if-exists": Option(
        "if set when altering or deleting or describing topics, the action will only execute if the topic exists."
    ),
    "if-not-exists": Option(
        "if set when creating topics, the action will only execute if the topic does not already exist."
    ),
    "list": Option("List all available topics."),
    "partitions": Option("The number of partitions for the topic being created or altered.", "# of partitions"),
    "replication-factor": Option(
        "The replication factor for each partition in the topic being created.", "replication factor"
    ),
    "topic": Option("The topic to create, alter, describe or delete. It also accepts a regular expression.", "topic"),
    "topics-with-overrides": Option("if set when describing topics, only show topics that have overridden configs"),
    "unavailable-partitions": Option(
        "if set when describing topics, only show partitions whose leader is not available"
    ),
    "under-min-isr-partitions": Option(
        "if set when describing topics, only show partitions whose isr count is less than the configured minimum."
    ),
    "under-replicated-partitions": Option("if set when describing topics, only show under replicated partitions"),
    "version": Option("Display Kafka version."),
}
_ACTIONS = ("list", "describe", "create", "alter", "delete")
_REPORTS: dict[str, Callable[[Topic, Partition], bool]] = {
    "under-replicated-partitions": lambda _, partition: len(partition.isr) < len(partition.replicas),
    "unavailable-partitions": lambda _, partition: partition.leader is None,
    "under-min-isr-partitions": lambda topic, partition: (
        partition.leader is None or len(partition.isr) < _min_isr(topic)
    ),
    "at-min-isr-partitions": lambda topic, partition: len(partition.isr) == _min_isr(topic),
}
_TOPIC_PATTERN = re.compile(r"[A-Za-z0-9._\-|*+?\\\[\]^$]{0,200}")
_MOST_REPETITIONS = 4


class _ToolError(Exception):
    """An exception of the tool's: its Java class and message."""

    def __init__(self, java: str, message: str) -> None:
        super().__init__(message)
        self.java = java


async def kafka_topics(invocation: Invocation, context: Context) -> int:
    """Run the tool: exit code 0, or 1 with the tool's own words."""
    streams = invocation.streams
    try:
        options = _options(invocation.argv[1:])
        if "version" in options:
            await streams.out(f"{KAFKA_VERSION} (Commit:{KAFKA_COMMIT})\n".encode())
            return 0
        connected, warnings = bootstrap.reachable(_servers(options), context.kafka, invocation.pod)
    except joptsimple.UsageError as error:
        await streams.err(f"{error}\n{joptsimple.usage(_OPTIONS)}".encode())
        return 1
    except (joptsimple.OptionError, _ToolError) as error:
        await streams.err(f"{error}\n{error.java}: {error}\n\n".encode())
        return 1
    except bootstrap.ConfigError as error:
        failed = "Failed to create new KafkaAdminClient"
        lines = [*(_log(context, "WARN", line) for line in error.warnings), f"{failed}\n"]
        lines += [f"org.apache.kafka.common.KafkaException: {failed}\n"]
        lines += [f"Caused by: org.apache.kafka.common.config.ConfigException: {error}\n\n"]
        await streams.err("".join(lines).encode())
        return 1
    await streams.err("".join(_log(context, "WARN", line) for line in warnings).encode())
    return await _act(invocation, context, options, connected)


async def _act(invocation: Invocation, context: Context, options: Parsed, connected: bool) -> int:
    streams = invocation.streams
    action = next(name for name in _ACTIONS if name in options)
    try:
        admin = "system:masters" in invocation.user.groups
        await streams.out(_answer(action, options, context.kafka if connected else None, admin=admin).encode())
    except (_ToolError, joptsimple.OptionError) as error:
        await streams.out(f"Error while executing topic command : {error}\n".encode())
        said = f"{error.java}: {error}\n (org.apache.kafka.tools.TopicCommand)"
        await streams.err(_log(context, "ERROR", said).encode())
        return 1
    return 0


def _options(argv: tuple[str, ...]) -> Parsed:
    options = joptsimple.parse(argv, _OPTIONS)
    if not argv:
        raise joptsimple.UsageError("Create, delete, describe, or change a topic.")
    if "help" in options:
        raise joptsimple.UsageError("This tool helps to create, delete, describe, or change a topic.")
    if "version" in options:
        return options
    if sum(action in options for action in _ACTIONS) != 1:
        actions = "--list, --describe, --create, --alter or --delete"
        raise joptsimple.UsageError(f"Command must include exactly one action: {actions}")
    if "bootstrap-server" in options:
        required = {"create": ("topic",), "delete": ("topic",), "alter": ("topic", "partitions")}
        for action, names in required.items():
            missing = [name for name in names if action in options and name not in options]
            if missing:
                raise joptsimple.UsageError(f'Missing required argument "[{missing[0]}]"')
    return options


def _servers(options: Parsed) -> str:
    servers = options.get("bootstrap-server")
    if servers is None:
        raise _ToolError("java.lang.IllegalArgumentException", "--bootstrap-server must be specified")
    return servers


def _answer(action: str, options: Parsed, cluster: Cluster | None, *, admin: bool) -> str:
    """What the tool prints; ``cluster`` is ``None`` when no broker could be reached."""
    if cluster is None:
        call = "createTopics" if action == "create" else "listTopics"
        timeout = f"Timed out waiting for a node assignment. Call: {call}"
        raise _ToolError("org.apache.kafka.common.errors.TimeoutException", timeout)
    if action == "create":
        return _create(options, cluster, admin=admin)
    topics = _matching(options, cluster)
    wanted = options.get("topic")
    if wanted and not topics and action != "list" and "if-exists" not in options:
        message = f"Topic 'Optional[{wanted}]' does not exist as expected"
        raise _ToolError("java.lang.IllegalArgumentException", message)
    if action == "list":
        return "\n".join(topic.name for topic in topics) + "\n"
    if action == "describe":
        return "".join(_describe(topic, options) for topic in topics)
    if not admin or action == "alter":
        raise _unauthorised("Topic authorization failed.")
    for topic in topics:
        cluster.delete_topic(topic.name)
    return ""


def _matching(options: Parsed, cluster: Cluster) -> list[Topic]:
    """The topics that ``--topic`` names, all without it: ``TopicFilter.IncludeList``."""
    pattern = options.get("topic")
    topics = [topic for topic in cluster.topics if not (topic.internal and "exclude-internal" in options)]
    if pattern is None:
        return topics
    pattern = pattern.strip().replace(",", "|").replace(" ", "").strip("\"'")
    expression = _expression(pattern)
    if expression is None:
        raise _ToolError("java.lang.RuntimeException", f"{pattern} is an invalid regex.")
    return [topic for topic in topics if expression.fullmatch(topic.name)]


def _expression(pattern: str) -> re.Pattern[str] | None:
    """A regular expression that cannot take for ever: no groups, few repetitions."""
    repetitions = sum(pattern.count(sign) for sign in "*+?")
    if not _TOPIC_PATTERN.fullmatch(pattern) or repetitions > _MOST_REPETITIONS:
        return None
    try:
        return re.compile(pattern)
    except re.error:
        return None


def _describe(topic: Topic, options: Parsed) -> str:
    reports = [test for name, test in _REPORTS.items() if name in options]
    if "topics-with-overrides" in options and not topic.configs:
        return ""
    configs = ",".join(f"{key}={value}" for key, value in topic.configs.items())
    head = (
        f"Topic: {topic.name}\tTopicId: {topic.id}\tPartitionCount: {len(topic.partitions)}"
        f"\tReplicationFactor: {topic.replication_factor}\tConfigs: {configs}\n"
    )
    if "topics-with-overrides" in options:
        return head
    chosen = [part for part in topic.partitions if not reports or any(test(topic, part) for test in reports)]
    return ("" if reports else head) + "".join(_partition(topic, partition) for partition in chosen)


def _partition(topic: Topic, partition: Partition) -> str:
    leader = "none" if partition.leader is None else partition.leader
    replicas, isr = (",".join(map(str, ids)) for ids in (partition.replicas, partition.isr))
    return (
        f"\tTopic: {topic.name}\tPartition: {partition.index}\tLeader: {leader}\tReplicas: {replicas}"
        f"\tIsr: {isr}\tElr: \tLastKnownElr: \n"
    )


def _create(options: Parsed, cluster: Cluster, *, admin: bool) -> str:
    if not admin:
        raise _unauthorised("Authorization failed.")
    name = options.get("topic") or ""
    configs = dict(pair.partition("=")[::2] for pair in options.values.get("config", ()))
    if "if-not-exists" in options and any(topic.name == name for topic in cluster.topics):
        return ""
    try:
        partitions, replicas = (int(options.get(key) or 1) for key in ("partitions", "replication-factor"))
        cluster.create_topic(name, partitions, replicas, configs)
    except ValueError as error:
        raise _ToolError("joptsimple.OptionArgumentConversionException", str(error)) from None
    except KafkaError as error:
        exists = "already exists" in error.what
        java = "TopicExistsException" if exists else "InvalidReplicationFactorException"
        raise _ToolError(f"org.apache.kafka.common.errors.{java}", error.what) from None
    return f"Created topic {name}.\n"


def _unauthorised(message: str) -> _ToolError:
    return _ToolError("org.apache.kafka.common.errors.TopicAuthorizationException", message)


def _min_isr(topic: Topic) -> int:
    return int(topic.configs.get("min.insync.replicas", "1"))


def _log(context: Context, level: str, text: str) -> str:
    return f"{bootstrap.stamp(context.now())} {level} {text}\n"
