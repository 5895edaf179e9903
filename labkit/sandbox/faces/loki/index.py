"""What Loki's HTTP API tells of streams without a query: their labels, how much they hold, what is in their lines."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from labkit.logql import Work, parse_selector
from labkit.logql.parsers import as_text, pairs, read_json, sanitized
from labkit.logql.units import go_duration, size
from labkit.logql.work import weight
from labkit.sandbox.faces.loki.parameters import ParameterError, Parameters
from labkit.signals.labels import Labels
from labkit.signals.matcher import Matcher
from labkit.signals.source import StreamSource
from labkit.signals.streams import Stream

_FIELDS = 1_000
_DEFAULT_VOLUME = 100
_KINDS: tuple[tuple[str, Callable[[str], Any]], ...] = (
    ("int", lambda text: re.fullmatch(r"[+-]?\d+", text)),
    ("float", lambda text: re.fullmatch(r"[+-]?\d+\.\d+", text)),
    ("boolean", lambda text: text in ("true", "false")),
    ("duration", go_duration),
    ("bytes", size),
)


def labels(source: StreamSource, parameters: Parameters) -> list[str]:
    """The names of all labels."""
    return sorted({name for one in _found(source, parameters) for name, _ in one})


def values(source: StreamSource, parameters: Parameters, name: str) -> list[str]:
    """The values of a label."""
    return sorted({one.get(name) for one in _found(source, parameters)} - {""})


def series(source: StreamSource, parameters: Parameters) -> list[dict[str, str]]:
    """The labels of the streams that one of ``match[]`` selects; of all streams, if there is none."""
    start, end = parameters.ordered_bounds()
    selectors = [*parameters.all("match[]"), *parameters.all("match")]
    chosen = [parse_selector(text) for text in selectors] or [()]
    found = {one for matchers in chosen for one in source.streams(matchers, start, end)}
    return [dict(one) for one in sorted(found)]


def stats(source: StreamSource, parameters: Parameters, work: Work) -> dict[str, int]:
    """Streams, lines and bytes that a selector comes to; a stream is one chunk here."""
    found = _selected(source, parameters, work)
    return {
        "streams": len(found), "chunks": len(found), "entries": sum(len(stream.lines) for stream in found),
        "bytes": sum(map(_size, found)),
    }  # fmt: skip


def volume(source: StreamSource, parameters: Parameters, work: Work) -> list[tuple[Labels, int]]:
    """Bytes by the labels that the selector (or ``targetLabels``) names, the most first."""
    targets = _targets(parameters)
    by = parameters.get("aggregateBy") or "series"
    if by not in ("series", "labels"):
        raise ParameterError("invalid aggregation option")
    sizes: dict[Labels, int] = {}
    for stream in _selected(source, parameters, work):
        named = stream.labels.only(targets) if targets else stream.labels
        groups = [named] if by == "series" else [Labels([(name, name)]) for name, _ in named]
        for group in groups:
            sizes[group] = sizes.get(group, 0) + _size(stream)
    ordered = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
    return ordered[: parameters.limit(default=_DEFAULT_VOLUME)]


def detected_labels(source: StreamSource, parameters: Parameters) -> list[dict[str, Any]]:
    """The labels and how many values each has."""
    found = _found(source, parameters)
    names = sorted({name for one in found for name, _ in one})
    return [{"label": name, "cardinality": len({one.get(name) for one in found} - {""})} for name in names]


def detected_fields(source: StreamSource, parameters: Parameters, work: Work) -> dict[str, Any]:
    """What the newest lines hold that a parser would find: name, type, number of values and parser."""
    limit = parameters.limit(default=_FIELDS)
    seen: dict[tuple[str, str], set[str]] = {}
    lines = parameters.limit("line_limit")
    for stream in _selected(source, parameters, work):
        for line in list(stream.lines)[-lines:]:
            parser, fields = _parsed(line)
            for name, text in fields:
                seen.setdefault((name, parser), set()).add(text)
    described = [
        {"label": name, "type": _kind(texts), "cardinality": len(texts), "parsers": [parser]}
        for (name, parser), texts in sorted(seen.items())
    ]
    return {"fields": described[:limit], "limit": limit}


def _parsed(line: str) -> tuple[str, list[tuple[str, str]]]:
    """Which parser reads a line, and what it finds."""
    if line.startswith("{"):
        try:
            return "json", [(sanitized(key), as_text(inner)) for key, inner in read_json(line).items() if key]
        except ValueError:
            return "json", []
    return "logfmt", [(sanitized(key), value) for key, value, _ in pairs(line) if value]


def _kind(texts: Iterable[str]) -> str:
    text = next(iter(sorted(texts)))
    for kind, test in _KINDS:
        try:
            found = test(text)
        except ValueError:  # it is of another kind
            continue
        if found is not None and found is not False:
            return kind
    return "string"


def _matchers(parameters: Parameters) -> tuple[Matcher, ...]:
    query = parameters.get("query")
    return parse_selector(query) if query and query != "{}" else ()


def _found(source: StreamSource, parameters: Parameters) -> list[Labels]:
    start, end = parameters.ordered_bounds()
    return source.streams(_matchers(parameters), start, end)


def _selected(source: StreamSource, parameters: Parameters, work: Work) -> list[Stream]:
    start, end = parameters.ordered_bounds()
    found = source.select(_matchers(parameters), start, end)
    for stream in found:
        work.read(len(stream.lines), 0)
    return found


def _targets(parameters: Parameters) -> tuple[str, ...]:
    named: tuple[str, ...] = tuple(filter(None, parameters.get("targetLabels").split(",")))
    return named or tuple(matcher.name for matcher in _matchers(parameters))


def _size(stream: Stream) -> int:
    return sum(map(weight, stream.lines))
