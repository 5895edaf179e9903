"""What the research API asks of PostgreSQL on each route: its statements on ``schema.sql``, with their literals away."""

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
    5_000,
)  # fmt: skip
_ONE = Statement("SELECT", "experiments", "SELECT * FROM experiments WHERE id = $1", 2_500)
_TOTAL = Statement("SELECT", "experiments", "SELECT count(*) FROM experiments WHERE owner_id = $1", 2_000)
_ATTEMPTS = Statement(
    "SELECT", "experiment_runs",
    "SELECT attempt, status, score, started_at, finished_at FROM experiment_runs WHERE experiment_id = $1 ORDER BY attempt",
    2_500,
)  # fmt: skip
_MODEL = Statement("SELECT", "models", "SELECT id FROM models WHERE provider = $1 AND name = $2 AND enabled", 2_000)
_QUEUED = Statement(
    "UPDATE", "experiments", "UPDATE experiments SET status = 'queued', updated_at = $2 WHERE id = $1", 3_500
)
_COUNT = Statement("SELECT", "datasets", "SELECT count(*) FROM datasets WHERE visibility = $1", 2_000)
_VERSION = Statement(
    "SELECT", "dataset_versions",
    "SELECT v.id FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id WHERE d.name = $1 AND v.version = $2",
    2_500,
)  # fmt: skip
_NEW = Statement(
    "INSERT", "experiments",
    "INSERT INTO experiments (id, name, description, owner_id, dataset_version_id, model_id, status, priority, config,"
    " created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
    5_000,
)  # fmt: skip
_RUN = Statement(
    "INSERT", "experiment_runs",
    "INSERT INTO experiment_runs (id, experiment_id, attempt, status, started_at) VALUES ($1, $2, $3, $4, $5)",
    4_500,
)  # fmt: skip
_DATASETS = Statement(
    "SELECT", "datasets",
    "SELECT d.name, v.version, v.sample_count FROM datasets d JOIN dataset_versions v ON v.dataset_id = d.id"
    " WHERE d.visibility = $1 ORDER BY d.name LIMIT $2",
    4_500,
)  # fmt: skip
_DATASET = Statement(
    "SELECT", "dataset_versions",
    "SELECT v.* FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id WHERE d.name = $1 AND v.version = $2",
    3_500,
)  # fmt: skip
_STATE = Statement("SELECT", "experiments", "SELECT status, updated_at FROM experiments WHERE id = $1", 2_500)

STATEMENTS: dict[tuple[str, str], tuple[Statement, ...]] = {
    ("GET", "/api/v1/experiments"): (_TOTAL, _LIST),
    ("GET", "/api/v1/experiments/{id}"): (_ONE, _ATTEMPTS),
    ("POST", "/api/v1/experiments"): (_VERSION, _MODEL, _NEW, _RUN, _QUEUED),
    ("GET", "/api/v1/datasets"): (_COUNT, _DATASETS),
    ("GET", "/api/v1/datasets/{name}/{version}"): (_DATASET,),
    ("GET", "/api/v1/metrics/experiments/{id}"): (_STATE,),
}
"""By method and path, as many of each operation as the route has ``statements``."""


def statements(route: int, queries: int) -> tuple[Statement, ...]:
    """The statements of a request to ``ROUTES[route]`` that sent ``queries`` of them."""
    return STATEMENTS[ROUTES[route].method, ROUTES[route].path][:queries]
