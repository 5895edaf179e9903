"""The spans of a request: ingress, replica, and what the replica asked of Redis, PostgreSQL, ClickHouse and Kafka.

Attributes are OpenTelemetry's semantic conventions for HTTP, databases and messaging. The children's
times are shares of the request's own, so they always lie within it.
"""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from labkit.signals.spans import Micros, Tag
from labkit.twin.routes import ROUTES
from labkit.twin.topics import TOPICS
from labkit.twin.tracing.draft import Draft, Failure
from labkit.twin.tracing.resources import INGRESS
from labkit.twin.tracing.sample import Resource, Sample
from labkit.twin.tracing.statements import Statement, statements

HOST = "api.llm-research-lab.company.com"
_DATA = "llm-research-lab-data.svc.cluster.local"
_AGENTS = ("python-httpx/0.28.1", "llm-research-sdk/2.3.0", "curl/8.16.0", "Mozilla/5.0 (X11; Linux x86_64)")
_DOMAINS = ("helpdesk", "legal", "biomedical", "news", "dialogue")
_EXPERIMENTS = 4_000
"""Experiments that ``rows.sql`` makes at least."""

KAFKA_TIMEOUT = Failure("rdkafka::error::KafkaError", "Kafka producer timeout")
BAD_ROW = Failure("sqlx::Error", "unexpected end of row")
NO_CONNECTION = Failure("sqlx::Error::PoolTimedOut", "database connection timeout")
WRONG_PASSWORD = Failure("redis::RedisError", "WRONGPASS invalid username-password pair or user is disabled.")
UNAVAILABLE = Failure("503", "no live upstreams while connecting to upstream")


@dataclass(frozen=True)
class Part:
    """One thing a replica does within a request, and its usual time; ``None`` for one that waits until it gives up."""

    operation: str
    kind: str
    micros: float | None
    tags: Mapping[str, Tag]
    failure: Failure | None = None


def write_request(draft: Draft, sample: Sample, seed: int) -> str | None:
    """Add the request's spans; the id of the one that handed over its message, if it did."""
    end, start = sample.ended, sample.ended - sample.duration
    before, after = draft.random.randint(120, 350), draft.random.randint(40, 200)
    http = _http(draft, sample, seed)
    root = draft.add(
        INGRESS, f"{http['http.request.method']} /", "server",
        (start - before, end + after) if sample.replica else (start, end),
        {**http, "http.route": "/", "url.scheme": "https", "server.address": HOST},
        failure=_ingress_failure(sample),
    )  # fmt: skip
    if sample.replica is None:
        return None
    route = ROUTES[sample.route]
    server = draft.add(
        sample.replica, f"{route.method} {route.path}", "server", (start, end),
        {**http, "http.route": route.path, "url.scheme": "http", "server.address": HOST, "server.port": 8080},
        root, _server_failure(sample),
    )  # fmt: skip
    return _write_parts(draft, sample.replica, (start, end), server, _parts(draft, sample))


def _write_parts(
    draft: Draft, replica: Resource, between: tuple[Micros, Micros], parent: str, parts: list[Part]
) -> str | None:
    """Lay the parts one after another, with the replica's own work between them."""
    start, end = between
    usual = [300.0 * draft.noise()]
    for part in parts:
        usual += [(part.micros or 0.0) * draft.noise(), 200.0 * draft.noise()]
    # Waiting takes what the rest leaves; without it, all take longer or shorter together.
    waiting = max((end - start) - sum(usual), sum(usual))
    weights = [*usual]
    for number, part in enumerate(parts):
        if part.micros is None:
            weights[1 + 2 * number] = waiting
    marks = [start + int(mark * (end - start) / sum(weights)) for mark in accumulate(weights)]
    sent = None
    for part, begun, done in zip(parts, marks[::2], marks[1::2], strict=False):
        added = draft.add(replica, part.operation, part.kind, (begun, done), part.tags, parent, part.failure)
        sent = added if part.kind == "producer" and part.failure is None else sent
    return sent


def _parts(draft: Draft, sample: Sample) -> list[Part]:
    route = ROUTES[sample.route]
    asked = statements(sample.route, sample.queries)
    parts = [
        Part("verify_jwt", "internal", 150, {"code.function.name": "llm_research_api::auth::verify_jwt"}),
        _redis(sample),
        *(query(one, BAD_ROW if sample.status == "500" and one is asked[-1] else None) for one in asked),
    ]
    if sample.status == "503" and not sample.database:
        parts.append(
            Part(
                "acquire connection",
                "internal",
                None,
                {"db.client.connection.pool.name": "llm_research"},
                NO_CONNECTION,
            )
        )
        return parts
    if route.path.startswith("/api/v1/metrics/") and sample.status == "success":
        parts.append(_metrics())
    if route.produces and sample.status in ("success", "503"):
        failed = sample.status == "503"
        parts.append(send(route.produces, sample.trace, KAFKA_TIMEOUT if failed else None, None if failed else 3_500))
    return parts


def _http(draft: Draft, sample: Sample, seed: int) -> dict[str, Tag]:
    """What ingress and replica both know of the request."""
    route = ROUTES[sample.route]
    number = draft.random.randrange(_EXPERIMENTS) + 1
    path = route.path
    if "{id}" in path:
        path = path.replace("{id}", experiment_id(seed, number))
    elif "{name}" in path:
        path = path.replace("{name}", f"{_DOMAINS[number % len(_DOMAINS)]}-qa-{number % 90 + 1:03d}")
        path = path.replace("{version}", "1.0.0")
    code = route.success if sample.status == "success" else sample.status
    return {
        "http.request.method": route.method, "url.path": path, "http.response.status_code": int(code),
        "network.protocol.version": "1.1", "user_agent.original": draft.random.choice(_AGENTS),
    }  # fmt: skip


def experiment_id(seed: int, number: int) -> str:
    """The id of an experiment that PostgreSQL holds: as ``rows.sql`` makes it."""
    return str(uuid.UUID(hashlib.md5(f"{seed}/experiment/{number}".encode(), usedforsecurity=False).hexdigest()))


def _ingress_failure(sample: Sample) -> Failure | None:
    if sample.replica is None:
        return UNAVAILABLE
    failure = _server_failure(sample)
    return failure and Failure(sample.status, f"upstream answered {sample.status}")


def _server_failure(sample: Sample) -> Failure | None:
    return {"500": BAD_ROW, "503": KAFKA_TIMEOUT if sample.database else NO_CONNECTION}.get(sample.status)


def _redis(sample: Sample) -> Part:
    tags: dict[str, Tag] = {
        "db.system.name": "redis", "db.operation.name": "GET", "db.query.text": "GET ?",
        "server.address": f"redis.{_DATA}", "server.port": 6379,
    }  # fmt: skip
    return Part("GET", "client", 450, tags, None if sample.cache else WRONG_PASSWORD)


def query(statement: Statement, failure: Failure | None = None) -> Part:
    """Sending a statement to PostgreSQL."""
    tags: dict[str, Tag] = {
        "db.system.name": "postgresql", "db.namespace": "llm_research", "db.operation.name": statement.operation,
        "db.collection.name": statement.collection, "db.query.text": statement.text,
        "db.query.summary": statement.summary, "server.address": f"postgres.{_DATA}", "server.port": 5432,
    }  # fmt: skip
    return Part(statement.summary, "client", statement.micros, tags, failure)


def _metrics() -> Part:
    tags: dict[str, Tag] = {
        "db.system.name": "clickhouse", "db.namespace": "metrics", "db.operation.name": "SELECT",
        "db.collection.name": "experiment_metrics", "db.query.summary": "SELECT experiment_metrics",
        "db.query.text": "SELECT metric, step, value FROM experiment_metrics WHERE experiment_id = ? ORDER BY step",
        "server.address": f"clickhouse.{_DATA}", "server.port": 8123,
    }  # fmt: skip
    return Part("SELECT experiment_metrics", "client", 9_000, tags)


def partition(topic: str, key: int) -> str:
    """The partition of a message, by its key: the trace it is of."""
    return str(key % TOPICS[topic])


def send(topic: str, key: int, failure: Failure | None, micros: float | None) -> Part:
    """Handing a message to a topic, to the partition that its key gives."""
    tags: dict[str, Tag] = {
        "messaging.system": "kafka", "messaging.destination.name": topic, "messaging.operation.name": "send",
        "messaging.operation.type": "send", "server.address": "kafka", "server.port": 9092,
    }  # fmt: skip
    if failure is None:
        tags["messaging.destination.partition.id"] = partition(topic, key)
    return Part(f"send {topic}", "producer", micros, tags, failure)
