"""One log line on its way through a pipeline."""

from labkit.signals.labels import Labels
from labkit.signals.streams import Nanos

ERROR = "__error__"
DETAILS = "__error_details__"
_AGAIN = "_extracted"


class Record:
    """A line with its time and labels; stages change it in place.

    ``stream`` are the labels of its stream, ``labels`` those it has now. What went wrong stands in
    ``error`` and ``details``, which look like labels of the names :data:`ERROR` and :data:`DETAILS`.
    """

    __slots__ = ("_own", "_shared", "details", "error", "labels", "line", "stream", "time")

    def __init__(self, stream: Labels, shared: dict[str, str]) -> None:
        self.stream = stream
        self._shared = shared
        self.start(0, "")

    def start(self, time: Nanos, line: str) -> None:
        """Begin with the next line of the stream."""
        self.time = time
        self.line = line
        self.labels = self._shared
        self._own = False
        self.error = ""
        self.details = ""

    def get(self, name: str) -> str:
        """The value of a label, or nothing."""
        if name == ERROR:
            return self.error
        return self.details if name == DETAILS else self.labels.get(name, "")

    def set(self, name: str, value: str) -> None:
        """Give a label a value."""
        self._owned()[name] = value

    def extract(self, name: str, value: str) -> None:
        """Give a label that a parser found its value; beside one of the stream's it gets another name."""
        if name in self._shared:
            name += _AGAIN
        self._owned()[name] = value

    def extract_all(self, found: dict[str, str]) -> None:
        """Give labels that a parser found their values, as :meth:`extract` does."""
        for name in self._shared:
            if name in found:
                found[name + _AGAIN] = found.pop(name)
        self._owned().update(found)

    def remove(self, name: str) -> None:
        """Take a label away, if it is there."""
        if name == ERROR:
            self.error = ""
        elif name == DETAILS:
            self.details = ""
        elif name in self.labels:
            del self._owned()[name]

    def fail(self, kind: str, details: str = "") -> None:
        """Note what went wrong."""
        self.error = kind
        self.details = details

    def named(self) -> dict[str, str]:
        """All labels, those of errors among them, by name."""
        if not self.error and not self.details:
            return self.labels
        errors = {name: value for name, value in ((ERROR, self.error), (DETAILS, self.details)) if value}
        return {**self.labels, **errors}

    @property
    def changed(self) -> bool:
        """Whether the labels are not just the stream's."""
        return self._own or bool(self.error)

    def _owned(self) -> dict[str, str]:
        if not self._own:
            self.labels = dict(self.labels)
            self._own = True
        return self.labels
