"""The judge's bench: what was true in the sandbox beside what its operator looked at."""

from collections.abc import Mapping, Sequence
from typing import Any

from labkit.scenarios.answers import Reply
from labkit.scenarios.evidence import Sighting
from labkit.scenarios.rubric import Case, Rubric

_SHOWN = 3


class Bench:
    """One scenario's right words, the object and component at fault, and the sightings."""

    def __init__(self, rubric: Rubric, truth: Mapping[str, Any], sightings: Sequence[Sighting]) -> None:
        self.scenario = str(truth["scenario"])
        self.case: Case = rubric.scenarios[self.scenario]
        self.component = str(truth.get("component") or "none").lower()
        self.object: str | None = truth.get("object")
        self._sightings = sightings
        self._components = rubric.components

    @property
    def healthy(self) -> bool:
        """Whether nothing was wrong."""
        return self.case.state == "healthy"

    def worth(self, sighting: Sighting) -> float:
        """How much of its check a sighting shows: a refusal is the finding where the thing is down."""
        return 1.0 if sighting.refused and sighting.check in self.case.refuses else sighting.share

    def best(self, check: str) -> tuple[float, list[Sighting]]:
        """How much of ``check`` was seen, and the first sightings that showed that much."""
        seen = [sighting for sighting in self._sightings if sighting.check == check]
        share = max(map(self.worth, seen), default=0.0)
        return share, [sighting for sighting in seen if self.worth(sighting) == share][:_SHOWN]

    def symptoms(self, reply: Reply) -> float:
        """How much of what shows *that* something is wrong was seen before ``reply``: 0 to 1."""
        return self._support(self.case.symptoms, reply)

    def cause(self, reply: Reply) -> float:
        """How much of what shows *what* is wrong was seen before ``reply``: 0 to 1."""
        return self._support(self.case.symptoms if self.healthy else self.case.shown_by, reply)

    def missing(self, reply: Reply) -> list[str]:
        """For a healthy system, the checks that were not made before ``reply``."""
        seen = self._before(reply)
        return [check for check in self.case.symptoms if check not in seen]

    def component_named(self, word: str) -> float:
        """1 if ``word`` means the component at fault, ½ if one that is near it, else 0."""
        if word == self.component or word in self._components.get(self.component, ()):
            return 1.0
        return 0.5 if word in self.case.near else 0.0

    def object_named(self, names: Sequence[str]) -> float:
        """1 if every one of ``names`` is the object at fault, ½ if only partly, else 0."""
        if self.healthy:
            return float(not names or names in (("none",), ("-",), ("nothing",)))
        worth = [self._name(name) for name in names]
        return 1.0 if worth and all(share == 1 for share in worth) else 0.5 * any(worth)

    def names(self) -> tuple[str, ...]:
        """Every name by which the object at fault may be told to L2."""
        return (*filter(None, (self.object,)), *self.case.objects)

    def is_member(self, name: str) -> bool:
        """Whether ``name`` is a pod of the object at fault, where that counts."""
        return self.case.members and any(name.startswith(f"{own.lower()}-") for own in self.names())

    def _name(self, name: str) -> float:
        if name in map(str.lower, self.names()) or self.is_member(name):
            return 1.0
        return 0.5 if name in self.case.partly else 0.0

    def _before(self, reply: Reply) -> set[str]:
        return {seen.check for seen in self._sightings if seen.index < reply.index and self.worth(seen)}

    def _support(self, checks: Sequence[str], reply: Reply) -> float:
        wanted = [check.replace("{object}", self.object or "") for check in checks]
        seen = self._before(reply)
        found = sum(check in seen for check in wanted)
        return found / len(wanted) if self.healthy else float(found > 0)
