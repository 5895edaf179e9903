"""A pod to run commands in: one PostgreSQL and one Kafka for the session, on one event loop."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from labkit.clock import EPOCH
from labkit.kafka.cluster import Cluster
from labkit.kube.request import User
from labkit.sandbox.commands import table
from labkit.sandbox.commands.streams import Invocation, Recorded
from labkit.sandbox.commands.table import Context, Limits
from labkit.sandbox.engines.postgres import Postgres

TRAINEE = User("trainee", ("llm-research-lab:training", "system:authenticated"))
ADMIN = User("root", ("system:masters",))
DOMAIN = "kafka-headless.llm-research-lab-prod.svc.cluster.local"


@dataclass(frozen=True)
class Said:
    """What came of a command."""

    code: int
    out: str
    err: str


def pod(name: str, namespace: str, image: str) -> dict[str, Any]:
    """A pod with one container, as the API holds it."""
    container = {"name": name.partition("-")[0], "image": image, "env": [{"name": "ZONE", "value": "a"}]}
    metadata = {"name": name, "namespace": namespace, "uid": "00000000-0000-4000-8000-000000000000"}
    return {"metadata": metadata, "spec": {"containers": [container]}, "status": {"podIP": "10.244.1.7"}}


@dataclass
class Shell:
    """Runs commands in pods, as ``kubectl exec`` does."""

    runner: asyncio.Runner
    postgres: Postgres
    kafka: Cluster
    database_pod: dict[str, Any] = field(default_factory=lambda: pod("postgres-0", "data", "postgres:18.6"))
    broker_pod: dict[str, Any] = field(default_factory=lambda: pod("kafka-0", "prod", "apache/kafka:3.9.1"))

    def __call__(self, *argv: str, stdin: bytes = b"", user: User = TRAINEE, **more: Any) -> Said:
        """Run ``argv`` and wait for it; ``limits``, ``tty`` and ``pod`` may be given."""
        where = more.get("pod") or (self.broker_pod if argv[0].startswith("kafka") else self.database_pod)
        streams = Recorded(stdin)
        context = Context(self.postgres, self.kafka, lambda: EPOCH, more.get("limits", Limits()))
        name = where["spec"]["containers"][0]["name"]
        code = self.runner.run(table.run(Invocation(user, where, name, argv, more.get("tty", False), streams), context))
        return Said(code, streams.stdout.decode(), streams.stderr.decode())


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """The pods of a sandbox."""
    home: Path = tmp_path_factory.mktemp("home")
    kafka = Cluster([f"kafka-{number}.{DOMAIN}" for number in range(3)], seed=7)
    for name in ("experiments", "experiment-results", "metrics-events"):
        kafka.create_topic(name, 12, 3, {"min.insync.replicas": "2"})
    with asyncio.Runner() as runner:
        postgres = Postgres(home, seed=7, start=EPOCH)
        yield Shell(runner, postgres, kafka)
        runner.run(postgres.stop())
