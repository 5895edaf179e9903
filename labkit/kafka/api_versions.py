"""The API keys and version ranges that an Apache Kafka 3.9 broker announces.

``api_versions.tsv`` holds them as Kafka 3.9.0 defines them in its message schemas
(``clients/src/main/resources/common/message``): a broker in KRaft mode offers those whose listeners
name ``broker`` and whose latest version is stable; the telemetry pair needs a receiver plugin.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources

KAFKA_VERSION = "3.9.1"
KAFKA_COMMIT = "f745dfdcee2b9851"
"""Version and commit of the release, as its tools print them."""


@dataclass(frozen=True)
class Api:
    """One request type: its key, its name and the versions a 3.9 client knows.

    ``where`` says who answers it: ``broker``; ``zookeeper`` (only brokers in that older mode);
    ``telemetry`` (only with a metrics receiver); ``unstable`` (not released yet).
    """

    key: int
    name: str
    min: int
    max: int
    where: str

    @property
    def offered(self) -> bool:
        """Whether a KRaft broker with default settings announces it."""
        return self.where == "broker"


@cache
def apis() -> tuple[Api, ...]:
    """Every request type that a 3.9 client knows, by key."""
    text = resources.files(__package__).joinpath("api_versions.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return tuple(Api(int(key), name, int(low), int(high), where) for key, name, low, high, where in rows)
