"""The two ways a query fails: it is not understood, or it cannot be answered."""

from labkit.errors import QueryError


class MalformedQueryError(QueryError):
    """A query that is none: Prometheus answers ``bad_data``."""


class ExecutionError(QueryError):
    """A query that is well formed but has no answer: Prometheus answers ``execution``."""


def unsupported(what: str) -> ExecutionError:
    """An :class:`ExecutionError` for what this engine leaves out."""
    return ExecutionError(f"{what} is not supported here", remedy="write the query without it")


CELLS = 50_000_000
"""How many samples a query may hold at once (upstream's ``--query.max-samples``)."""


def limited(samples: int) -> None:
    """Raise if a query would hold more than :data:`CELLS` samples."""
    if samples > CELLS:
        raise ExecutionError("query processing would load too many samples into memory in query execution")
