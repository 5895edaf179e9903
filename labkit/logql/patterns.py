"""Patterns of the ``pattern`` parser and of ``|>``: literal texts with ``<name>`` or ``<_>`` between them.

Rules: https://grafana.com/docs/loki/latest/query/log_queries/#pattern and upstream ``pkg/logql/log/pattern``.
"""

import re
from dataclasses import dataclass

_CAPTURE = re.compile(r"<([a-zA-Z_][a-zA-Z0-9_]*)>")
UNNAMED = "_"


@dataclass(frozen=True)
class Part:
    """A literal text, or a capture of that name."""

    text: str
    capture: bool


@dataclass(frozen=True)
class Pattern:
    """Literals and captures in turn."""

    parts: tuple[Part, ...]

    @classmethod
    def of_parser(cls, expression: str) -> "Pattern":
        """A pattern that names what it captures; :class:`ValueError` if it captures nothing or is ambiguous."""
        pattern = cls(_parts(expression))
        names = [part.text for part in pattern.parts if part.capture and part.text != UNNAMED]
        if not any(part.capture for part in pattern.parts):
            raise ValueError("at least one capture is required")
        pattern.refuse_neighbours()
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"duplicate capture name ({name}): invalid expression")
        return pattern

    @classmethod
    def of_filter(cls, expression: str) -> "Pattern":
        """A pattern that only tests, so names nothing; :class:`ValueError` if it does."""
        pattern = cls(_parts(expression))
        pattern.refuse_neighbours()
        if any(part.capture and part.text != UNNAMED for part in pattern.parts):
            raise ValueError("named captures are not allowed")
        return pattern

    def refuse_neighbours(self) -> None:
        """Raise if two captures stand side by side: nobody could say where one ends."""
        for left, right in zip(self.parts, self.parts[1:], strict=False):
            if left.capture and right.capture:
                raise ValueError(f"found consecutive capture '<{left.text}><{right.text}>': invalid expression")

    def captures(self, line: str) -> dict[str, str]:
        """The named captures of a line; where a literal is missing the last one takes the rest."""
        found: dict[str, str] = {}
        parts, place = list(self.parts), 0
        if not line or not parts:
            return found
        if not parts[0].capture:
            if not line.startswith(parts[0].text):
                return found
            place = len(parts.pop(0).text)
        while parts:
            capture = parts.pop(0)
            end = line.find(parts[0].text, place) if parts else -1
            if capture.text != UNNAMED:
                found[capture.text] = line[place:] if end < 0 else line[place:end]
            if end < 0:
                break
            place = end + len(parts.pop(0).text)
        return found

    def test(self, line: str) -> bool:
        """Whether the whole line has the pattern's form; no capture may be empty."""
        if not line or not self.parts:
            return not line and not self.parts
        place = 0
        for at, part in enumerate(self.parts):
            if part.capture:
                continue
            found = line.find(part.text, place)
            if found < 0 or (at == 0 and found) or (at and found == place):
                return False
            place = found + len(part.text)
        return (place < len(line)) if self.parts[-1].capture else place == len(line)


def _parts(expression: str) -> tuple[Part, ...]:
    parts, place = [], 0
    for found in _CAPTURE.finditer(expression):
        if found.start() > place:
            parts.append(Part(expression[place : found.start()], capture=False))
        parts.append(Part(found[1], capture=True))
        place = found.end()
    if place < len(expression):
        parts.append(Part(expression[place:], capture=False))
    return tuple(parts)
