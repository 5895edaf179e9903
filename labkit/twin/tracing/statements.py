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
    ("GET", "/api/v1/experiments"): (_LIST,),
    ("GET", "/api/v1/experiments/{id}"): (_ONE,),
    ("POST", "/api/v1/experiments"): (_VERSION, _NEW, _RUN),
    ("GET", "/api/v1/datasets"): (_DATASETS,),
    ("GET", "/api/v1/datasets/{name}/{version}"): (_DATASET,),
    ("GET", "/api/v1/metrics/experiments/{id}"): (_STATE,),
}
"""By method and path; a route whose mean number of queries is less leaves some out."""


def statements(route: int, queries: int) -> tuple[Statement, ...]:
    """The statements of a request to ``ROUTES[route]`` that sent ``queries`` of them."""
    return STATEMENTS[ROUTES[route].method, ROUTES[route].path][:queries]
