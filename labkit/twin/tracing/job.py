"""The spans of a job: a worker takes the message, asks the LLM provider, stores what came and tells the topics."""

from labkit.signals.spans import Micros, Tag
from labkit.twin.tracing.draft import Draft, Failure
from labkit.twin.tracing.request import Part, partition, send
from labkit.twin.tracing.sample import MODELS, Job
from labkit.twin.workers import GROUP, JOBS, OUTPUTS

NO_TOPIC = Failure("rdkafka::error::KafkaError", "UNKNOWN_TOPIC_OR_PARTITION: Broker: Unknown topic or partition")


def write_job(draft: Draft, job: Job, key: int, parent: str) -> None:
    """Add the job's spans below ``parent``, the span that sent its message under ``key``."""
    tags: dict[str, Tag] = {
        "messaging.system": "kafka", "messaging.destination.name": JOBS, "messaging.operation.name": "process",
        "messaging.operation.type": "process", "messaging.consumer.group.name": GROUP,
        "messaging.destination.partition.id": partition(JOBS, key),
    }  # fmt: skip
    process = draft.add(job.worker, f"process {JOBS}", "consumer", (job.start, job.end), tags, parent)
    at = job.start + int(job.duration * 0.01)
    for part, share in zip(_parts(draft, job, key), (0.93, 0.03, 0.012, 0.012), strict=True):
        until = at + int(job.duration * share * min(1.0, draft.noise(0.1)))
        _add(draft, job, process, part, (at, until))
        at = until


def _add(draft: Draft, job: Job, parent: str, part: Part, between: tuple[Micros, Micros]) -> None:
    draft.add(job.worker, part.operation, part.kind, between, part.tags, parent, part.failure)


def _parts(draft: Draft, job: Job, key: int) -> list[Part]:
    results = [send(topic, key, NO_TOPIC if topic in job.missing else None, 0) for topic in OUTPUTS]
    return [_chat(draft, job), _store(), *results]


def _chat(draft: Draft, job: Job) -> Part:
    provider, model, host = MODELS[job.model]
    tags: dict[str, Tag] = {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": provider, "gen_ai.request.model": model,
        "gen_ai.usage.input_tokens": draft.random.randint(400, 6_000),
        "gen_ai.usage.output_tokens": draft.random.randint(40, 900),
        "server.address": host, "server.port": 443,
    }  # fmt: skip
    return Part(f"chat {model}", "client", 0, tags)


def _store() -> Part:
    tags: dict[str, Tag] = {
        "db.system.name": "clickhouse", "db.namespace": "metrics", "db.operation.name": "INSERT",
        "db.collection.name": "experiment_metrics", "db.query.summary": "INSERT experiment_metrics",
        "db.query.text": "INSERT INTO experiment_metrics (experiment_id, metric, step, value) VALUES",
        "server.address": "clickhouse.llm-research-lab-data.svc.cluster.local", "server.port": 8123,
    }  # fmt: skip
    return Part("INSERT experiment_metrics", "client", 0, tags)
