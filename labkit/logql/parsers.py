"""Parsers of whole lines: ``json``, ``logfmt``, ``regexp``, ``pattern`` and ``unpack``.

Rules: https://grafana.com/docs/loki/latest/query/log_queries/#parser-expression. What a parser finds becomes
labels; a line that it cannot read stays, with ``__error__``.
"""

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from labkit.logql import syntax
from labkit.logql.patterns import Pattern
from labkit.logql.record import Record
from labkit.promql.numbers import formatted
from labkit.signals.regex import compiled

Step = Callable[[Record], bool]

JSON_FAILED = "JSONParserErr"
LOGFMT_FAILED = "LogfmtParserErr"
_DEEP = "Value is nested too deeply"
_STRANGE = re.compile(r"[^a-zA-Z0-9_]")
_PAIR = re.compile(r'\s*(?:([^\s="]+)(?:(=)(?:"((?:[^"\\]|\\.)*)"(?=\s|$)|([^\s"]*)(?=\s|$)))?(?=\s|$)|(\S+))')
_ESCAPED = re.compile(r"\\(.)")
_NAMED = {"n": "\n", "r": "\r", "t": "\t"}


@functools.lru_cache(4096)
def sanitized(key: str) -> str:
    """A key as the name of a label."""
    key = key.strip()
    name = _STRANGE.sub("_", key)
    return f"_{name}" if name[:1].isdigit() else name


def read_json(line: str) -> Any:
    """The JSON value of a line; :class:`ValueError` in the words of Loki's parser if it is no object."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):  # of any other type it is as wrong as if it were no JSON
        started = line.lstrip().startswith("{")
        raise ValueError(  # noqa: TRY004  (what is wrong is the text)
            "Value looks like object, but can't find closing '}' symbol" if started else "Malformed JSON error"
        )
    return value


def as_text(value: Any) -> str:
    """A JSON value as a label's: a string as it is, all else as JSON; :class:`ValueError` if that is too deep."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return formatted(value) if isinstance(value, float) else str(value)
    try:
        return "" if value is None else orjson.dumps(value).decode()
    except orjson.JSONEncodeError as error:
        raise ValueError(_DEEP) from error


def json_parser(record: Record) -> bool:
    """Every field a label; of an object in an object ``outer_inner``. Lists and nulls are left out."""
    found: dict[str, str] = {}
    try:
        _leaves(read_json(record.line), "", found)
    except (ValueError, RecursionError) as error:
        record.fail(JSON_FAILED, str(error) if isinstance(error, ValueError) else _DEEP)
        return True
    record.extract_all(found)
    return True


def _leaves(value: dict[str, Any], prefix: str, found: dict[str, str]) -> None:
    """Add what is in an object to ``found``, by the names that labels have."""
    for key, inner in value.items():
        name = f"{prefix}_{_STRANGE.sub('_', key.strip())}" if prefix else sanitized(key)
        if isinstance(inner, str) and name:
            found[name] = inner
        elif isinstance(inner, dict):
            _leaves(inner, name, found)
        elif name and inner is not None and not isinstance(inner, list):
            found[name] = as_text(inner)


def unpack(record: Record) -> bool:
    """What Promtail's ``pack`` stage made: labels, and the line under ``_entry``."""
    try:
        value = read_json(record.line)
    except ValueError as error:
        told = str(error) if record.line.startswith("{") else "expecting json object(6), but it is not"
        record.fail(JSON_FAILED, told)
        return True
    entry = value.get("_entry")
    if isinstance(entry, str):
        for key, text in value.items():
            if key != "_entry" and isinstance(text, str):
                record.extract(sanitized(key), text)
        record.line = entry
    return True


def pairs(line: str) -> Iterator[tuple[str, str | None, int]]:
    """Keys, values and places of a logfmt line; of what is no pair the value is ``None``."""
    place = 0
    line = line.rstrip()
    while place < len(line):
        found = _PAIR.match(line, place)
        assert found is not None  # it matches whatever is not space
        key, _, quoted, bare, wrong = found.groups()
        if wrong is not None:
            yield wrong, None, found.start(5)
        elif quoted is not None:
            yield key, _ESCAPED.sub(lambda escape: _NAMED.get(escape[1], escape[1]), quoted), found.start(1)
        else:
            yield key, bare or "", found.start(1)
        place = found.end()


def misread(wrong: str, place: int) -> str:
    """What go-logfmt says of what is no pair."""
    at = next((at for at, letter in enumerate(wrong) if letter in '="'), 0)
    return f"logfmt syntax error at pos {place + at + 1} : unexpected '{wrong[at]}'"


def logfmt_parser(stage: syntax.Logfmt) -> Step:
    """Every key a label. ``--strict`` notes what is no pair, ``--keep-empty`` takes keys without a value."""

    def parse(record: Record) -> bool:
        for key, value, place in pairs(record.line):
            if value is None:
                if stage.strict:
                    record.fail(LOGFMT_FAILED, misread(key, place))
                    break
            elif value or stage.keep_empty:
                record.extract(sanitized(key), value)
        return True

    return parse


def regexp_parser(expression: str) -> Step:
    """Every named group a label; :class:`ValueError` if there is none."""
    pattern = compiled(expression, dot_all=False)
    names = sorted(pattern.groupindex)
    if not names:
        raise ValueError("at least one named capture must be supplied")

    def parse(record: Record) -> bool:
        found = pattern.search(record.line)
        if found is not None:
            for name in names:
                record.extract(name, found[name] or "")
        return True

    return parse


def pattern_parser(expression: str) -> Step:
    """Every named capture a label."""
    pattern = Pattern.of_parser(expression)

    def parse(record: Record) -> bool:
        for name, value in pattern.captures(record.line).items():
            record.extract(name, value)
        return True

    return parse
