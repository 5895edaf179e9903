"""Finding a broker by ``--bootstrap-server``, with the words of Kafka's clients when there is none."""

from labkit.clock import Millis, rfc3339
from labkit.kafka.cluster import Broker, Cluster
from labkit.kube.store import Object


class ConfigError(Exception):
    """The addresses cannot even be looked up; ``warnings`` come first."""

    def __init__(self, message: str, warnings: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.warnings = warnings


def reachable(servers: str, cluster: Cluster, pod: Object) -> tuple[bool, list[str]]:
    """Whether one of ``servers`` is a live broker, and the warnings of those tried before it.

    Raises :class:`ConfigError` as ``ClientUtils.parseAndValidateAddresses`` does.
    """
    known: list[tuple[str, list[Broker]]] = []
    warnings = []
    for url in filter(None, (part.strip() for part in servers.split(","))):
        host, colon, port = url.rpartition(":")
        if not colon or not host or not port.isdigit():
            raise ConfigError(f"Invalid url in bootstrap.servers: {url}")
        brokers = _brokers(host, cluster, pod)
        if brokers:
            known.append((url, [broker for broker in brokers if broker.port == int(port)]))
        else:
            warnings.append(
                f"Couldn't resolve server {url} from bootstrap.servers as DNS resolution failed for {host} "
                "(org.apache.kafka.clients.ClientUtils)"
            )
    if not known:
        raise ConfigError("No resolvable bootstrap urls given in bootstrap.servers", tuple(warnings))
    for number, (url, brokers) in enumerate(known, 1):
        if any(broker.up for broker in brokers):
            return True, warnings
        warnings.append(
            f"[AdminClient clientId=adminclient-1] Connection to node -{number} ({_socket_address(url)}) could not be "
            "established. Node may not be available. (org.apache.kafka.clients.NetworkClient)"
        )
    return False, warnings


def stamp(now: Millis) -> str:
    """A time as the tools' log4j pattern ``[%d]`` prints it."""
    return f"[{rfc3339(now)[:-1].replace('T', ' ')},{now % 1000:03d}]"


def _brokers(host: str, cluster: Cluster, pod: Object) -> list[Broker]:
    """The brokers that a name leads to from inside ``pod``: itself, a broker's name, or a service's."""
    own = pod["metadata"]["name"]
    if host in ("localhost", "127.0.0.1", pod.get("status", {}).get("podIP")):
        return [broker for broker in cluster.brokers if broker.host.split(".")[0] == own]
    wanted = host.rstrip(".").lower().split(".")
    found = []
    for broker in cluster.brokers:
        labels = broker.host.split(".")
        service = labels[1].removesuffix("-headless") if len(labels) > 1 else ""
        for name in (labels, labels[1:], [service, *labels[2:]]):
            if wanted == name[: len(wanted)] and broker not in found:
                found.append(broker)
    return found


def _socket_address(url: str) -> str:
    return url.replace("localhost:", "localhost/127.0.0.1:")
