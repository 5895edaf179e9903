"""Parsers that take only what expressions name: ``json status="response.code", first="items[0]"``."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from labkit.logql import syntax
from labkit.logql.parsers import JSON_FAILED, LOGFMT_FAILED, as_text, misread, pairs, read_json
from labkit.logql.record import Record

Step = Callable[[Record], bool]
_ELEMENT = re.compile(r'(?:^|\.)([a-zA-Z_]\w*)|\[(?:(\d+)|"((?:[^"\\]|\\.)*)")\]')


def path(expression: str) -> list[str | int]:
    """The keys and places that an expression goes through; :class:`ValueError` if it is none."""
    found: list[str | int] = []
    place = 0
    while place < len(expression):
        element = _ELEMENT.match(expression, place)
        if element is None or (not found and element[2] is not None):
            raise ValueError(f"cannot parse expression [{expression}]: syntax error at position {place + 1}")
        name, number, quoted = element.groups()
        found.append(int(number) if number is not None else name if name is not None else quoted.replace('\\"', '"'))
        place = element.end()
    if not found:
        raise ValueError(f"cannot parse expression [{expression}]: syntax error: unexpected $end")
    return found


def json_fields(fields: Sequence[tuple[str, str]]) -> Step:
    """A label for each expression; empty where the line has no such field."""
    paths = [(label, path(expression)) for label, expression in fields]

    def parse(record: Record) -> bool:
        if not record.line:
            return True
        try:
            value = read_json(record.line)
            for label, way in paths:
                record.extract(label, as_text(_at(value, way)))
        except ValueError as error:
            record.fail(JSON_FAILED, str(error))
        return True

    return parse


def _at(value: Any, way: Sequence[str | int]) -> Any:
    for step in way:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and step < len(value) else None
    return value


def logfmt_fields(stage: syntax.Logfmt) -> Step:
    """A label for each key that an expression names."""
    labels: dict[str, list[str]] = {}
    for label, expression in stage.fields:
        way = path(expression)
        if len(way) != 1 or not isinstance(way[0], str):
            raise ValueError(f"cannot parse expression [{expression}]: a key is wanted")
        labels.setdefault(way[0], []).append(label)

    def parse(record: Record) -> bool:
        found = dict.fromkeys((label for label, _ in stage.fields), "")
        for key, value, place in pairs(record.line):
            if value is None:
                if stage.strict:
                    record.fail(LOGFMT_FAILED, misread(key, place))
                    return True
                continue
            found.update(dict.fromkeys(labels.get(key, ()), value))
        for label, value in found.items():
            if value or stage.keep_empty:
                record.extract(label, value)
        return True

    return parse
