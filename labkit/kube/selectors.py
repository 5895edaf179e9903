"""Label and field selectors: ``app=web,tier!=db``, ``env in (a,b)``, ``!canary``, ``status.phase=Running``.

Grammar and errors follow k8s.io/apimachinery ``pkg/labels`` and ``pkg/fields``.
"""

import re
from collections.abc import Callable
from typing import Any

from labkit.kube import status
from labkit.kube.store import Object

Test = Callable[[Object], bool]

_SET = re.compile(r"^(?P<key>[^\s!=(),]+)\s+(?P<operator>in|notin)\s+\((?P<values>[^()]*)\)$")
_EQUAL = re.compile(r"^(?P<key>[^\s!=(),]+)\s*(?P<operator>==|=|!=)\s*(?P<value>[^\s!=(),]*)$")
_EXISTS = re.compile(r"^(?P<not>!?)\s*(?P<key>[^\s!=(),]+)$")
_SPLIT = re.compile(r",(?![^()]*\))")


def labels(selector: str) -> Test:
    """A test of objects by their labels; an empty selector accepts all. 400 on bad syntax."""
    tests = [_label(part.strip()) for part in _SPLIT.split(selector)] if selector.strip() else []
    return lambda obj: all(test(obj["metadata"].get("labels") or {}) for test in tests)


def fields(selector: str) -> Test:
    """A test of objects by dotted field paths with ``=``, ``==`` and ``!=``. 400 on bad syntax."""
    tests = [_field(part.strip()) for part in selector.split(",") if part.strip()]
    return lambda obj: all(test(obj) for test in tests)


def _label(part: str) -> Callable[[dict[str, str]], bool]:
    if match := _SET.match(part):
        values = {value.strip() for value in match["values"].split(",")}
        key, inside = match["key"], match["operator"] == "in"
        # ``notin`` accepts what lacks the key, as upstream does
        return lambda found: (found.get(key) in values) if inside else (found.get(key) not in values)
    if match := _EQUAL.match(part):
        key, value, same = match["key"], match["value"], match["operator"] != "!="
        return lambda found: (found.get(key) == value) == same
    if match := _EXISTS.match(part):
        key, wanted = match["key"], not match["not"]
        return lambda found: (key in found) == wanted
    raise status.bad_request(
        f"unable to parse requirement: found '{part}', expected: identifier, '!', in, notin, =, ==, !="
    )


def _field(part: str) -> Test:
    match = re.match(r"^(?P<path>[^=!]+?)(?P<operator>==|=|!=)(?P<value>.*)$", part)
    if not match:
        raise status.bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
    path, value, same = match["path"].split("."), match["value"].replace("\\", ""), match["operator"] != "!="
    return lambda obj: (_at(obj, path) == value) == same


def _at(obj: Object, path: list[str]) -> str:
    """The field as a string; what is not there is empty, as in a Go struct."""
    found: Any = obj
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return "" if found is None else str(found)
