"""The labels that identify a time series."""

from collections.abc import Container, Iterable
from typing import Self

NAME = "__name__"
"""The label that holds the metric's name."""


class Labels(tuple[tuple[str, str], ...]):
    """Pairs of name and value, ``__name__`` among them, sorted by name; a label without a value is no label."""

    __slots__ = ()

    def __new__(cls, pairs: Iterable[tuple[str, str]] = ()) -> Self:
        """Labels of any iterable of pairs; of a name given twice the last value holds."""
        return super().__new__(cls, sorted((name, value) for name, value in dict(pairs).items() if value))

    @property
    def name(self) -> str:
        """The metric's name, or nothing."""
        return self.get(NAME)

    def get(self, name: str, default: str = "") -> str:
        """The value of a label."""
        for key, value in self:
            if key == name:
                return value
        return default

    def without(self, names: Container[str]) -> "Labels":
        """All labels but those named."""
        return _of([pair for pair in self if pair[0] not in names])

    def only(self, names: Container[str]) -> "Labels":
        """The labels named, as far as they are there."""
        return _of([pair for pair in self if pair[0] in names])

    def __str__(self) -> str:
        """As PromQL writes a series: ``name{label="value"}``."""
        inner = ", ".join(f'{name}="{_escape(value)}"' for name, value in self if name != NAME)
        return f"{self.name}{{{inner}}}" if inner or not self.name else self.name


def _of(pairs: list[tuple[str, str]]) -> Labels:
    """Labels of pairs that come from labels: sorted already, none empty."""
    return tuple.__new__(Labels, pairs)


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
