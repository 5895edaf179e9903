"""One query being answered: its text and tree, the settings it is answered by, and what there is to say of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import promql_parser as ast

from labkit.promql.annotations import Notes
from labkit.promql.options import DEFAULT, Options


@dataclass(frozen=True)
class Query:
    """A parsed query. ``places`` says where its nodes begin, by the id of the node, as far as that is known."""

    text: str
    tree: ast.Expr
    options: Options = DEFAULT
    places: Mapping[int, int] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)

    def warn(self, text: str, node: ast.Expr) -> None:
        """Say that an answer may not be what was meant, because of ``node``."""
        self.notes.warn(text, self._position(node))

    def inform(self, text: str, node: ast.Expr) -> None:
        """Say what the asker may want to know of ``node``."""
        self.notes.inform(text, self._position(node))

    def _position(self, node: ast.Expr) -> str:
        place = self.places.get(id(node))
        return "" if place is None else position(self.text, place)


def position(text: str, place: int) -> str:
    """``line:column`` of a place in a text, both from 1, columns in bytes (upstream ``posrange``)."""
    before = text[:place].split("\n")
    return f"{len(before)}:{len(before[-1].encode()) + 1}"
