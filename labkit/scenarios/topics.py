"""What a run of ``kafka-topics.sh`` showed of a topic: that it is there, or that it is not.

Absence is shown only by an answer that would have held the topic: a whole listing, a listing of
that very name, or the tool's own word that it does not exist.
"""

import re
from collections.abc import Sequence

import msgspec

TOPICS = ("experiments", "experiment-results", "metrics-events")
"""The topics that the health-check runbook names."""

_VALUED = frozenset({"bootstrap-server", "command-config", "config", "partitions", "replication-factor", "topic"})
_WHOLE = frozenset({"bootstrap-server", "describe", "exclude-internal", "if-exists", "list"})
"""Options that leave none of :data:`TOPICS` out of a listing."""

_NAMES = re.compile(r"[\w.,| -]*")
_ABSENT = re.compile(
    r"^Error while executing topic command : Topic 'Optional\[([^\]\n]*)\]' does not exist as expected$", re.MULTILINE
)
_DESCRIBED = re.compile(r"^\t?Topic: (\S+)\t", re.MULTILINE)


class Asked(msgspec.Struct, frozen=True):
    """A command line of the tool: the options given, and the value of ``--topic``."""

    options: frozenset[str]
    topic: str | None

    @classmethod
    def of(cls, words: Sequence[str]) -> "Asked":
        """Read ``words`` as joptsimple does: ``--name value`` or ``--name=value``, up to ``--``."""
        options: dict[str, str] = {}
        rest = iter(words)
        for word in rest:
            if word == "--":
                break
            if word.startswith("--"):
                name, equals, value = word[2:].partition("=")
                options[name] = value if equals or name not in _VALUED else next(rest, "")
        return cls(frozenset(options), options.get("topic"))

    @property
    def looks(self) -> bool:
        """Whether the tool is asked to show topics."""
        return bool(self.options & {"list", "describe"}) and not self.options & {"help", "version"}

    @property
    def names(self) -> frozenset[str]:
        """The topics asked for by their very names; a pattern asks for none."""
        value = (self.topic or "").strip().strip("\"'")
        return frozenset(re.split("[,|]", value.replace(" ", ""))) if _NAMES.fullmatch(value) else frozenset()

    def shown(self, status: int | None, stdout: str) -> set[str]:
        """Those of :data:`TOPICS` of which the output shows whether they are there."""
        if status != 0:
            absent = _ABSENT.search(stdout)
            return set(self.names.intersection(re.split(r"[,|\s]+", absent[1]), TOPICS)) if absent else set()
        if self.options <= _WHOLE:
            return set(TOPICS)
        listed = _DESCRIBED.findall(stdout) if "describe" in self.options else stdout.splitlines()
        exact = self.names if self.options <= _WHOLE | {"topic"} else frozenset()
        return set(TOPICS) & ({*listed} | exact)

    def told(self, pod: str) -> str:
        """What was asked, in words."""
        return f"topics listed from {pod}" if self.topic is None else f"topic {self.topic[:80]} asked of {pod}"
