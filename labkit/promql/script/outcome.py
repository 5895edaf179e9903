"""What became of a case, and what is wrong with a script."""

from dataclasses import dataclass

from labkit.errors import QueryError


class ScriptError(QueryError):
    """A test script that is none; ``where`` names the line."""


@dataclass(frozen=True)
class Outcome:
    """What became of one case: it passed if it is counted and has no ``problem``.

    ``left_out`` says why a case is not counted, and is empty for one that is.
    """

    line: int
    query: str
    problem: str = ""
    left_out: str = ""

    @property
    def passed(self) -> bool:
        """Whether the answer was the one expected."""
        return not self.problem and not self.left_out

    @property
    def failed(self) -> bool:
        """Whether another answer was given than the one expected."""
        return bool(self.problem) and not self.left_out
