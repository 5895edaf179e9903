"""Bodies of requests that change Alertmanager, read into actions.

Clients take the present from their own clock: ``amtool silence add`` sends the wall's time as the
start. Where the world is at another time, that start would be meaningless, so a start that is the
wall's present means the world's, and the end moves with it.
"""

from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from labkit.alerting.posted import PostedAlert
from labkit.alerting.silences import SilenceMatcher
from labkit.clock import SECOND, Millis
from labkit.sandbox.faces.alertmanager.errors import framed, required
from labkit.world.actions import AlertsPost, SilencePut

_NEAR: Millis = 10 * SECOND
"""A time so near to the wall's present is meant as 'now'."""

_ZERO: Millis = -62_135_596_800_000
"""Go's zero time, which stands for none."""

_LAST: Millis = 253_402_300_799_999
"""The last time that RFC 3339 can write; later ones are held to be it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_T = TypeVar("_T")


class _Silence(msgspec.Struct):
    """A silence as it is posted; what is missing is refused after all has its type."""

    matchers: list[dict[str, Any]] | None = None
    startsAt: datetime | None = None  # noqa: N815  (the API's own names)
    endsAt: datetime | None = None  # noqa: N815
    createdBy: str | None = None  # noqa: N815
    comment: str | None = None
    id: str = ""


class _Alert(msgspec.Struct):
    labels: dict[str, str] | None = None
    annotations: dict[str, str] = {}
    startsAt: datetime | None = None  # noqa: N815
    endsAt: datetime | None = None  # noqa: N815
    generatorURL: str = ""  # noqa: N815


def silence(body: bytes, now: Millis, wall: Millis) -> SilencePut:
    """The action that a posted silence means; raises :class:`Refusal`."""
    given = _decoded(body, _Silence, "silence")
    for name in ("comment", "createdBy", "endsAt", "matchers", "startsAt"):
        if getattr(given, name) is None:
            raise required(name)
    if not given.matchers:
        raise framed(612, "matchers in body should have at least 1 items")
    matchers = tuple(_matcher(place, one) for place, one in enumerate(given.matchers))
    starts, ends = _shifted(_millis(given.startsAt), _millis(given.endsAt), now, wall)
    return SilencePut(
        id=given.id, matchers=matchers, starts=starts, ends=_ZERO if ends is None else ends,
        created_by=given.createdBy or "", comment=given.comment or "",
    )  # fmt: skip


def alerts(body: bytes, now: Millis, wall: Millis) -> AlertsPost:
    """The action that posted alerts mean; raises :class:`Refusal`."""
    taken = []
    for place, one in enumerate(_decoded(body, list[_Alert], "alerts")):
        if one.labels is None:
            raise required(f"{place}.labels")
        starts, ends = _shifted(_millis(one.startsAt), _millis(one.endsAt), now, wall)
        taken.append(
            PostedAlert(
                labels=one.labels, annotations=one.annotations, starts=starts, ends=ends, generator=one.generatorURL
            )
        )
    return AlertsPost(alerts=tuple(taken))


def _decoded(body: bytes, type_: type[_T], name: str) -> _T:
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise framed(400, f'parsing {name} body from "" failed, because {error}') from error


def _matcher(place: int, given: dict[str, Any]) -> SilenceMatcher:
    for name in ("isRegex", "name", "value"):
        if given.get(name) is None:
            raise required(f"matchers.{place}.{name}")
    try:
        return msgspec.convert(
            {"isEqual": True} | {key: value for key, value in given.items() if value is not None}, SilenceMatcher
        )
    except msgspec.ValidationError as error:
        raise framed(400, f'parsing silence body from "" failed, because {error}') from error


def _millis(time: datetime | None) -> Millis | None:
    if time is None:
        return None
    if time.tzinfo is None:
        raise framed(400, f'parsing body from "" failed, because parsing time "{time.isoformat()}": it has no zone')
    millis = (time - _EPOCH) // (_EPOCH.resolution * 1000)
    return None if millis <= _ZERO else min(millis, _LAST)


def _shifted(
    starts: Millis | None, ends: Millis | None, now: Millis, wall: Millis
) -> tuple[Millis | None, Millis | None]:
    """Both times moved to the world's, where the first is the wall's present."""
    if starts is None or abs(starts - wall) > _NEAR:
        return starts, ends
    return now, None if ends is None else min(ends + now - starts, _LAST)
