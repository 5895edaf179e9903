"""What a selector asks of one label."""

from dataclasses import dataclass, field
from enum import Enum

from labkit.signals.labels import Labels
from labkit.signals.regex import Pattern, compiled


class Match(Enum):
    """The four operators of a label matcher."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@dataclass(frozen=True)
class Matcher:
    """One condition on one label; a label that is not there has the empty value. Regexes match the whole value."""

    name: str
    op: Match
    value: str
    _pattern: Pattern | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the pattern; :class:`~labkit.errors.QueryError` if it is none."""
        regex = self.op in (Match.REGEX, Match.NOT_REGEX)
        object.__setattr__(self, "_pattern", compiled(self.value) if regex else None)

    def matches(self, labels: Labels) -> bool:
        """Whether the condition holds for a series."""
        return self.accepts(labels.get(self.name))

    def accepts(self, value: str) -> bool:
        """Whether the condition holds for a value."""
        if self._pattern is None:
            return (value == self.value) is (self.op is Match.EQUAL)
        return (self._pattern.fullmatch(value) is not None) is (self.op is Match.REGEX)
