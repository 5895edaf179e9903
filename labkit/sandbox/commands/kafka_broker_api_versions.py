"""``kafka-broker-api-versions.sh``: what each live broker speaks, in the form of Kafka 3.9's tool.

Form and errors follow ``kafka.admin.BrokerApiVersionsCommand`` and ``NodeApiVersions.toString``.
"""

from labkit.kafka.api_versions import KAFKA_COMMIT, KAFKA_VERSION, Api, apis
from labkit.kafka.cluster import Broker
from labkit.sandbox.commands import bootstrap, joptsimple
from labkit.sandbox.commands.context import Context
from labkit.sandbox.commands.joptsimple import Option
from labkit.sandbox.commands.streams import Invocation

_OPTIONS = {
    "bootstrap-server": Option("REQUIRED: The server to connect to.", "server(s) to use for bootstrapping"),
    "command-config": Option(
        "A property file containing configs to be passed to Admin Client.", "command config property file"
    ),
    "help": Option("Print usage information."),
    "version": Option("Display Kafka version."),
}
_ABOUT = "This tool helps to retrieve broker version information."


async def kafka_broker_api_versions(invocation: Invocation, context: Context) -> int:
    """Print every live broker's request types and versions."""
    streams = invocation.streams
    try:
        servers = _servers(invocation)
        if servers is None:
            await streams.out(f"{KAFKA_VERSION} (Commit:{KAFKA_COMMIT})\n".encode())
            return 0
        connected, warnings = bootstrap.reachable(servers, context.kafka, invocation.pod)
    except joptsimple.UsageError as error:
        await streams.err(f"{error}\n{joptsimple.usage(_OPTIONS)}".encode())
        return 1
    except joptsimple.OptionError as error:
        await streams.err(f'Exception in thread "main" {error.java}: {error}\n'.encode())
        return 1
    except bootstrap.ConfigError as error:
        java = f"org.apache.kafka.common.config.ConfigException: {error}"
        lines = [_warning(line, context) for line in error.warnings]
        await streams.err("".join([*lines, f'Exception in thread "main" {java}\n']).encode())
        return 1
    await streams.err("".join(_warning(line, context) for line in warnings).encode())
    if not connected:
        nodes = ", ".join(f"{url} (id: -{number} rack: null)" for number, url in enumerate(servers.split(","), 1))
        failed = f"java.lang.RuntimeException: Request METADATA failed on brokers List({nodes})"
        await streams.err(f'Exception in thread "main" {failed}\n'.encode())
        return 1
    await streams.out("".join(_describe(broker) for broker in context.kafka.live).encode())
    return 0


def _servers(invocation: Invocation) -> str | None:
    """The bootstrap servers, or ``None`` if only the tool's version is asked for."""
    argv = invocation.argv[1:]
    options = joptsimple.parse(argv, _OPTIONS)
    if not argv or "help" in options:
        raise joptsimple.UsageError(_ABOUT)
    if "version" in options:
        return None
    servers = options.get("bootstrap-server")
    if servers is None:
        raise joptsimple.UsageError('Missing required argument "[bootstrap-server]"')
    return servers


def _describe(broker: Broker) -> str:
    lines = ",\n\t".join(_versions(api) for api in apis())
    return f"{broker.address} (id: {broker.id} rack: {broker.rack or 'null'}) -> (\n\t{lines}\n)\n"


def _versions(api: Api) -> str:
    if not api.offered:
        return f"{api.name}({api.key}): UNSUPPORTED"
    span = str(api.min) if api.min == api.max else f"{api.min} to {api.max}"
    return f"{api.name}({api.key}): {span} [usable: {api.max}]"


def _warning(line: str, context: Context) -> str:
    line = line.replace("[AdminClient clientId=adminclient-1]", "[LegacyAdminClient clientId=admin-1]")
    return f"{bootstrap.stamp(context.now())} WARN {line}\n"
