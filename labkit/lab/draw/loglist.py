"""Log lines as a list to read: time, level, where it comes from, and what it says."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labkit.lab.draw import svg
from labkit.lab.draw.names import short_names
from labkit.lab.draw.palette import LEVELS
from labkit.lab.draw.svg import Markup, div, span

LONGEST = 2_000
"""Characters of a line that are drawn."""

_MESSAGE = ("message", "msg", "event")
_LEVEL = ("level", "severity", "lvl", "detected_level", "log.level")
_TIME = ("time", "timestamp", "ts", "@timestamp")
_WORD = re.compile(r"\b(FATAL|CRITICAL|ERROR|WARNING|WARN|NOTICE|INFO|DEBUG|TRACE)\b|\b(?:level|lvl|severity)=\"?(\w+)")
"""A level in a plain line: a word in capitals, or the field of logfmt."""
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Entry:
    """One line of a stream. ``time`` is written out already; text and labels are whatever a program wrote."""

    time: str
    labels: Mapping[str, str]
    line: str


def loglist(entries: Sequence[Entry], height: str = "36em") -> Markup:
    """The entries in their order; a stream is named by the labels in which the streams differ."""
    keys = _streams(entries)
    distinct = list(dict.fromkeys(keys))
    names = short_names([dict(key) for key in distinct]) if len(distinct) > 1 else [""] * len(distinct)
    named = dict(zip(distinct, names, strict=True))
    rows = [_row(entry, named[key]) for entry, key in zip(entries, keys, strict=True)]
    edge = "1px solid rgba(128,128,128,.3)"
    return div(
        f"font:12px/1.55 {svg.MONOSPACE};max-height:{height};overflow:auto;border-top:{edge};border-bottom:{edge}",
        *rows,
    )


def level_of(line: str, labels: Mapping[str, str]) -> str:
    """The level of a line in lower case, from its labels, its own fields or its first words; empty if it has none."""
    fields = _fields(line) or {}
    for source in (labels, fields):
        for name in _LEVEL:
            if str(source.get(name, "")).lower() in LEVELS:
                return str(source[name]).lower()
    found = None if fields else _WORD.search(line[:200])
    word = (found[1] or found[2]).lower() if found else ""
    return word if word in LEVELS else ""


def _streams(entries: Sequence[Entry]) -> list[tuple[tuple[str, str], ...]]:
    """The labels of each entry that tell its stream: not the level, and not what a parser took from the lines themselves."""
    names = {name for entry in entries for name in entry.labels}
    told = {name for name in names if all(_there(entry, name) for entry in entries if name in entry.labels)}
    kept = sorted(names - told - {*_LEVEL})
    return [tuple((name, entry.labels[name]) for name in kept if name in entry.labels) for entry in entries]


def _there(entry: Entry, name: str) -> bool:
    return entry.labels[name] in entry.line


def _row(entry: Entry, stream: str) -> Markup:
    plain = _ANSI.sub("", entry.line)
    level = level_of(plain, entry.labels)
    colour = LEVELS.get(level, "rgba(128,128,128,.4)")
    return div(
        f"display:flex;gap:10px;border-left:4px solid {colour};padding:1px 6px;border-bottom:1px solid rgba(128,128,128,.12)",
        span(f"flex:none;white-space:nowrap;{svg.MUTED}", svg.text(entry.time)),
        span("flex:none;min-width:3.2em;white-space:nowrap;font-weight:600", svg.text(level[:5])),
        *(
            [
                span(
                    f"flex:none;white-space:nowrap;max-width:24em;overflow:hidden;text-overflow:ellipsis;{svg.MUTED}",
                    svg.text(stream),
                    title=stream,
                )
            ]
            if stream
            else []
        ),
        span("white-space:pre-wrap;overflow-wrap:anywhere;min-width:0", *_said(plain)),
    )


def _said(line: str) -> list[Markup]:
    """The line; of a JSON object its message first and then its other fields, quieter."""
    fields = _fields(line)
    if not fields:
        return [svg.text(_cut(line))]
    message = next((str(fields[name]) for name in _MESSAGE if name in fields), "")
    rest = {name: value for name, value in fields.items() if name not in (*_MESSAGE, *_LEVEL, *_TIME)}
    others = "  ".join(f"{name}={_value(value)}" for name, value in rest.items())
    return [svg.text(_cut(message)), *([span(svg.MUTED, svg.text(f"  {_cut(others)}"))] if others else [])]


def _fields(line: str) -> dict[str, Any] | None:
    if not line.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _value(value: Any) -> str:
    return value if isinstance(value, str) and value and " " not in value else json.dumps(value, ensure_ascii=False)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… {len(text) - LONGEST:,} characters more"
