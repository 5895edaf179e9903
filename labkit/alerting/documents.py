"""YAML documents that know their lines, so that an error can name one.

As Go's YAML decoder reads into fields of known type, a scalar is its text whatever it looks like (a
label ``severity: 1`` has the value ``"1"``), and a value left out is as if its key were not there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
import yaml

from labkit.durations import Duration, duration
from labkit.errors import LabkitError

Path = tuple[str | int, ...]
_T = TypeVar("_T")
_AT = re.compile(r" - at `(?:key in )?\$(?P<path>.*)`$")
_STEP = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>\d+)\]|\[\.\.\.\]")
_UNKNOWN = re.compile(r"unknown field `(?P<name>.*)`")
_DEEPEST = 50
"""Levels a document may have: nothing that is read here has ten."""
_LARGEST = 200_000
"""Nodes a document may have once its aliases are followed: an alias of aliases grows without end."""


class Malformed(Exception):
    """What is wrong with a document, and at which line (from 1) and path."""

    def __init__(self, what: str, line: int, path: Path = ()) -> None:
        super().__init__(what)
        self.what = what
        self.line = line
        self.path = path


@dataclass
class Document:
    """A document's data (mappings, lists and texts), and the line of everything in it by its path."""

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    twice: list[Malformed] = field(default_factory=list)
    """Keys that are given twice: told when all is read, so that the place can be named."""

    def line(self, path: Path) -> int:
        """The line of what is at ``path``, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def convert(self, type_: type[_T]) -> _T:
        """The document as a ``type_``; raises :class:`Malformed` at what does not fit."""
        if self.twice:
            raise self.twice[0]
        try:
            return msgspec.convert(self.data, type_, strict=False, dec_hook=_hook)
        except msgspec.ValidationError as error:
            raise self._located(str(error)) from error

    def _located(self, text: str) -> Malformed:
        found = _AT.search(text)
        path = tuple(_steps(found["path"])) if found else ()
        what = text[: found.start()] if found else text
        if unknown := _UNKNOWN.search(what):
            path = (*path, unknown["name"])
            what = f"field {unknown['name']} not found"
        return Malformed(what, self.line(path), path)


def read(text: str) -> Document:
    """Parse one YAML document; raises :class:`Malformed`."""
    document = Document()
    try:
        node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Malformed(f"yaml: {error.problem or error.context}", mark.line + 1 if mark else 1) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Malformed(f"yaml: {error}", 1) from error
    if node is not None:
        document.data = _Reader(document).value(node, ())
    return document


def _steps(path: str) -> Iterator[str | int]:
    for step in _STEP.finditer(path):
        if step["name"] is not None:
            yield step["name"]
        elif step["index"] is not None:
            yield int(step["index"])
        else:
            return


def _hook(type_: type, value: Any) -> Any:
    """Types of our own: durations, by their text."""
    if type_ is Duration:
        return duration(str(value))
    raise NotImplementedError(f"no value of type {type_.__name__} is read from a document")


@dataclass
class _Reader:
    """From nodes to data, noting lines."""

    document: Document
    count: int = 0

    def value(self, node: yaml.Node, path: Path) -> Any:
        """The data of ``node``."""
        line = node.start_mark.line + 1
        self.document.lines.setdefault(path, line)
        self.count += 1
        if len(path) > _DEEPEST or self.count > _LARGEST:
            raise Malformed("yaml: document contains excessive aliasing", line, path)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(one, (*path, place)) for place, one in enumerate(node.value)]
        return None if node.tag == "tag:yaml.org,2002:null" else node.value

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag == "tag:yaml.org,2002:merge":
                sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
                for source in sources:
                    found = self.value(source, path)
                    merged = (found if isinstance(found, dict) else {}) | merged
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise Malformed("yaml: a key is a text", line, path)
            if key.value in own:
                what = f'yaml: mapping key "{key.value}" already defined'
                self.document.twice.append(Malformed(what, line, (*path, key.value)))
            self.document.lines[*path, key.value] = line
            own[key.value] = self.value(value, (*path, key.value))
        return {key: value for key, value in (merged | own).items() if value is not None}


def located(error: Malformed, kind: type[LabkitError], file: str, inside: str = "", remedy: str = "") -> LabkitError:
    """The error of a file: ``where`` is file, line and what is ``inside``."""
    where = f"{file}:{error.line}" + (f", {inside}" if inside else "")
    return kind(error.what, where=where, remedy=remedy or "correct the file at that line")
