"""The functions that every template has (https://pkg.go.dev/text/template#hdr-Functions)."""

import html
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus

from labkit.gotemplate.printf import printf, value
from labkit.gotemplate.values import equal, less, truth

Function = Callable[..., Any]


def _index(of: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(of, Mapping):
            of = of.get(key, "")
        elif not isinstance(of, Sequence) or isinstance(of, str) or not isinstance(key, int):
            raise TypeError("can't index item of this type")
        elif not 0 <= key < len(of):
            raise TypeError(f"index out of range: {key}")
        else:
            of = of[key]
    return of


def _slice(of: Any, *bounds: int) -> Any:
    if not isinstance(of, Sequence):
        raise TypeError("can't slice item of this type")
    start, end = (*bounds, len(of))[:2] if bounds else (0, len(of))
    if not 0 <= start <= end <= len(of):
        raise TypeError(f"index out of range: {start}:{end}")
    return of[start:end]


def _len(of: Any) -> int:
    if not isinstance(of, Mapping | Sequence):
        raise TypeError("len of this type")
    return len(of.encode()) if isinstance(of, str) else len(of)


def _print(*values: Any) -> str:
    """Spaces stand between two values of which neither is a string."""
    text = ""
    for place, one in enumerate(values):
        spaced = place and not isinstance(one, str) and not isinstance(values[place - 1], str)
        text += (" " if spaced else "") + value(one)
    return text


BUILTINS: dict[str, Function] = {
    "not": lambda one: not truth(one),
    "len": _len,
    "index": _index,
    "slice": _slice,
    "print": _print,
    "printf": printf,
    "println": lambda *values: " ".join(map(value, values)) + "\n",
    "eq": equal,
    "ne": lambda one, other: not equal(one, other),
    "lt": less,
    "le": lambda one, other: less(one, other) or equal(one, other),
    "gt": lambda one, other: less(other, one),
    "ge": lambda one, other: less(other, one) or equal(one, other),
    "html": lambda *values: html.escape(_print(*values)).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    "js": lambda *values: json.dumps(_print(*values))[1:-1],
    "urlquery": lambda *values: quote_plus(_print(*values)),
}

SHORT_CIRCUIT = ("and", "or")
"""Functions that look at an argument only if those before it have not decided."""
