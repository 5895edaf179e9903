"""One query being answered: its text and tree, the settings it is answered by, and what there is to say of it."""

from dataclasses import dataclass, field

import promql_parser as ast

from labkit.promql.annotations import Notes
from labkit.promql.options import DEFAULT, Options
from labkit.promql.reading import NOWHERE, Places, string_at, string_bytes


@dataclass(frozen=True)
class Query:
    """A parsed query; ``places`` says where in ``text`` its nodes are."""

    text: str
    tree: ast.Expr
    options: Options = DEFAULT
    places: Places = NOWHERE
    notes: Notes = field(default_factory=Notes)

    def warn(self, text: str, node: ast.Expr) -> None:
        """Say that an answer may not be what was meant, because of ``node``."""
        self.notes.warn(text, self._position(node))

    def inform(self, text: str, node: ast.Expr) -> None:
        """Say what the asker may want to know of ``node``."""
        self.notes.inform(text, self._position(node))

    def utf8(self, node: ast.StringLiteral) -> bool:
        """Whether the bytes of a string are UTF-8: its escapes may be of bytes that are not."""
        place = self.places.starts.get(id(node))
        literal = string_at(self.text, place) if place is not None else None
        try:
            return literal is None or string_bytes(literal).decode() is not None
        except UnicodeDecodeError:
            return False

    def _position(self, node: ast.Expr) -> str:
        place = self.places.starts.get(id(node))
        return "" if place is None else position(self.text, place)


def position(text: str, place: int) -> str:
    """``line:column`` of a place in a text, both from 1, columns in bytes (upstream ``posrange``)."""
    before = text[:place].split("\n")
    return f"{len(before)}:{len(before[-1].encode()) + 1}"
