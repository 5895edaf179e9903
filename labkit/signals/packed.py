"""Samples of many series in little memory, without losing a bit.

Most metrics count whole things or stand still, so a row of samples is kept as one value where it is
constant, as the differences of its neighbours in the smallest integers that hold them where it is
whole, and as floats otherwise.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

_WHOLE = 2.0**53
"""Integers below this are exact as floats, and so are their sums and differences as integers."""


@dataclass(frozen=True)
class Group:
    """Rows kept alike: their first samples of shape (rows,), and what follows them, of shape (rows, samples - 1).

    ``rest`` is ``None`` of constant rows; integers are differences of neighbours, floats the samples themselves.
    """

    first: Floats
    rest: NDArray[Any] | None

    def read(self, slots: Rows, number: int) -> Floats:
        """The first ``number`` samples of some rows, of shape (slots, number)."""
        first = self.first[slots][:, None]
        if self.rest is None:
            return np.broadcast_to(first, (len(slots), number))
        rest = self.rest[slots, : number - 1]
        if rest.dtype == np.float64:
            return np.concatenate([first, rest], axis=1)
        steps = np.concatenate([first.astype(np.int64), rest], axis=1, dtype=np.int64)
        return steps.cumsum(axis=1).astype(np.float64)


class Packed:
    """A matrix of samples, of shape (series, samples), packed."""

    def __init__(self, values: Floats) -> None:
        self.samples = values.shape[1]
        self._group = np.zeros(len(values), np.uint8)
        self._slot = np.zeros(len(values), np.int32)
        self._groups: list[Group] = []
        kinds = _kinds(values)
        for kind in (None, np.int8, np.int16, np.int32, np.float64):
            rows = np.flatnonzero(kinds == _CODES[kind])
            if len(rows):
                self._group[rows] = len(self._groups)
                self._slot[rows] = np.arange(len(rows))
                self._groups.append(_group(values[rows], kind))

    def read(self, rows: Rows, start: int, stop: int) -> Floats:
        """The samples from ``start`` to ``stop`` (excluded) of some rows, of shape (rows, stop - start)."""
        found = np.empty((len(rows), stop - start))
        groups, slots = self._group[rows], self._slot[rows].astype(np.intp)
        for number, group in enumerate(self._groups):
            here = np.flatnonzero(groups == number)
            if len(here):
                found[here] = group.read(slots[here], stop)[:, start:]
        return found

    @property
    def nbytes(self) -> int:
        """The memory the samples take."""
        held = sum(group.first.nbytes + (0 if group.rest is None else group.rest.nbytes) for group in self._groups)
        return held + self._group.nbytes + self._slot.nbytes


_CODES: dict[Any, int] = {None: 0, np.int8: 1, np.int16: 2, np.int32: 3, np.float64: 4}


def _kinds(values: Floats) -> NDArray[np.uint8]:
    """How each row is kept, as one of :data:`_CODES`."""
    bits = np.ascontiguousarray(values).view(np.uint64)
    with np.errstate(invalid="ignore"):
        whole = (values == np.rint(values)) & (np.abs(values) < _WHOLE) & ~((values == 0) & np.signbit(values))
        counted = np.flatnonzero(whole.all(axis=1))
        largest = np.zeros(len(values))
        if values.shape[1] > 1:
            largest[counted] = np.abs(np.diff(values[counted], axis=1)).max(axis=1)
    kinds = np.full(len(values), _CODES[np.float64], np.uint8)
    for kind in (np.int32, np.int16, np.int8):
        kinds[counted[largest[counted] <= np.iinfo(kind).max]] = _CODES[kind]
    kinds[(bits == bits[:, :1]).all(axis=1)] = _CODES[None]
    return kinds


def _group(values: Floats, kind: Any) -> Group:
    first = values[:, 0].copy()
    if kind is None:
        return Group(first, None)
    rest = values[:, 1:] if kind is np.float64 else np.diff(values, axis=1)
    return Group(first, np.ascontiguousarray(rest, dtype=kind))
