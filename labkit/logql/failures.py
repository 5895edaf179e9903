"""The ways a query fails, in Loki's words."""

from labkit.errors import QueryError
from labkit.signals.labels import Labels


class ParseError(QueryError):
    """A query that is none; ``where`` is line and column from 1, if there is one place that is wrong."""

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        place = f" at line {line}, col {column}:" if line else " :"
        super().__init__(f"parse error{place} {reason}", remedy="correct the query")
        self.reason = reason
        self.line = line
        self.column = column


class PipelineError(QueryError):
    """A metric query met a line that its pipeline could not read, and did not say to pass over it."""

    def __init__(self, kind: str, labels: Labels) -> None:
        super().__init__(
            f"pipeline error: '{kind}' for series: '{labels}'.\n"
            f'Use a label filter to intentionally skip this error. (e.g | __error__!="{kind}").\n'
            'To skip all potential errors you can match empty errors.(e.g __error__="")\n'
            'The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__="" )\n'
        )


class EvaluationError(QueryError):
    """A query that is well formed but has no answer: series that match each other more than once, say."""


class LimitError(QueryError):
    """A query whose answer, or whose work, is more than a limit allows."""


class DeadlineError(QueryError):
    """A query that took too long."""

    def __init__(self) -> None:
        super().__init__(
            "request timed out, decrease the duration of the request or add more label matchers "
            "(prefer exact match over regex match) to reduce the amount of data processed"
        )
