"""What a judge says of a piece of work: points, and for each lost point the reason and the evidence.

Plain data, the same bytes for the same work: times are virtual, numbers are rounded to hundredths.
``reason`` and ``evidence`` are for the trainee and give no key away; ``key`` is for the instructor.
"""

from collections.abc import Iterator

import msgspec

_encode = msgspec.json.Encoder(order="deterministic").encode


class Seen(msgspec.Struct, frozen=True):
    """A piece of evidence: when (RFC 3339, virtual time) and what was seen, in words."""

    time: str
    what: str

    def __str__(self) -> str:
        return f"{self.time}  {self.what}"


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Points for one thing that was to be done; ``reason`` says why any were lost."""

    name: str
    points: float
    out_of: float
    reason: str = ""
    evidence: tuple[Seen, ...] = ()
    key: str = ""

    @property
    def lost(self) -> float:
        """How many points are missing."""
        return round(self.out_of - self.points, 2)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """The marks of one step of an exercise: one grade cell of its notebook."""

    name: str
    marks: tuple[Mark, ...]

    @property
    def points(self) -> float:
        """The points won in this step."""
        return round(sum(mark.points for mark in self.marks), 2)

    @property
    def out_of(self) -> float:
        """The points that could be won."""
        return round(sum(mark.out_of for mark in self.marks), 2)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The judge's word on one submission. ``scenario`` is what was wrong in that trainee's sandbox."""

    exercise: str
    scenario: str
    steps: tuple[Step, ...]

    @property
    def points(self) -> float:
        """The points won in all steps."""
        return round(sum(step.points for step in self.steps), 2)

    @property
    def out_of(self) -> float:
        """The points that could be won."""
        return round(sum(step.out_of for step in self.steps), 2)

    def step(self, name: str) -> Step:
        """The step called ``name``; raises :class:`KeyError` if there is none."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

    def losses(self) -> Iterator[tuple[Step, Mark]]:
        """Each mark that is not full, with its step."""
        for step in self.steps:
            for mark in step.marks:
                if mark.lost:
                    yield step, mark


def explain(step: Step) -> list[str]:
    """The trainee's lines for a step: points, then each reason once with its evidence."""
    lines = [f"{step.name}: {step.points:g} of {step.out_of:g} points"]
    told: list[str] = []
    for mark in step.marks:
        if mark.lost and mark.reason not in told:
            told.append(mark.reason)
            lost = sum(other.lost for other in step.marks if other.reason == mark.reason)
            lines += [f"  -{lost:g}  {mark.reason}", *(f"         {seen}" for seen in mark.evidence)]
    return lines


def to_json(verdict: Verdict) -> bytes:
    """``verdict`` as JSON, keys in order: the same bytes for the same verdict."""
    return _encode(verdict)
