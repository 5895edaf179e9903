r"""Metrics in the text forms of Prometheus: OpenMetrics, which ends with ``# EOF``, and the older one.

https://github.com/prometheus/OpenMetrics and
https://prometheus.io/docs/instrumenting/exposition_formats/. Timestamps are seconds in the first and
milliseconds in the second; exemplars are read over.
"""

import math
import re
from pathlib import Path

from labkit.clock import SECOND, Millis
from labkit.errors import DatasetError
from labkit.recording.gathered import Gathered
from labkit.signals.labels import NAME, Labels
from labkit.signals.series import Metadata

# Possessive, so that nothing is tried twice: a name lends no digit to a value, and a long line takes no long time.
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*+"
_SAMPLE = re.compile(
    rf"(?P<name>{_NAME})?+\s*+(?:\{{(?P<labels>(?:[^\"}}]|{_QUOTED})*+)\}})?+\s*+(?P<value>[^\s#{{}}]++)"
    r"(?:\s++(?P<time>[^\s#]++))?(?:\s++#\s.*)?"
)
_LABEL = re.compile(rf"\s*(?P<name>{_QUOTED}|[a-zA-Z_]\w*)\s*(?:=\s*(?P<value>{_QUOTED})\s*)?(?:,|$)", re.ASCII)
_COMMENT = re.compile(rf"#\s+(?P<what>HELP|TYPE|UNIT)\s+(?P<name>{_NAME}|{_QUOTED})(?:\s+(?P<text>.*))?")
_NUMBER = re.compile(r"[+-]?(?:\d++\.?\d*+(?:[eE][+-]?\d+)?|\.\d++(?:[eE][+-]?\d+)?|inf(?:inity)?|nan)", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def read(path: Path, at: Millis | None = None) -> Gathered:
    """The series of a file; samples without a timestamp are those of the time ``at``."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(
            f"cannot be read as text: {error}", where=str(path), remedy="name a file of metrics"
        ) from error
    return parse(text, str(path), at)


def parse(text: str, file: str, at: Millis | None = None) -> Gathered:
    """The series of a text; raises :class:`DatasetError` naming the line that is none of the form."""
    lines = text.split("\n")
    end = next((index for index, line in enumerate(lines) if line == "# EOF"), None)
    if end is not None and any(lines[end + 1 :]):
        raise DatasetError("there is text after # EOF", where=f"{file}:{end + 2}", remedy="cut it off")
    unit = SECOND if end is not None else 1
    found = Gathered(file)
    for number, line in enumerate(lines[:end], start=1):
        stripped = line.strip()
        if stripped.startswith("#"):
            _comment(stripped, found)
        elif stripped:
            _sample(stripped, found, number, unit, at)
    return found


def _comment(line: str, found: Gathered) -> None:
    """What a comment says of a metric; any other is for people."""
    said = _COMMENT.fullmatch(line)
    if said is None or said["what"] == "UNIT":
        return
    name, text = _unquoted(said["name"]), said["text"] or ""
    known = found.metadata.get(name, Metadata("unknown", ""))
    changed = Metadata(known.type, _unescaped(text)) if said["what"] == "HELP" else Metadata(_type(text), known.help)
    found.metadata[name] = changed


def _type(text: str) -> str:
    return "unknown" if text.strip() == "untyped" else text.strip()


def _sample(line: str, found: Gathered, number: int, unit: int, at: Millis | None) -> None:
    where = f"{found.file}:{number}"
    parts = _SAMPLE.fullmatch(line)
    if parts is None:
        raise DatasetError('not a sample: name{label="value"} number time', where=where, remedy="correct the line")
    labels = _labels(parts["labels"] or "", where)
    if parts["name"]:
        labels[NAME] = parts["name"]
    if not labels.get(NAME):
        raise DatasetError("the sample has no metric's name", where=where, remedy="correct the line")
    if parts["time"] is not None:
        seconds = _number(parts["time"], where)
        if not math.isfinite(seconds):
            raise DatasetError(f"{parts['time']} is no time", where=where, remedy="correct the line")
        time = round(seconds * unit)
    elif at is not None:
        time = at
    else:
        raise DatasetError(
            "the sample has no time",
            where=where,
            remedy="give the time of all that have none: --at 2025-11-28T12:00:00Z",
        )
    found.add(Labels(labels.items()), time, _number(parts["value"], where), number)


def _labels(text: str, where: str) -> dict[str, str]:
    labels: dict[str, str] = {}
    position = 0
    while position < len(text):
        part = _LABEL.match(text, position)
        if part is None:
            raise DatasetError(f"not a label: {text[position:][:60]}", where=where, remedy="correct the line")
        name = _unquoted(part["name"])
        if part["value"] is None:  # the name of the metric in the form {"a name", …}
            name, value = NAME, name
        else:
            value = _unescaped(part["value"][1:-1])
        if name in labels:
            raise DatasetError(f"the label {name} is there twice", where=where, remedy="correct the line")
        labels[name] = value
        position = part.end()
    return labels


def _number(text: str, where: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise DatasetError(f"{text!r} is no number", where=where, remedy="correct the line")
    return float(text)


def _unquoted(text: str) -> str:
    return _unescaped(text[1:-1]) if text.startswith('"') else text


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda escape: "\n" if escape[1] == "n" else escape[1], text)
