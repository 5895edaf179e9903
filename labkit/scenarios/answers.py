"""What a trainee answered, read kindly: case, quotes and ``pod/`` before a name do not matter."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from labkit.clock import Millis, rfc3339
from labkit.journal import Entry
from labkit.scenarios.verdict import Seen

_NOISE = frozenset({"", "pod", "pods", "deployment", "statefulset", "topic", "the", "and", "in", "all"})
_SHOWN = 80


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: ``text`` as given (lists joined by commas), at place ``index`` of the journal."""

    question: str
    text: str
    index: int
    time: Millis

    @property
    def word(self) -> str:
        """The answer as one lower-case word or phrase, without quotes around it."""
        return self.text.strip().strip("`'\"").strip().lower()

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the answer: of ``pod/a, pod/b`` it is ``a`` and ``b``."""
        parts = (part.strip("`'\".:()").rpartition("/")[2] for part in re.split(r"[\s,;]+", self.text.lower()))
        return tuple(part for part in parts if part not in _NOISE)

    @property
    def seen(self) -> Seen:
        """This answer as evidence in a verdict."""
        shown = self.text if len(self.text) <= _SHOWN else self.text[: _SHOWN - 1] + "…"
        return Seen(rfc3339(self.time), f"answered {self.question}: {shown!r}")


def last(entries: Sequence[Entry]) -> dict[str, Reply]:
    """The last answer to each question."""
    replies = (
        Reply(
            question=str(entry.action.get("question")),
            text=_text(entry.action.get("value")),
            index=index,
            time=entry.time,
        )
        for index, entry in enumerate(entries)
        if entry.action.get("type") == "lab.answer"
    )
    return {reply.question: reply for reply in replies}


def mentions(text: str, names: Iterable[str]) -> bool:
    """Whether ``text`` holds one of ``names`` as a whole name, not as a part of a longer one."""
    return any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-]*\w)", text, re.IGNORECASE) for name in names if name)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {part}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
