"""What a query may do, and what it has done."""

from collections.abc import Callable
from dataclasses import dataclass, field

from labkit.logql.failures import DeadlineError, LimitError
from labkit.promql.limits import timely

_BETWEEN = 2_048


@dataclass(frozen=True)
class Limits:
    """Loki's limits, with its defaults."""

    series: int = 500
    """Series in an answer (``max_query_series``)."""
    entries: int = 5_000
    """Lines in an answer (``max_entries_limit_per_query``)."""
    points: int = 11_000
    """Steps of a range query."""
    cells: int = 10_000_000
    """Values that a query may hold at once: series times steps. Ours, for Loki's bound is its memory."""
    size: int = 100_000_000
    """Bytes of lines and labels that a query may make (the size of a message between Loki's parts)."""


@dataclass
class Work:
    """What one query reads; ``expired`` says whether its time is over (nothing here reads a clock)."""

    limits: Limits = field(default_factory=Limits)
    expired: Callable[[], bool] = lambda: False
    streams: int = 0
    lines: int = 0
    bytes: int = 0
    _unchecked: int = 0
    _made: int = 0

    def read(self, lines: int, size: int) -> None:
        """Count lines and their bytes; raises :class:`DeadlineError` if the time is over."""
        self.lines += lines
        self.bytes += size
        self.passed(lines)

    def passed(self, steps: int = 1) -> None:
        """Count steps between looks at the time, and at whether anyone still waits for the answer."""
        self._unchecked += steps
        if self._unchecked >= _BETWEEN:
            self._unchecked = 0
            timely()
            if self.expired():
                raise DeadlineError

    def hold(self, series: int, steps: int) -> None:
        """Raise :class:`LimitError` if so many values are too many to hold."""
        if series * steps > self.limits.cells:
            raise LimitError(
                f"the query would hold {series} series of {steps} values each; consider aggregating with sum by (...), "
                "a longer step, or a shorter time range"
            )

    def make(self, size: int) -> None:
        """Count bytes that an answer will hold; raises :class:`LimitError` if they are too many."""
        self._made += size
        if self._made > self.limits.size:
            raise LimitError(
                f"the query's result is larger than {self.limits.size} bytes; ask for fewer lines, shorter lines, "
                "or fewer labels (drop and keep take labels away)"
            )

    def answer(self, series: int) -> None:
        """Raise :class:`LimitError` if an answer has too many series."""
        if series > self.limits.series:
            raise LimitError(
                f"maximum number of series ({self.limits.series}) reached for a single query; consider reducing query "
                "cardinality by adding more specific stream selectors, reducing the time range, or aggregating results "
                "with functions like sum(), count() or topk()"
            )


def weight(line: str) -> int:
    """The bytes of a line."""
    return len(line) if line.isascii() else len(line.encode(errors="surrogatepass"))
