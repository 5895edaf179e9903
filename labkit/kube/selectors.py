"""Label and field selectors: ``app=web,tier!=db``, ``env in (a,b)``, ``!canary``, ``status.phase=Running``.

Grammar and errors follow k8s.io/apimachinery ``pkg/labels`` and ``pkg/fields``; which fields can be
selected by follows the conversion functions of each API group.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from labkit.kube import status
from labkit.kube.kinds import Kind
from labkit.kube.store import Object

Test = Callable[[Object], bool]
Labels = dict[str, str]

EVERY_KIND = ("metadata.name", "metadata.namespace")
SELECTABLE: dict[str, tuple[str, ...]] = {
    "pods": (
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
        "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
        "reportingComponent", "source", "type",
    ),
    "nodes": ("spec.unschedulable",),
    "namespaces": ("status.phase",),
    "secrets": ("type",),
    "services": ("spec.clusterIP", "spec.type"),
    "replicasets": ("status.replicas",),
}  # fmt: skip
"""Fields by which objects can be selected beside :data:`EVERY_KIND`, by plural."""

_TOKEN = re.compile(r"\s*(?P<token>==|!=|[=!(),<>]|[^\s=!(),<>]+)")
_OPERATORS = ("in", "notin", "=", "==", "!=", ">", "<")
_EXPECTED = "in, notin, =, ==, !=, gt, lt"
_KEY = re.compile(r"^(?:[a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$")
_VALUE = re.compile(r"^(?:[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")


def labels(selector: str) -> Test:
    """A test of objects by their labels; an empty selector accepts all. 400 on bad syntax."""
    tests = list(_Parser(selector).requirements())
    return lambda obj: all(test(obj["metadata"].get("labels") or {}) for test in tests)


def fields(selector: str, kind: Kind | None = None) -> Test:
    """A test of objects by field with ``=``, ``==`` and ``!=``. 400 on bad syntax.

    With a ``kind`` only the fields by which it can be selected are known: 400 on any other.
    """
    tests = [_field(part, kind) for part in re.split(r"(?<!\\),", selector) if part]
    return lambda obj: all(test(obj) for test in tests)


def only_name(selector: str) -> str:
    """The name to which a field selector narrows a request, or ''."""
    found = re.search(r"(?:^|,)metadata\.name==?([^,!=]+)(?:,|$)", selector)
    return found[1] if found else ""


class _Parser:
    """One pass over the tokens of a label selector."""

    def __init__(self, selector: str) -> None:
        self._tokens = [match["token"] for match in _TOKEN.finditer(selector.rstrip())]

    def requirements(self) -> Iterator[Callable[[Labels], bool]]:
        """Every requirement, in order."""
        while self._tokens:
            yield self._requirement()
            if self._tokens and self._take() != ",":
                raise self._found("',' or 'end of string'")
            elif not self._tokens and self._last == ",":
                raise _unparsable("found '', expected: identifier after ','")

    def _requirement(self) -> Callable[[Labels], bool]:
        if self._peek() == "!":
            self._take()
            key = self._key()
            return lambda found: key not in found
        key = self._key()
        if self._peek() in ("", ","):
            return lambda found: key in found
        operator = self._take()
        if operator not in _OPERATORS:
            raise self._found(_EXPECTED)
        if operator in ("in", "notin"):
            values, inside = self._values(), operator == "in"
            # ``notin`` accepts what lacks the key, as upstream does.
            return lambda found: (found.get(key) in values) == inside
        return _compared(key, operator, self._value())

    def _key(self) -> str:
        key = self._take()
        if key in _OPERATORS[2:] or key in ("", "!", "(", ")", ","):
            raise self._found("!, identifier, or 'end of string'")
        if not _KEY.match(key):
            raise _unparsable(
                f'<nil>: Invalid value: "{key}": name part must consist of alphanumeric characters, '
                "'-', '_' or '.', and must start and end with an alphanumeric character"
            )
        return key

    def _values(self) -> frozenset[str]:
        if self._take() != "(":
            raise self._found("'('")
        values = []
        while self._peek() != ")":
            values.append("" if self._peek() == "," else self._value())
            if self._peek() not in (",", ")"):
                self._take()
                raise self._found("',' or ')'")
            if self._peek() == ",":
                self._take()
        self._take()
        return frozenset(values or [""])

    def _value(self) -> str:
        if self._peek() in ("", ","):
            return ""
        value = self._take()
        if value in ("(", ")", "!", "=", "==", "!=", ">", "<"):
            raise self._found("identifier")
        if not _VALUE.match(value):
            raise _unparsable(
                f'values[0][]: Invalid value: "{value}": a valid label must be an empty string or consist of '
                "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
            )
        return value

    def _peek(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def _take(self) -> str:
        self._last = self._tokens.pop(0) if self._tokens else ""
        return self._last

    def _found(self, expected: str) -> status.StatusError:
        return _unparsable(f"found '{self._last}', expected: {expected}")


def _compared(key: str, operator: str, value: str) -> Callable[[Labels], bool]:
    if operator in (">", "<"):
        if not re.fullmatch(r"[+-]?[0-9]+", value):
            rule = "for 'Gt', 'Lt' operators, the value must be an integer"
            raise _unparsable(f'values[0][{key}]: Invalid value: "{value}": {rule}')
        sign, bound = (1 if operator == ">" else -1), int(value)
        return lambda found: _integer(found.get(key)) is not None and sign * (int(found[key]) - bound) > 0
    same = operator != "!="
    return lambda found: (found.get(key) == value) == same


def _integer(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"[+-]?[0-9]+", text) else None


def _unparsable(what: str) -> status.StatusError:
    return status.bad_request(f"unable to parse requirement: {what}")


def _field(part: str, kind: Kind | None) -> Test:
    match = re.match(r"^(?P<path>[^=!]+?)(?P<operator>==|=|!=)(?P<value>.*)$", part)
    if not match:
        raise status.bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
    name, value, same = match["path"].strip(), re.sub(r"\\(.)", r"\1", match["value"]), match["operator"] != "!="
    if kind is not None:
        _selectable(name, kind)
    path = (
        ["source", "component"] if kind is not None and (kind.plural, name) == ("events", "source") else name.split(".")
    )
    return lambda obj: (_at(obj, path) == value) == same


def _selectable(name: str, kind: Kind) -> None:
    own = SELECTABLE.get(kind.plural)
    if name in EVERY_KIND or name in (own or ()):
        return
    if own is None:
        raise status.bad_request(f'"{name}" is not a known field selector: only "metadata.name", "metadata.namespace"')
    raise status.bad_request(f"field label not supported: {name}")


def _at(obj: Object, path: list[str]) -> str:
    """The field as a string; what is not there is empty, or false where it is a switch, as in a Go struct."""
    found: Any = obj
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    if path[-1] in ("unschedulable", "hostNetwork"):
        return "true" if found else "false"
    if path[-1] == "podIPs":
        return ",".join(entry["ip"] for entry in found or ())
    return "" if found is None else str(found)
