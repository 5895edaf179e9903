"""Silences: made, changed and expired, and what they were at any time (upstream ``silence/silence.go``)."""

import hashlib
import uuid
from collections.abc import Iterable, Sequence

import msgspec

from labkit.alerting import matchers as reading
from labkit.clock import HOUR, SECOND, Millis
from labkit.errors import LabkitError
from labkit.signals.labels import Labels
from labkit.signals.matcher import Match, Matcher

RETENTION: Millis = 120 * HOUR
"""How long an expired silence is kept."""


class SilenceError(LabkitError):
    """A silence that cannot be made or changed; ``code`` is the HTTP status that upstream gives."""

    def __init__(self, what: str, code: int = 400) -> None:
        super().__init__(what, remedy="correct the silence" if code == 400 else "list the silences there are")
        self.code = code


class SilenceMatcher(msgspec.Struct, frozen=True, kw_only=True):
    """A matcher as the API has it."""

    name: str
    value: str
    isRegex: bool  # noqa: N815  (the API's own name)
    isEqual: bool = True  # noqa: N815

    @property
    def op(self) -> Match:
        """The operator."""
        if self.isRegex:
            return Match.REGEX if self.isEqual else Match.NOT_REGEX
        return Match.EQUAL if self.isEqual else Match.NOT_EQUAL


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """A silence; ``updated`` is when it became what it is."""

    id: str
    matchers: tuple[SilenceMatcher, ...]
    starts: Millis
    ends: Millis
    updated: Millis
    created_by: str = ""
    comment: str = ""

    def state(self, time: Millis) -> str:
        """``pending``, ``active`` or ``expired``."""
        if time < self.starts:
            return "pending"
        return "expired" if time >= self.ends else "active"


class Silences:
    """All silences, every one in all its versions. Ids follow from ``seed`` and the number of the silence."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._versions: dict[str, list[Silence]] = {}
        self._compiled: dict[str, tuple[Matcher, ...]] = {}

    def put(self, wanted: Silence, now: Millis) -> Silence:
        """Make a silence, or change the one of its id; raises :class:`SilenceError` as upstream refuses."""
        if wanted.starts >= wanted.ends:
            raise SilenceError("Failed to create silence: start time must be before end time")
        if wanted.ends < now:
            raise SilenceError("Failed to create silence: end time can't be in the past")
        compiled = _validated(wanted.matchers)
        previous = self.get(wanted.id) if wanted.id else None
        if wanted.id and previous is None:
            raise SilenceError("silence not found", 404)
        if previous is not None and _can_update(previous, wanted, now):
            return self._add(msgspec.structs.replace(wanted, updated=now), compiled)
        if previous is not None and previous.state(now) != "expired":
            self.expire(previous.id, now)
        made = msgspec.structs.replace(wanted, id=self._new_id(), starts=max(wanted.starts, now), updated=now)
        return self._add(made, compiled)

    def expire(self, id: str, now: Millis) -> None:
        """End a silence now, unless it has ended; raises :class:`SilenceError` if there is none."""
        silence = self.get(id)
        if silence is None:
            raise SilenceError(f"silence {id} not found", 404)
        state = silence.state(now)
        if state == "expired":
            return
        starts = now if state == "pending" else silence.starts
        self._add(msgspec.structs.replace(silence, starts=starts, ends=now, updated=now), self._compiled[id])

    def get(self, id: str) -> Silence | None:
        """The silence as it is."""
        versions = self._versions.get(id)
        return versions[-1] if versions else None

    def all(self, now: Millis) -> list[Silence]:
        """Every silence that is kept: active ones by their end, pending ones by their start, then the last expired."""
        kept = [versions[-1] for versions in self._versions.values() if now < versions[-1].ends + RETENTION]
        order = {"active": 0, "pending": 1, "expired": 2}

        def key(silence: Silence) -> tuple[int, Millis, str]:
            state = silence.state(now)
            when = silence.starts if state == "pending" else silence.ends
            return order[state], -when if state == "expired" else when, silence.id

        return sorted(kept, key=key)

    def of(self, labels: Labels, time: Millis, *, before: bool = False) -> list[str]:
        """The ids of the silences that are active at ``time`` and match, sorted.

        ``before`` leaves out what was changed at that very time: a notification of a time comes
        before what is done at it.
        """
        found = []
        for id, versions in self._versions.items():
            known = [one for one in versions if one.updated < time or (not before and one.updated == time)]
            active = bool(known) and known[-1].state(time) == "active"
            if active and all(one.matches(labels) for one in self._compiled[id]):
                found.append(id)
        return sorted(found)

    @property
    def changed(self) -> bool:
        """Whether there has ever been one."""
        return bool(self._versions)

    def digest(self) -> bytes:
        """A hash of all silences in all versions."""
        return hashlib.sha256(msgspec.json.encode(list(self._versions.items()))).digest()

    def _add(self, silence: Silence, compiled: tuple[Matcher, ...]) -> Silence:
        self._compiled[silence.id] = compiled
        # Replaced, since a reader in another thread may go through what it has.
        self._versions = {**self._versions, silence.id: [*self._versions.get(silence.id, []), silence]}
        return silence

    def _new_id(self) -> str:
        digest = hashlib.sha256(f"{self._seed}/silence/{len(self._versions)}".encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=4))


def filtered(silences: Iterable[Silence], wanted: Sequence[Matcher]) -> list[Silence]:
    """The silences whose matchers have the values that a filter of the API asks for."""
    return [one for one in silences if reading.accepts(wanted, {each.name: each.value for each in one.matchers})]


def _validated(given: Sequence[SilenceMatcher]) -> tuple[Matcher, ...]:
    if not given:
        raise SilenceError("invalid silence: at least one matcher required")
    compiled = []
    for place, one in enumerate(given):
        if not one.name:
            raise SilenceError(f'invalid silence: invalid label matcher {place}: invalid label name "{one.name}"')
        try:
            compiled.append(reading.matcher(one.name, one.op, one.value))
        except reading.MatcherError as error:
            what = f'invalid regular expression "{one.value}": {error.what}'
            raise SilenceError(f"invalid silence: invalid label matcher {place}: {what}") from error
    if all(one.accepts("") for one in compiled):
        raise SilenceError("invalid silence: at least one matcher must not match the empty string")
    return tuple(compiled)


def _can_update(old: Silence, new: Silence, now: Millis) -> bool:
    """Whether a silence may be changed in place: what it has silenced may not change after the fact."""
    if old.matchers != new.matchers:
        return False
    state = old.state(now)
    if state == "active":
        return new.starts // SECOND == old.starts // SECOND and new.ends >= now
    return state == "pending" and new.starts >= now
