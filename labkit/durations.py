"""Durations as Prometheus writes them: ``5m``, ``1h30m``, ``0``.

Grammar and errors: ``ParseDuration`` and ``Duration.String`` of github.com/prometheus/common ``model/time.go``.
"""

import re

from labkit.clock import DAY, HOUR, MINUTE, SECOND, Millis

_UNITS: tuple[tuple[str, Millis], ...] = (
    ("y", 365 * DAY), ("w", 7 * DAY), ("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", 1),
)  # fmt: skip
_FORM = re.compile("".join(rf"(?:(\d+){unit})?" for unit, _ in _UNITS), re.ASCII)
_WHOLE = ("y", "w", "d")
"""Units that are written only if nothing is left over, so that 31 days do not become 4w3d."""
_LONGEST: Millis = (2**63 - 1) // 1_000_000


class Duration(int):
    """A duration in milliseconds, read from its text."""


def duration(text: str) -> Duration:
    """The duration that ``text`` means; raises :class:`ValueError` in upstream's words."""
    if text == "0":
        return Duration(0)
    if not text:
        raise ValueError("empty duration string")
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f'not a valid duration string: "{text}"')
    total = sum(int(number or 0) * size for number, (_, size) in zip(found.groups(), _UNITS, strict=True))
    if total > _LONGEST:
        raise ValueError("duration out of range")
    return Duration(total)


def written(millis: Millis) -> str:
    """The shortest text that means ``millis``, as upstream prints durations."""
    if not millis:
        return "0s"
    parts = []
    for unit, size in _UNITS:
        if unit in _WHOLE and millis % size:
            continue
        if number := millis // size:
            parts.append(f"{number}{unit}")
            millis -= number * size
    return "".join(parts)
