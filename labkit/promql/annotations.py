"""What is said of an answer beside it: warnings and infos, in upstream's words (``util/annotations``)."""

from dataclasses import dataclass

_WARNING = "PromQL warning: "
_INFO = "PromQL info: "


@dataclass(frozen=True)
class Annotations:
    """The warnings and infos of one answer, each said once, sorted."""

    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()


NOTHING = Annotations()


@dataclass(frozen=True, order=True)
class Note:
    """One thing to say; ``position`` is where in the query it comes from, ``line:column``, or nothing if unknown."""

    text: str
    position: str = ""

    def __str__(self) -> str:
        return f"{self.text} ({self.position})" if self.position else self.text


class Notes:
    """Collects what there is to say while a query is evaluated."""

    def __init__(self) -> None:
        self._warnings: dict[Note, None] = {}
        self._infos: dict[Note, None] = {}

    def warn(self, text: str, position: str = "") -> None:
        """Say that an answer may not be what was meant."""
        self._warnings[Note(_WARNING + text, position)] = None

    def inform(self, text: str, position: str = "") -> None:
        """Say what the asker may want to know."""
        self._infos[Note(_INFO + text, position)] = None

    def annotations(self) -> Annotations:
        """All that was said, with positions."""
        return Annotations(tuple(map(str, sorted(self._warnings))), tuple(map(str, sorted(self._infos))))
