"""Numbers and durations as Go's ``strconv`` and ``time`` read them, and what these say of what they cannot read."""

import re
from decimal import Decimal

_INTEGER = re.compile(r"[+-]?[0-9]+")
_HEX = re.compile(r"[0-9a-fA-F]+")
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"([0-9]*\.?[0-9]*)([^0-9.]*)")
_MOST = 2**63


class GoError(ValueError):
    """What Go's parser says."""


def quoted(text: str) -> str:
    """A text in the quotes of Go's ``%q``, near enough for messages."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def integer(text: str, bits: int = 64) -> int:
    """``strconv.ParseInt`` to the base ten."""
    if not _INTEGER.fullmatch(text):
        raise GoError(f"strconv.ParseInt: parsing {quoted(text)}: invalid syntax")
    # A text of thousands of digits is out of range, whatever it says.
    value = int(text) if len(text) < 40 else 2**bits
    if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise GoError(f"strconv.ParseInt: parsing {quoted(text)}: value out of range")
    return value


def hexadecimal(text: str) -> int:
    """``strconv.ParseUint`` to the base sixteen, of at most sixteen digits."""
    if not _HEX.fullmatch(text):
        raise GoError(f"strconv.ParseUint: parsing {quoted(text)}: invalid syntax")
    return int(text, 16)


def boolean(text: str) -> bool:
    """``strconv.ParseBool``."""
    if text in ("1", "t", "T", "TRUE", "true", "True"):
        return True
    if text in ("0", "f", "F", "FALSE", "false", "False"):
        return False
    raise GoError(f"strconv.ParseBool: parsing {quoted(text)}: invalid syntax")


def nanoseconds(text: str) -> int:
    """``time.ParseDuration``: signed numbers with units, as ``1h2.5m`` or ``-300ms``; ``0`` needs no unit."""
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    if not rest:
        raise GoError(f"time: invalid duration {quoted(text)}")
    total = 0
    while rest:
        part = _PART.match(rest)
        assert part  # it matches the empty text too
        number, unit = part.groups()
        if number in ("", "."):
            raise GoError(f"time: invalid duration {quoted(text)}")
        if not unit:
            raise GoError(f"time: missing unit in duration {quoted(text)}")
        if unit not in _UNITS:
            raise GoError(f"time: unknown unit {quoted(unit)} in duration {quoted(text)}")
        total += int(Decimal(number) * _UNITS[unit]) if len(number) < 40 else _MOST
        rest = rest[part.end() :]
    if total >= _MOST:
        raise GoError(f"time: invalid duration {quoted(text)}")
    return -total if text.startswith("-") else total
