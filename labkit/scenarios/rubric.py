"""A rubric: what an exercise's steps are worth, and what is the right word on each scenario.

It is a TOML file on the instructor's side (``source/<exercise>/rubric.toml``): never released,
never in the wheel. ``{object}`` in it stands for the object at fault in the trainee's own sandbox.
"""

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from labkit.errors import ManifestError

SEVERITIES = ("P0", "P1", "P2", "P3", "P4")
Severity = Literal["P0", "P1", "P2", "P3", "P4", "none"]


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The right word on one scenario, and which checks show it.

    ``symptoms``: checks each of which shows that something is wrong (any one will do; for a healthy
    system all are needed). ``shown_by``: checks each of which shows *what* is wrong. ``refuses``:
    checks whose very failure is the symptom. ``objects``: names that stand for the object too;
    ``members``: so does any name that begins with the object's and a dash. ``partly``: names
    right but not exact, worth half; ``near``: components likewise. ``severities``: the severity
    where it hangs on the object.
    """

    state: Literal["healthy", "degraded"]
    decision: Literal["close", "escalate"]
    severity: Severity
    why: str
    symptoms: tuple[str, ...]
    shown_by: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    members: bool = False
    severities: dict[str, Severity] = {}

    def severity_of(self, name: str | None) -> Severity:
        """The severity when ``name`` is the object at fault."""
        return self.severities.get(name or "", self.severity)


class Rubric(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Points per step (checks, finding, decision), names that mean a component, and the cases."""

    exercise: str
    total: float
    checks: dict[str, dict[str, float]]
    finding: dict[Literal["state", "component", "object"], float]
    decision: dict[Literal["decision", "severity", "details"], float]
    components: dict[str, tuple[str, ...]]
    scenarios: dict[str, Case]

    def points(self) -> dict[str, float]:
        """What each step is worth: the points of the notebook's grade cells, in order."""
        steps = {step: sum(parts.values()) for step, parts in self.checks.items()}
        return {**steps, "finding": sum(self.finding.values()), "decision": sum(self.decision.values())}


def load(path: Path) -> Rubric:
    """The rubric in ``path``; raises :class:`ManifestError` naming file and field."""
    try:
        rubric = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Rubric)
    except OSError as error:
        raise ManifestError(
            error.strerror or str(error), where=str(path), remedy="grade from the instructor's clone, which has source/"
        ) from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ManifestError(
            f"not a rubric: {error}", where=str(path), remedy="correct the field that is named"
        ) from error
    if (worth := sum(rubric.points().values())) != rubric.total:
        raise ManifestError(
            f"the parts come to {worth:g} points, not {rubric.total:g}",
            where=f"{path}: total",
            remedy="correct the points of a step, or the total",
        )
    return rubric
