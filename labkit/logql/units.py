"""Durations and sizes in Go's, Prometheus' and humanize's notations; all durations in nanoseconds.

Rules: https://pkg.go.dev/time#ParseDuration, https://pkg.go.dev/github.com/dustin/go-humanize#ParseBytes
and Prometheus' ``model.ParseDuration``. Errors are :class:`ValueError` in those libraries' words, which
Loki hands on as ``__error_details__``.
"""

import re
from decimal import Decimal

from labkit.signals.streams import Nanos

SECOND: Nanos = 1_000_000_000

_GO = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
}
_GO_PART = re.compile(r"(\d+\.?\d*|\.\d+)([^\d.]*)", re.ASCII)
_DAY = 24 * 3600 * SECOND
_PROMETHEUS = {"y": 365 * _DAY, "w": 7 * _DAY, "d": _DAY, "h": _GO["h"], "m": _GO["m"], "s": SECOND, "ms": 1_000_000}
_PROMETHEUS_FORM = re.compile(r"(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?", re.ASCII)
_SIZES = {"": 1, "b": 1} | {
    f"{prefix}{rest}": (1024 if rest.startswith("i") else 1000) ** power
    for power, prefix in enumerate("kmgtpe", 1)
    for rest in ("", "b", "i", "ib")
}
_SIZE = re.compile(r"([\d.,]*)\s*(.*)", re.DOTALL)
_FLOAT = re.compile(
    r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf(?:inity)?|nan)", re.IGNORECASE | re.ASCII
)
_LONGEST = 2**63 - 1


def number(text: str) -> float:
    """A float as Go's ``strconv.ParseFloat`` reads it (decimal forms)."""
    if not _FLOAT.fullmatch(text):
        raise ValueError(f'strconv.ParseFloat: parsing "{text}": invalid syntax')
    return float(text)


def go_duration(text: str) -> Nanos:
    """A duration as Go writes it: ``1h15m30.918s``."""
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    total, place = Decimal(0), 0
    while place < len(rest):
        part = _GO_PART.match(rest, place)
        if part is None:
            raise ValueError(f'time: invalid duration "{text}"')
        if not part[2]:
            raise ValueError(f'time: missing unit in duration "{text}"')
        if part[2] not in _GO:
            raise ValueError(f'time: unknown unit "{part[2]}" in duration "{text}"')
        total += Decimal(part[1]) * _GO[part[2]]
        place = part.end()
    if not place or total > _LONGEST:
        raise ValueError(f'time: invalid duration "{text}"')
    return sign * int(total)


def prometheus_duration(text: str) -> Nanos:
    """A duration as PromQL writes it: whole numbers, from years down to milliseconds, each unit once."""
    if text == "0":
        return 0
    if not text:
        raise ValueError("empty duration string")
    if not _PROMETHEUS_FORM.fullmatch(text):
        unit = re.match(r"\d+([a-zA-Z]+)", text)
        if unit and unit[1] not in _PROMETHEUS:
            raise ValueError(f'unknown unit "{unit[1]}" in duration "{text}"')
        raise ValueError(f'not a valid duration string: "{text}"')
    total = sum(int(count) * _PROMETHEUS[unit] for count, unit in re.findall(r"(\d+)([a-z]+)", text))
    if total > _LONGEST:
        raise ValueError("duration out of range")
    return total


def duration(text: str) -> Nanos:
    """A duration in a query: Prometheus' notation, or else Go's."""
    try:
        return prometheus_duration(text)
    except ValueError:
        return go_duration(text)


def size(text: str) -> int:
    """Bytes: ``1KB`` is 1000, ``1KiB`` is 1024; case does not matter."""
    split = _SIZE.fullmatch(text)
    assert split is not None  # the expression matches any text
    unit = split[2].strip().lower()
    value = number(split[1].replace(",", ""))
    if unit not in _SIZES:
        raise ValueError(f"unhandled size name: {unit}")
    return int(Decimal(split[1].replace(",", "")) * _SIZES[unit] if value else 0)


def written_duration(value: Nanos) -> str:
    """A duration so that :func:`duration` reads it back."""
    sign, value = ("-", -value) if value < 0 else ("", value)
    parts = []
    for unit in ("h", "m", "s", "ms", "us", "ns"):
        count, value = divmod(value, _GO[unit])
        if count:
            parts.append(f"{count}{unit}")
    return sign + "".join(parts or ["0s"])


def written_range(value: Nanos) -> str:
    """A duration so that :func:`prometheus_duration` reads it back; what is below a millisecond is left out."""
    text = ""
    for unit in ("h", "m", "s", "ms"):
        count, value = divmod(value, _PROMETHEUS[unit])
        text += f"{count}{unit}" if count else ""
    return text or "0s"
