"""Counters of several processes laid together, so that one operation of numpy counts or reads them all."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = slice | list[int]


class Together:
    """Arrays of one shape each that several objects hold under ``names``.

    While they are laid together, what an object holds is a view of its row: to be changed in place, not replaced.
    """

    def __init__(self, *names: str) -> None:
        self._names = names
        self._members: list[Any] = []
        self._arrays: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        """The arrays of all, of shape (members, …)."""
        return self._arrays[name]

    def lay(self, members: Sequence[Any]) -> None:
        """Lay the arrays of ``members`` together, in their order; those of others go on by themselves."""
        if len(members) == len(self._members) and all(map(_same, members, self._members)):
            return
        self._members = list(members)
        for name in self._names if members else ():
            self._arrays[name] = np.stack([getattr(one, name) for one in members])
            for one, row in zip(members, self._arrays[name], strict=True):
                setattr(one, name, row)

    def rows(self, some: Sequence[Any]) -> Rows:
        """Which rows are those of ``some`` of the members, each once."""
        if len(some) == len(self._members) and all(map(_same, some, self._members)):
            return slice(None)
        places = {id(one): row for row, one in enumerate(self._members)}
        return [places[id(one)] for one in some]


def _same(one: Any, other: Any) -> bool:
    return one is other
