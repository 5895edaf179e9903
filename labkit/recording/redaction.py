r"""Redaction: what of a production system must not be in its recording, as rules in a TOML file.

    salt = "…"                      # of the hashes; or LABKIT_SALT

    [[label]]                       # of series, log streams, and tags of spans
    name = "instance|pod_ip"        # a regex (RE2) of the whole name
    action = "hash"                 # drop, keep, hash, or replace
    [[label]]
    name = "url"
    action = "replace"
    pattern = "token=[^&]*"
    replacement = "token=…"

    [[text]]                        # of log lines, and of texts in spans, Kubernetes objects, rules and dashboards
    pattern = '[\w.]+@[\w.]+'
    replacement = "<address>"

Of the label rules the first whose ``name`` matches decides, so ``keep`` before ``drop`` of ``.*`` is a
list of what may stay. A metric's name is left alone, and a rule that is meant for it is refused. Rules of
labels do not reach into what is text: where a rule file or an object names a host, a rule of text does.
Redaction happens before anything is written.
"""

import hashlib
import hmac
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from labkit.errors import DatasetError, QueryError
from labkit.signals.labels import NAME, Labels
from labkit.signals.regex import Pattern, compiled
from labkit.signals.samples import SampleStore
from labkit.signals.series import Selected
from labkit.signals.spans import Event, Span, Tag
from labkit.signals.streams import Stream

_GROUP = re.compile(r"\\(\d)")
_HASH = 12
"""Hexadecimal digits of a hashed value: 48 bits, so that a million values hardly meet."""


class LabelRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of the labels whose name matches."""

    name: str
    action: Literal["drop", "keep", "hash", "replace"]
    pattern: str = ""
    replacement: str = ""


class TextRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    r"""What every match of ``pattern`` becomes; ``\1`` in the replacement is its first group."""

    pattern: str
    replacement: str = ""


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A redaction file."""

    salt: str = ""
    label: tuple[LabelRule, ...] = ()
    text: tuple[TextRule, ...] = ()


class Redaction:
    """Applies rules; without rules nothing changes."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        salt = self.rules.salt or os.environ.get("LABKIT_SALT", "")
        if not salt and any(rule.action == "hash" for rule in self.rules.label):
            raise DatasetError(
                "a hash without a salt can be undone by guessing", remedy="set salt in the file, or LABKIT_SALT"
            )
        if any(rule.name == NAME and rule.action != "keep" for rule in self.rules.label):
            raise DatasetError(
                "a metric's name cannot be redacted", where=NAME, remedy="leave the metric out: --match SELECTOR"
            )
        self._salt = salt.encode()
        self._labels = [(compiled(rule.name), self._action(rule)) for rule in self.rules.label]
        self._texts = [(compiled(rule.pattern), rule.replacement) for rule in self.rules.text]

    @property
    def digest(self) -> str:
        """A hash of rules and salt: a recording goes on only with those it began with."""
        return hashlib.sha256(msgspec.json.encode(self.rules) + self._salt).hexdigest()

    def words(self) -> tuple[str, ...]:
        """What is taken out, for the data card: neither the salt nor patterns, which may name what must not be seen."""
        labels = (
            f"labels {rule.name}: {rule.action}" + (f" what matches by {rule.replacement!r}" if rule.pattern else "")
            for rule in self.rules.label
        )
        texts = (
            f"text that matches pattern {number} replaced by {rule.replacement!r}"
            for number, rule in enumerate(self.rules.text, start=1)
        )
        return *labels, *texts

    def labels(self, labels: Labels) -> Labels:
        """The labels that may be seen."""
        return Labels(self._pairs(labels)) if self._labels else labels

    def text(self, text: str) -> str:
        """A text without what must not be seen."""
        for pattern, replacement in self._texts:
            text = _replaced(pattern, replacement, text)
        return text

    def series(self, store: SampleStore, selected: Iterable[Selected]) -> SampleStore:
        """Fill ``store`` with redacted series; raises :class:`DatasetError` if two become the same."""
        origins: dict[Labels, Labels] = {}
        for one in selected:
            labels = self.labels(one.labels)
            if labels in origins:
                raise DatasetError(
                    f"{origins[labels]} and {one.labels} become the same series",
                    remedy="hash the label that tells them apart, rather than drop it",
                )
            origins[labels] = one.labels
            store.append(labels, one.times, one.values)
        return store

    def stream(self, stream: Stream) -> Stream:
        """A redacted stream."""
        return Stream(self.labels(stream.labels), stream.times, [self.text(line) for line in stream.lines])

    def span(self, span: Span) -> Span:
        """A redacted span."""
        return msgspec.structs.replace(
            span,
            service=self.text(span.service),
            operation=self.text(span.operation),
            tags=self._tags(span.tags),
            process=self._tags(span.process),
            events=tuple(Event(time=event.time, fields=self._tags(event.fields)) for event in span.events),
        )

    def object(self, value: Any) -> Any:
        """A document such as a Kubernetes object, every text of it redacted."""
        if isinstance(value, dict):
            return {key: self.object(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.object(one) for one in value]
        return self.text(value) if isinstance(value, str) else value

    def _pairs(self, labels: Labels) -> Iterable[tuple[str, str]]:
        for name, value in labels:
            shown = value if name == NAME else self._value(name, value)
            if shown is not None:
                yield name, shown

    def _value(self, name: str, value: str) -> str | None:
        for pattern, action in self._labels:
            if pattern.fullmatch(name):
                return action(value)
        return value

    def _tags(self, tags: Mapping[str, Tag]) -> dict[str, Tag]:
        """Tags under the rules of labels and of text; one that no rule touches keeps its type."""
        found: dict[str, Tag] = {}
        for key, value in tags.items():
            text = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else repr(value)
            shown = self._value(key, text)
            if shown is not None:
                found[key] = self.text(shown) if isinstance(value, str) or shown != text else value
        return found

    def _action(self, rule: LabelRule) -> Callable[[str], str | None]:
        if rule.action == "hash":
            return lambda value: hmac.new(self._salt, value.encode(), "sha256").hexdigest()[:_HASH]
        if rule.action == "replace":
            pattern = compiled(rule.pattern or "(?s)^.*$")
            return lambda value: _replaced(pattern, rule.replacement, value)
        return (lambda value: value) if rule.action == "keep" else (lambda _: None)


def _replaced(pattern: Pattern, replacement: str, text: str) -> str:
    """``text`` with every match replaced (re2's own ``sub`` spoils what is not ASCII)."""
    parts: list[str] = []
    last = 0
    for found in pattern.finditer(text):
        parts += [text[last : found.start()], _filled(replacement, found)]
        last = found.end()
    return "".join([*parts, text[last:]])


def _filled(replacement: str, found: re.Match[str]) -> str:
    try:
        return _GROUP.sub(lambda group: found[int(group[1])] or "", replacement)
    except IndexError as error:
        raise DatasetError(
            f"the pattern of {replacement!r} has no such group", remedy="correct the redaction"
        ) from error


def load(path: Path | None) -> Redaction:
    """The redaction of a file; raises :class:`DatasetError` naming what is wrong with it."""
    if path is None:
        return Redaction()
    try:
        rules = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Rules)
        return Redaction(rules)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError, QueryError) as error:
        raise DatasetError(
            f"no redaction rules: {error}", where=str(path), remedy="see the head of labkit/recording/redaction.py"
        ) from error
