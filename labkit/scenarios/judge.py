"""The judge: from what a sandbox recorded and what was true in it, to points with reasons.

Pure: no files, no clock, no network. Order and repetition are free; the last answer to a question
counts. A finding earns its points only when a check that shows it was made before it was given.
Reasons say what was missing, never what would have been right: that stands in a mark's ``key``.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from labkit.errors import ManifestError
from labkit.journal import Entry
from labkit.scenarios import answers, evidence
from labkit.scenarios.answers import Reply
from labkit.scenarios.bench import Bench
from labkit.scenarios.evidence import describe
from labkit.scenarios.rubric import SEVERITIES, Rubric
from labkit.scenarios.verdict import Mark, Step, Verdict

Judged = tuple[float, str]
"""A share of the points, and the reason if it is not 1."""

_SHOWN = 80


def judge(entries: Sequence[Entry], truth: Mapping[str, Any], rubric: Rubric) -> Verdict:
    """The verdict on a journal that a sandbox of the judge's own has written.

    ``truth`` says what was so in that sandbox: ``scenario`` (an id), ``object`` (a name or ``None``)
    and ``component``. Raises :class:`ManifestError` if the rubric knows no such scenario.
    """
    if truth["scenario"] not in rubric.scenarios:
        raise ManifestError(
            f"no right answers for scenario {truth['scenario']!r}",
            where=f"{rubric.exercise}: rubric.toml: scenarios",
            remedy="add the scenario to the rubric",
        )
    bench = Bench(rubric, truth, evidence.gather(entries))
    replies = answers.last(entries)
    steps = [
        Step(name=name, marks=tuple(_looked(check, points, bench) for check, points in checks.items()))
        for name, checks in rubric.checks.items()
    ]
    steps += [
        Step(name=name, marks=tuple(_answered(part, points, replies, bench) for part, points in parts.items()))
        for name, parts in (("finding", rubric.finding), ("decision", rubric.decision))
    ]
    return Verdict(exercise=rubric.exercise, scenario=bench.scenario, steps=tuple(steps))


def _looked(check: str, points: float, bench: Bench) -> Mark:
    """The mark for having looked at something."""
    share, sightings = bench.best(check)
    if share == 1:
        reason = ""
    elif share:
        reason = f"{describe(check)}: seen only in part"
    elif sightings:
        reason = f"{describe(check)}: tried, but nothing was shown"
    else:
        reason = f"{describe(check)}: not looked at"
    return Mark(
        name=check,
        points=round(points * share, 2),
        out_of=points,
        reason=reason,
        evidence=tuple(dict.fromkeys(sighting.seen for sighting in sightings)),
    )


def _answered(question: str, points: float, replies: Mapping[str, Reply], bench: Bench) -> Mark:
    """The mark for an answer."""
    reply = replies.get(question)
    rule, key = _RULES[question]
    if question == "details" and bench.healthy:
        reply = replies.get("decision")
    share, reason = (0.0, f"no answer to {question!r}") if reply is None else rule(reply, bench)
    return Mark(
        name=question,
        points=round(points * share, 2),
        out_of=points,
        reason=reason if share < 1 else "",
        evidence=(reply.seen,) if reply and share < 1 else (),
        key=key(bench),
    )


def _quoted(word: str) -> str:
    """``word`` in quotes, on one line, shortened to :data:`_SHOWN` characters."""
    quoted = repr(word)
    return quoted if len(quoted) <= _SHOWN else f"{quoted[: _SHOWN - 2]}…{quoted[0]}"


def _supported(share: float, support: float, reply: Reply, bench: Bench) -> Judged:
    """A right answer, worth as much as the checks made before it bear out."""
    if support == 1:
        return share, ""
    if bench.healthy:
        missing = ", ".join(describe(check) for check in bench.missing(reply))
        return share * support, f"{reply.question} was answered before everything was checked; missing: {missing}"
    return 0.0, f"{reply.question} was answered, but nothing in the journal before it shows what it says"


def _state(reply: Reply, bench: Bench) -> Judged:
    if reply.word != bench.case.state:
        return (
            0.0,
            f"the state is not {_quoted(reply.word)}: compare what each check gave with what the runbook expects",
        )
    return _supported(1.0, bench.symptoms(reply), reply, bench)


def _component(reply: Reply, bench: Bench) -> Judged:
    named = bench.component_named(reply.word)
    if not named:
        return 0.0, f"{_quoted(reply.word)} is not the component in which the trouble begins"
    share, reason = _supported(named, bench.cause(reply), reply, bench)
    return share, reason or f"{_quoted(reply.word)} has a part in it, but it is not where users are refused"


def _object(reply: Reply, bench: Bench) -> Judged:
    named = bench.object_named(reply.names)
    if not named:
        return 0.0, f"{_quoted(reply.word)} is not the name of the object at fault"
    share, reason = _supported(named, bench.cause(reply), reply, bench)
    return share, reason or "the answer is near, but does not name exactly the object at fault"


def _decision(reply: Reply, bench: Bench) -> Judged:
    if reply.word == bench.case.decision:
        return _supported(1.0, bench.symptoms(reply), reply, bench)
    if bench.healthy:
        return 0.0, "escalated though no check failed: L2 is called when a check fails, and only then"
    return 0.0, f"{_quoted(reply.word)} though something was wrong: the runbook escalates every failed check to L2"


def _severity(reply: Reply, bench: Bench) -> Judged:
    right, given = bench.case.severity_of(bench.object), reply.word.upper()
    if given == right.upper():
        return _supported(1.0, bench.symptoms(reply), reply, bench)
    if given in SEVERITIES and right in SEVERITIES and abs(SEVERITIES.index(given) - SEVERITIES.index(right)) == 1:
        share, reason = _supported(0.5, bench.symptoms(reply), reply, bench)
        return share, reason or f"{given} is one step off: severity follows impact, who is affected and how many"
    return (
        0.0,
        f"{_quoted(reply.word)} does not fit the impact: ask who is affected, how many, and which objective is at risk",
    )


def _details(reply: Reply, bench: Bench) -> Judged:
    if bench.healthy:
        if reply.word != bench.case.decision:
            return 0.0, "there was nothing to tell L2"
        return _supported(1.0, bench.symptoms(reply), reply, bench)
    named = answers.mentions(reply.text, bench.names()) or any(map(bench.is_member, reply.names))
    if not named:
        return 0.0, "the details do not name the object at fault: L2 would have to search for it again"
    return _supported(1.0, bench.cause(reply), reply, bench)


_RULES: dict[str, tuple[Callable[[Reply, Bench], Judged], Callable[[Bench], str]]] = {
    "state": (_state, lambda bench: bench.case.state),
    "component": (_component, lambda bench: bench.component),
    "object": (_object, lambda bench: bench.object or "none"),
    "decision": (_decision, lambda bench: bench.case.decision),
    "severity": (_severity, lambda bench: f"{bench.case.severity_of(bench.object)}: {bench.case.why}"),
    "details": (_details, lambda bench: f"names {bench.object}" if bench.object else "nothing to tell"),
}
