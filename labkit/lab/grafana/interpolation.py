"""Variables in texts: ``$name``, ``${name}``, ``${name:format}`` and ``[[name]]``, each value written as its place needs it.

Rules: Grafana's documentation, 'Variable syntax' and 'Advanced variable format options', and for the values in a query of
Prometheus its datasource's ``interpolateQueryExpr``.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from labkit.clock import DAY, HOUR, MINUTE, SECOND, Millis

_REFERENCE = re.compile(r"\$(\w+)|\$\{(\w+)(?:\.[^:^}]+)?(?::([^}]+))?\}|\[\[(\w+?)(?::(\w+))?\]\]")
_REGEX = re.compile(r"[\\^$.*+?()\[\]{}|/]")
_ALONE, _IN_A_STRING = r"\\\g<0>", r"\\\\\g<0>"
"""How a character of :data:`_REGEX` is escaped: within a string of PromQL, the backslash once more."""


@dataclass(frozen=True)
class Value:
    """What a variable is: its chosen values, whether several could be chosen, and the text that stands for all of them."""

    values: tuple[str, ...]
    several: bool = False
    everything: str | None = None
    shown: str = ""

    @property
    def text(self) -> str:
        """For a reader."""
        return self.shown or " + ".join(self.values)


def names(text: str) -> set[str]:
    """The names that a text refers to."""
    return {name for found in _REFERENCE.finditer(text) if (name := found[1] or found[2] or found[4])}


def filled(text: str, values: Mapping[str, Value], *, query: bool = True) -> str:
    """``text`` with its variables' values; a name that is no variable's stays, as in Grafana. ``query`` says it is one."""

    def replaced(found: re.Match[str]) -> str:
        name, form = found[1] or found[2] or found[4], found[3] or found[5]
        if name not in values:
            return found[0]
        return _written(values[name], form, query=query)

    return _REFERENCE.sub(replaced, text)


def _written(value: Value, form: str | None, *, query: bool) -> str:
    if form and form in _FORMATS:
        return value.everything if value.everything is not None and form != "text" else _FORMATS[form](value)
    if not query:
        return value.text
    if value.everything is not None:
        return value.everything
    if not value.several:
        return value.values[0].replace("\\", "\\\\").replace('"', '\\"') if value.values else ""
    return _regex(value, _IN_A_STRING)


def _regex(value: Value, escape: str) -> str:
    escaped = [_REGEX.sub(escape, one) for one in value.values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


_FORMATS: Mapping[str, Callable[[Value], str]] = {
    "raw": lambda value: ",".join(value.values), "csv": lambda value: ",".join(value.values), "pipe": lambda value: "|".join(value.values),
    "regex": lambda value: _regex(value, _ALONE), "json": lambda value: json.dumps(list(value.values)),
    "glob": lambda value: value.values[0] if len(value.values) == 1 else f"{{{','.join(value.values)}}}",
    "doublequote": lambda value: ",".join(f'"{one}"' for one in value.values),
    "singlequote": lambda value: ",".join(f"'{one}'" for one in value.values),
    "percentencode": lambda value: quote(",".join(value.values), safe=""), "text": lambda value: value.text,
    "distributed": lambda value: ",".join(value.values), "lucene": lambda value: " OR ".join(f'"{one}"' for one in value.values),
    "queryparam": lambda value: "&".join(quote(one, safe="") for one in value.values),
}  # fmt: skip


def built_in(start: Millis, end: Millis, interval: Millis, scrape: Millis, title: str) -> dict[str, Value]:
    """Grafana's own variables of a query: ``$__rate_interval`` is at least four scrapes, so that a rate has samples enough."""
    span, rate = end - start, max(interval + scrape, 4 * scrape)
    texts = {
        "__interval": written(interval), "__interval_ms": str(interval), "__rate_interval": written(rate), "__rate_interval_ms": str(rate),
        "__range": f"{round(span / SECOND)}s", "__range_s": str(round(span / SECOND)), "__range_ms": str(span),
        "__from": str(start), "__to": str(end), "__dashboard": title, "__auto": written(interval),
    }  # fmt: skip
    return {name: Value((text,)) for name, text in texts.items()}


def written(duration: Millis) -> str:
    """A duration as PromQL reads it, in its largest whole unit."""
    units = ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (1, "ms"))
    size, unit = next((size, unit) for size, unit in units if duration % size == 0)
    return f"{duration // size}{unit}"
