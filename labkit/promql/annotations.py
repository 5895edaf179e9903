"""What is said of an answer beside it: warnings and infos, in upstream's words (``util/annotations``)."""

from dataclasses import dataclass

_WARNING = "PromQL warning: "
_INFO = "PromQL info: "


@dataclass(frozen=True, order=True)
class Note:
    """One thing to say; ``position`` is where in the query it comes from, ``line:column``, or nothing if unknown."""

    text: str
    position: str = ""

    def __str__(self) -> str:
        return f"{self.text} ({self.position})" if self.position else self.text


@dataclass(frozen=True)
class Annotations:
    """What is said of one answer, each thing once, in order."""

    warned: tuple[Note, ...] = ()
    informed: tuple[Note, ...] = ()

    @property
    def warnings(self) -> list[str]:
        """The warnings, with positions, as Prometheus' API gives them."""
        return list(map(str, self.warned))

    @property
    def infos(self) -> list[str]:
        """The infos, with positions, as Prometheus' API gives them."""
        return list(map(str, self.informed))


NOTHING = Annotations()


class Notes:
    """Collects what there is to say while a query is evaluated."""

    def __init__(self) -> None:
        self._warned: dict[Note, None] = {}
        self._informed: dict[Note, None] = {}

    def warn(self, text: str, position: str = "") -> None:
        """Say that an answer may not be what was meant."""
        self._warned[Note(_WARNING + text, position)] = None

    def inform(self, text: str, position: str = "") -> None:
        """Say what the asker may want to know."""
        self._informed[Note(_INFO + text, position)] = None

    def annotations(self) -> Annotations:
        """All that was said."""
        return Annotations(tuple(sorted(self._warned)), tuple(sorted(self._informed)))
