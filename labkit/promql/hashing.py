"""The hash Prometheus gives a series, so that ``limit_ratio`` keeps the very series that it keeps there.

xxHash64 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md) of the labels, each text
after its length in one byte, or in four from 255 on (upstream ``labels_stringlabels.go``).
"""

from labkit.signals.labels import Labels

_MASK = (1 << 64) - 1
_P1, _P2, _P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_P4, _P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5


def share(labels: Labels) -> float:
    """Where a series lies between 0 and 1."""
    return float(xxh64(b"".join(_sized(text) for pair in labels for text in pair))) / float(_MASK)


def _sized(text: str) -> bytes:
    data = text.encode()
    size = len(data)
    return (bytes([size]) if size < 255 else b"\xff" + size.to_bytes(3, "little")) + data


def xxh64(data: bytes) -> int:
    """xxHash64 with the seed 0."""
    words = len(data) // 32 * 4
    if words:
        lanes = [(_P1 + _P2) & _MASK, _P2, 0, -_P1 & _MASK]
        for place in range(words):
            lanes[place % 4] = _round(lanes[place % 4], _word(data, place * 8, 8))
        value = sum(_turned(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & _MASK
        for lane in lanes:
            value = ((value ^ _round(0, lane)) * _P1 + _P4) & _MASK
    else:
        value = _P5
    return _avalanched(_rest(data, words * 8, (value + len(data)) & _MASK))


def _rest(data: bytes, place: int, value: int) -> int:
    """What is left of fewer than 32 bytes: words of eight bytes, then one of four, then bytes."""
    while place + 8 <= len(data):
        value = (_turned(value ^ _round(0, _word(data, place, 8)), 27) * _P1 + _P4) & _MASK
        place += 8
    if place + 4 <= len(data):
        value = (_turned(value ^ (_word(data, place, 4) * _P1) & _MASK, 23) * _P2 + _P3) & _MASK
        place += 4
    for byte in data[place:]:
        value = (_turned(value ^ (byte * _P5) & _MASK, 11) * _P1) & _MASK
    return value


def _avalanched(value: int) -> int:
    value = ((value ^ value >> 33) * _P2) & _MASK
    value = ((value ^ value >> 29) * _P3) & _MASK
    return value ^ value >> 32


def _round(lane: int, word: int) -> int:
    return (_turned((lane + word * _P2) & _MASK, 31) * _P1) & _MASK


def _word(data: bytes, place: int, size: int) -> int:
    return int.from_bytes(data[place : place + size], "little")


def _turned(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & _MASK
