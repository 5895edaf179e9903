"""What may be typed next in a query: words of the language, and what the server has of metrics, labels and values."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from labkit.errors import LabkitError
from labkit.lab import vocabulary
from labkit.lab.http import Api

Language = Literal["promql", "logql"]
Place = Literal["expression", "label", "value", "duration", "stage"]

PATIENCE = 2.0
"""Seconds that a completion may wait for the server."""
FRESH = 20.0
"""Seconds for which names are remembered."""
MOST = 500
"""Names that are offered at once."""

_WORD = re.compile(r"[\w:]*$")
_LABEL = re.compile(r"\w*$")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)\s*$")
_QUOTES = "\"'`"


@dataclass(frozen=True)
class Cursor:
    """Where the cursor stands: what may follow, the word begun, and of a selector its metric and label."""

    place: Place
    begun: str
    metric: str = ""
    label: str = ""


def cursor(text: str) -> Cursor:
    """Where the end of ``text``, a query's beginning, is."""
    opened, quote, since = _scanned(text)
    inner, where = opened[-1] if opened else ("", 0)
    metric = _word_before(text, where) if inner == "{" else ""
    if quote:
        label = _MATCHER.search(text[: since - 1])
        known = label is not None and inner == "{"
        return (
            Cursor("value", text[since:], metric, label[1] if label and known else "")
            if known
            else Cursor("value", text[since:])
        )
    if inner == "[":
        return Cursor("duration", text[where + 1 :])
    if inner == "{" or (inner == "(" and _word_before(text, where) in vocabulary.MODIFIERS):
        begun = _found(_LABEL, text)
        follows = text[: len(text) - len(begun)].rstrip()[-1:]
        return Cursor("label", begun, metric) if follows in {"{", "(", ","} else Cursor("value", begun)
    begun = _found(_WORD, text)
    before = text[: len(text) - len(begun)].rstrip()
    return Cursor("stage" if before.endswith("|") else "expression", begun)


def _scanned(text: str) -> tuple[list[tuple[str, int]], str, int]:
    """The brackets that are open, each with its place, and the quote that is, with the place after it."""
    opened: list[tuple[str, int]] = []
    quote, since, escaped = "", 0, False
    for index, letter in enumerate(text):
        if quote:
            closed = letter == quote and not escaped
            escaped = letter == "\\" and not escaped and quote != "`"
            quote = "" if closed else quote
        elif letter in _QUOTES:
            quote, since, escaped = letter, index + 1, False
        elif letter in "([{":
            opened.append((letter, index))
        elif letter in ")]}" and opened:
            opened.pop()
    return opened, quote, since


def _word_before(text: str, where: int) -> str:
    return _found(_WORD, text[:where].rstrip())


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0] if found else ""


@dataclass
class Names:
    """What a server has, remembered for a moment. A server that does not answer has nothing, and nobody waits for it."""

    api: Api
    prefix: str
    """Of the API's paths: ``/api/v1`` or ``/loki/api/v1``."""
    _known: dict[tuple[str, str], tuple[float, list[str]]] = field(default_factory=dict)

    def metrics(self) -> list[str]:
        """Names of metrics."""
        return self.values("__name__")

    def labels(self, metric: str = "") -> list[str]:
        """Names of labels, of one metric or of all."""
        return [name for name in self._ask("/labels", metric) if name != "__name__"]

    def values(self, label: str, metric: str = "") -> list[str]:
        """The values of a label."""
        return self._ask(f"/label/{label}/values", metric)

    def _ask(self, path: str, metric: str) -> list[str]:
        known = self._known.get((path, metric))
        if known and time.monotonic() - known[0] < FRESH:
            return known[1]
        match = [("match[]", metric)] if metric else []
        try:
            found = list(self.api.get(f"{self.prefix}{path}", match, timeout=PATIENCE).get("data") or [])
        except LabkitError:  # somebody is typing: an empty list says enough
            found = []
        self._known[path, metric] = (time.monotonic(), found)
        return found


def promql(text: str, names: Names) -> list[tuple[str, str]]:
    """What may complete ``text``: pairs of a word and its kind, in an order for a reader."""
    at = cursor(text)
    if at.place == "expression":
        words = [
            *_kind(names.metrics(), "metric"), *_kind(vocabulary.AGGREGATIONS, "aggregation"), *_kind(vocabulary.PROMQL_FUNCTIONS, "function"),
            *_kind(vocabulary.PROMQL_KEYWORDS, "keyword"),
        ]  # fmt: skip
        return _beginning(words, at.begun)
    return _within(at, names)


def logql(text: str, names: Names) -> list[tuple[str, str]]:
    """The same for LogQL, whose selectors have no metric."""
    at = cursor(text)
    if at.place == "stage":
        return _beginning(_kind(vocabulary.LOGQL_STAGES, "stage"), at.begun)
    if at.place == "expression":
        words = (
            *_kind(vocabulary.AGGREGATIONS, "aggregation"),
            *_kind(vocabulary.LOGQL_FUNCTIONS, "function"),
            *_kind(vocabulary.MODIFIERS[:2], "keyword"),
        )
        return _beginning(words, at.begun)
    return _within(at, names)


def _within(at: Cursor, names: Names) -> list[tuple[str, str]]:
    """What may stand within brackets."""
    if at.place == "label":
        return _beginning(_kind(names.labels(at.metric), "label"), at.begun)
    if at.place == "value" and at.label:
        return _beginning(_kind(names.values(at.label, at.metric), "value"), at.begun)
    return _beginning(_kind(vocabulary.DURATIONS, "duration"), at.begun) if at.place == "duration" else []


def _kind(words: Iterable[str], kind: str) -> list[tuple[str, str]]:
    return [(word, kind) for word in words]


def _beginning(words: Iterable[tuple[str, str]], begun: str) -> list[tuple[str, str]]:
    return [(word, kind) for word, kind in words if word.startswith(begun)][:MOST]
