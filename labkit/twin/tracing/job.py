"""The spans of a job: a worker takes the message, asks the LLM provider, stores what came and tells the topics."""

from labkit.signals.spans import Tag
from labkit.twin.providers import PROVIDERS
from labkit.twin.tracing.draft import Draft, Failure
from labkit.twin.tracing.request import Part, partition, query, send
from labkit.twin.tracing.sample import Job
from labkit.twin.tracing.statements import BEGUN, ENDED
from labkit.twin.workers import GROUP, INSERT_SECONDS, JOBS, OUTPUTS

MODELS = {
    "anthropic": ("anthropic", "claude-sonnet-4", "api.anthropic.com"),
    "openai": ("openai", "gpt-4.1", "api.openai.com"),
    "mistral": ("mistral_ai", "mistral-large-2", "api.mistral.ai"),
}
"""OpenTelemetry's ``gen_ai.provider.name``, the model that is asked (of the table ``models``) and the host, by provider."""

NO_TOPIC = Failure("rdkafka::error::KafkaError", "UNKNOWN_TOPIC_OR_PARTITION: Broker: Unknown topic or partition")
_WRITING = 0.9 * INSERT_SECONDS * 1e6
"""Microseconds of a job's spans beside the provider's."""


def write_job(draft: Draft, job: Job, key: int, parent: str) -> None:
    """Add the job's spans below ``parent``, the span that sent its message under ``key``."""
    tags: dict[str, Tag] = {
        "messaging.system": "kafka", "messaging.destination.name": JOBS, "messaging.operation.name": "process",
        "messaging.operation.type": "process", "messaging.consumer.group.name": GROUP,
        "messaging.destination.partition.id": partition(JOBS, key),
    }  # fmt: skip
    process = draft.add(job.worker, f"process {JOBS}", "consumer", (job.start, job.end), tags, parent)
    parts = [query(BEGUN), _chat(draft, job), _store(), *map(query, ENDED), *_results(job, key)]
    lasting = [(part.micros or 0.0) * draft.noise() for part in parts]
    scale = _WRITING / sum(lasting)
    at = job.start + 1_000
    for part, micros in zip(parts, lasting, strict=True):
        until = at + (int(micros * scale) if part.micros else job.answer)
        draft.add(job.worker, part.operation, part.kind, (at, until), part.tags, process, part.failure)
        at = until


def _results(job: Job, key: int) -> list[Part]:
    return [send(topic, key, NO_TOPIC if topic in job.missing else None, 2_500) for topic in OUTPUTS]


def _chat(draft: Draft, job: Job) -> Part:
    provider, model, host = MODELS[PROVIDERS[job.provider].name]
    tags: dict[str, Tag] = {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": provider, "gen_ai.request.model": model,
        "gen_ai.usage.input_tokens": draft.random.randint(400, 6_000),
        "gen_ai.usage.output_tokens": draft.random.randint(40, 900),
        "server.address": host, "server.port": 443,
    }  # fmt: skip
    return Part(f"chat {model}", "client", None, tags)


def _store() -> Part:
    tags: dict[str, Tag] = {
        "db.system.name": "clickhouse", "db.namespace": "metrics", "db.operation.name": "INSERT",
        "db.collection.name": "experiment_metrics", "db.query.summary": "INSERT experiment_metrics",
        "db.query.text": "INSERT INTO experiment_metrics (experiment_id, metric, step, value) VALUES",
        "server.address": "clickhouse.llm-research-lab-data.svc.cluster.local", "server.port": 8123,
    }  # fmt: skip
    return Part("INSERT experiment_metrics", "client", 36_000, tags)
