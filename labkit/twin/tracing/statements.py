"""What API and workers ask of PostgreSQL: statements on ``schema.sql``, with their literals away.

They are as many of each operation as the twin counts for a route and for a job.
"""

from dataclasses import dataclass

from labkit.twin.routes import ROUTES


@dataclass(frozen=True)
class Statement:
    """One statement: its operation, the table it is about, its text, and its usual time in microseconds."""

    operation: str
    collection: str
    text: str
    micros: float

    @property
    def summary(self) -> str:
        """Operation and table: the name of its span."""
        return f"{self.operation} {self.collection}"


_LIST = Statement(
    "SELECT", "experiments",
    "SELECT id, name, status, priority, created_at FROM experiments WHERE owner_id = $1 ORDER BY created_at DESC LIMIT $2",
    4_000,
)  # fmt: skip
_COUNT = Statement("SELECT", "experiments", "SELECT count(*) FROM experiments WHERE owner_id = $1", 2_000)
_ONE = Statement("SELECT", "experiments", "SELECT * FROM experiments WHERE id = $1", 1_500)
_RUNS = Statement(
    "SELECT", "experiment_runs", "SELECT * FROM experiment_runs WHERE experiment_id = $1 ORDER BY attempt", 1_500
)  # fmt: skip
_VERSION = Statement(
    "SELECT", "dataset_versions",
    "SELECT v.id FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id WHERE d.name = $1 AND v.version = $2",
    1_800,
)  # fmt: skip
_MODEL = Statement("SELECT", "models", "SELECT id FROM models WHERE provider = $1 AND name = $2 AND enabled", 1_200)
_NEW = Statement(
    "INSERT", "experiments",
    "INSERT INTO experiments (id, name, description, owner_id, dataset_version_id, model_id, status, priority, config,"
    " created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
    4_000,
)  # fmt: skip
_DEED = Statement(
    "INSERT", "audit_log",
    "INSERT INTO audit_log (id, actor_id, action, target, source_ip, at) VALUES ($1, $2, $3, $4, $5, $6)",
    3_000,
)  # fmt: skip
_QUEUED = Statement(
    "UPDATE", "experiments", "UPDATE experiments SET status = $2, updated_at = $3 WHERE id = $1", 3_500
)  # fmt: skip
_DATASETS = Statement(
    "SELECT", "datasets",
    "SELECT d.name, v.version, v.sample_count FROM datasets d JOIN dataset_versions v ON v.dataset_id = d.id"
    " WHERE d.visibility = $1 ORDER BY d.name LIMIT $2",
    3_500,
)  # fmt: skip
_DATASETS_COUNT = Statement("SELECT", "datasets", "SELECT count(*) FROM datasets WHERE visibility = $1", 1_500)
_DATASET = Statement(
    "SELECT", "dataset_versions",
    "SELECT v.* FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id WHERE d.name = $1 AND v.version = $2",
    3_000,
)  # fmt: skip
_STATE = Statement("SELECT", "experiments", "SELECT status, updated_at FROM experiments WHERE id = $1", 2_000)

BEGUN = Statement(
    "INSERT", "experiment_runs",
    "INSERT INTO experiment_runs (id, experiment_id, attempt, status, worker, started_at) VALUES ($1, $2, $3, $4, $5, $6)",
    3_500,
)  # fmt: skip
"""What a worker writes when it takes up a job."""
ENDED = (
    Statement(
        "UPDATE", "experiment_runs",
        "UPDATE experiment_runs SET status = $2, tokens_in = $3, tokens_out = $4, cost_usd = $5, score = $6,"
        " finished_at = $7 WHERE id = $1",
        3_000,
    ),
    Statement("UPDATE", "experiments", "UPDATE experiments SET status = $2, updated_at = $3 WHERE id = $1", 3_000),
)  # fmt: skip
"""What it writes when it has done with it."""

STATEMENTS: dict[tuple[str, str], tuple[Statement, ...]] = {
    ("GET", "/api/v1/experiments"): (_LIST, _COUNT),
    ("GET", "/api/v1/experiments/{id}"): (_ONE, _RUNS),
    ("POST", "/api/v1/experiments"): (_VERSION, _MODEL, _NEW, _DEED, _QUEUED),
    ("GET", "/api/v1/datasets"): (_DATASETS, _DATASETS_COUNT),
    ("GET", "/api/v1/datasets/{name}/{version}"): (_DATASET,),
    ("GET", "/api/v1/metrics/experiments/{id}"): (_STATE,),
}
"""By method and path, in their order; of a request that sends fewer, the first."""


def statements(route: int, queries: int) -> tuple[Statement, ...]:
    """The statements of a request to ``ROUTES[route]`` that sent ``queries`` of them."""
    return STATEMENTS[ROUTES[route].method, ROUTES[route].path][:queries]
