"""The ways a query fails: it is not understood, it cannot be answered, or it takes too long."""

from labkit.errors import QueryError


class MalformedQueryError(QueryError):
    """A query that is none: Prometheus answers ``bad_data``.

    ``position`` is where in the query (a count of characters) the trouble begins, ``None`` where that is not known.
    """

    position: int | None = None


class ExecutionError(QueryError):
    """A query that is well formed but has no answer: Prometheus answers ``execution``."""


class UnsupportedError(ExecutionError):
    """A query that Prometheus answers and this engine does not."""


class TimedOutError(QueryError):
    """A query that took longer than it may: Prometheus answers ``timeout``."""


class CanceledError(QueryError):
    """A query that nobody waits for any more: Prometheus answers ``canceled``."""


def unsupported(what: str) -> UnsupportedError:
    """An :class:`UnsupportedError` for what this engine leaves out."""
    return UnsupportedError(f"{what} is not supported here", remedy="write the query without it")
