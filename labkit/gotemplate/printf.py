"""Go's fmt verbs (https://pkg.go.dev/fmt), for the kinds of values that templates have."""

import json
import re
from collections.abc import Mapping, Sequence
from math import isinf, isnan
from typing import Any

from labkit.gotemplate.bounds import bounded

_VERB = re.compile(r"%(?P<flags>[-+# 0]*)(?P<width>\d+|\*)?(?:\.(?P<precision>\d+|\*)?)?(?P<verb>.)?", re.DOTALL)
_WIDEST = 1_000_000
_LARGE = 6
"""The exponent from which %v writes a float with one."""


def printf(template: str, *arguments: Any) -> str:
    """``fmt.Sprintf``: what is wrong with a verb is said in the text, as Go says it."""
    left = list(arguments)
    parts: list[str] = []
    position = length = 0
    for found in _VERB.finditer(template):
        parts += [template[position : found.start()], _formatted(found, left)]
        length = bounded(length + len(parts[-1]))
        position = found.end()
    extra = ", ".join(f"{_type(one)}={value(one)}" for one in left)
    return "".join([*parts, template[position:]]) + (f"%!(EXTRA {extra})" if left else "")


def value(one: Any) -> str:
    """``%v``."""
    if one is None:
        return "<no value>"
    if isinstance(one, bool):
        return "true" if one else "false"
    if isinstance(one, float):
        return shortest(one, "g")
    if isinstance(one, Mapping):
        return "map[" + " ".join(f"{key}:{value(one[key])}" for key in sorted(one)) + "]"
    if isinstance(one, Sequence) and not isinstance(one, str):
        return "[" + " ".join(value(element) for element in one) + "]"
    return str(one)


def shortest(number: float, verb: str) -> str:
    """The fewest digits that mean ``number``: ``e``, ``f``, or ``g`` with an exponent below -4 and from 6 on."""
    if isnan(number) or isinf(number):
        return "NaN" if isnan(number) else "+Inf" if number > 0 else "-Inf"
    mantissa, _, exponent = f"{number!r}".partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction.rstrip("0")).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction.rstrip("0")) - len(digits))
    digits = digits.rstrip("0") or "0"
    if digits == "0":
        point = 1
    if verb == "e" or (verb == "g" and not -4 <= point - 1 < _LARGE):
        rest = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{rest}e{point - 1:+03d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if len(digits) <= point:
        return sign + digits + "0" * (point - len(digits))
    return f"{sign}{digits[:point]}.{digits[point:]}"


def _formatted(found: re.Match[str], left: list[Any]) -> str:
    """One verb with its flags; takes what it prints from ``left``."""
    verb, flags = found["verb"], found["flags"]
    if verb is None:
        return "%!(NOVERB)"
    if verb == "%":
        return "%"
    width, flags = _size(found["width"], left, flags)
    dotted = "." in found[0].rpartition(verb)[0]
    precision, _ = _size(found["precision"] or ("0" if dotted else None), left, "")
    if not left:
        return f"%!{verb}(MISSING)"
    one = left.pop(0)
    text = _verb(verb, one, precision, flags)
    if text is None:
        return f"%!{verb}({_type(one)}={value(one)})"
    return _padded(text, width, flags, numeric=isinstance(one, int | float) and verb in "dfFeEgGxXobv")


def _size(text: str | None, left: list[Any], flags: str) -> tuple[int | None, str]:
    """A width or precision, perhaps from the arguments, where a negative one means ``-``."""
    if text != "*":
        return (None if text is None else min(int(text), _WIDEST)), flags
    number = left.pop(0) if left and isinstance(left[0], int) else 0
    return min(abs(number), _WIDEST), flags + ("-" if number < 0 else "")


def _padded(text: str, width: int | None, flags: str, *, numeric: bool) -> str:
    if width is None:
        return text
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and numeric and text[-1:].isalnum():
        sign = text[:1] if text[:1] in "+-" else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)


def _verb(verb: str, one: Any, precision: int | None, flags: str) -> str | None:
    """The text of a value, without padding; ``None`` if the verb is not for it."""
    if verb == "T":
        return _type(one)
    match one:
        case bool():
            return value(one) if verb in "tv" else None
        case int():
            return _integer("d" if verb == "v" else verb, one, flags)
        case float():
            return _float("g" if verb == "v" else verb, one, precision, flags)
        case str():
            return _string("s" if verb == "v" else verb, one, precision)
    return value(one) if verb in "sv" else None


def _integer(verb: str, one: int, flags: str) -> str | None:
    forms = {"d": "d", "x": "x", "X": "X", "o": "o", "b": "b"}
    if verb in forms:
        prefix = {"x": "0x", "X": "0X", "o": "0", "b": "0b"}.get(verb, "") if "#" in flags else ""
        digits = format(abs(one), forms[verb])
        return _signed(("-" if one < 0 else "") + prefix + digits, flags)
    if verb in ("c", "q", "U"):
        char = chr(one) if 0 <= one <= 0x10FFFF else "\ufffd"
        return {"c": char, "q": f"'{char}'", "U": f"U+{one:04X}"}[verb]
    return None


def _float(verb: str, one: float, precision: int | None, flags: str) -> str | None:
    if verb not in "eEfFgG":
        return None
    if isnan(one) or isinf(one):
        return _signed(shortest(one, "g"), flags)
    if verb in "gG" and precision is None:
        text = shortest(one, "g")
    elif verb in "gG":
        text = format(one, f".{precision or 1}g")
    else:
        text = format(one, f".{6 if precision is None else precision}{verb.lower()}")
    return _signed(text.upper() if verb in "EG" else text, flags)


def _string(verb: str, one: str, precision: int | None) -> str | None:
    cut = one if precision is None else one[:precision]
    if verb == "s":
        return cut
    if verb == "q":
        return json.dumps(cut, ensure_ascii=False)
    if verb in "xX":
        text = cut.encode().hex()
        return text.upper() if verb == "X" else text
    return None


def _signed(text: str, flags: str) -> str:
    if text.startswith(("-", "+")):
        return text
    return ("+" if "+" in flags else " " if " " in flags else "") + text


def _type(one: Any) -> str:
    if one is None:
        return "<nil>"
    if isinstance(one, Mapping):
        return "map[string]interface {}"
    if isinstance(one, Sequence) and not isinstance(one, str):
        return "[]interface {}"
    return {bool: "bool", int: "int", float: "float64", str: "string"}.get(type(one), type(one).__name__)
