"""Going through the windows of a range vector, all series and steps at once."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from labkit.promql.limits import limited, timely
from labkit.promql.values import Bundle, Flags, Floats, Lines, Ranges

_CELLS = 2**16
"""Cells of the arrays that are computed with at once: half a megabyte each."""
_AT_ONCE = 2**23
"""Samples that are gone through between looks at the time: some ten milliseconds."""


def each_bundle(ranges: Ranges, compute: Callable[[Bundle], tuple[Floats, Flags]], *, keep_name: bool = False) -> Lines:
    """An instant vector made bundle by bundle: ``compute`` gives values and presence, (series, steps) each."""
    limited(ranges.shape[0] * ranges.shape[1])
    values = np.zeros(ranges.shape)
    present = np.zeros(ranges.shape, bool)
    with np.errstate(all="ignore"):
        for bundle in ranges.bundles:
            for part in _parts(bundle):
                timely()
                values[part.rows], present[part.rows] = compute(part)
    lines = Lines(ranges.labels, values, present)
    return lines if keep_name else lines.nameless()


def _parts(bundle: Bundle) -> Iterator[Bundle]:
    """A bundle in parts whose arrays stay in the processor's cache from one operation to the next."""
    size = max(1, _CELLS // max(1, len(bundle.low)))
    for start in range(0, len(bundle.rows), size):
        rows = bundle.rows[start : start + size]
        yield replace(bundle, rows=rows, values=bundle.values[start : start + size])


def samples(bundle: Bundle) -> Iterator[tuple[Floats, Flags, Floats]]:
    """The first sample of every window, then the second, and so on.

    Each as values of shape (series, steps), whether the window has so many, of shape (steps,), and
    the samples' times in seconds, of shape (steps,). What is not there has a neighbour's value.
    """
    last = len(bundle.times) - 1
    seconds = bundle.times / 1000
    for place in range(int((bundle.high - bundle.low).max(initial=0))):
        timely()
        index = bundle.low + place
        there = index < bundle.high
        index = np.minimum(index, last)
        yield bundle.values[:, index], there, seconds[index]


def first_and_last(bundle: Bundle) -> tuple[np.ndarray, np.ndarray]:
    """The indices of every window's first and last sample, of shape (steps,); for an empty window, any."""
    last = len(bundle.times) - 1
    return np.minimum(bundle.low, last), np.maximum(bundle.high - 1, 0)


def count(bundle: Bundle) -> np.ndarray:
    """How many samples every window has, of shape (steps,)."""
    return bundle.high - bundle.low


def reduced(operation: np.ufunc, bundle: Bundle) -> Floats:
    """Every window's samples taken together by ``operation``, (series, steps); for an empty window, anything."""
    return taken(operation, bundle.values, bundle.low, bundle.high)


def taken(operation: np.ufunc, values: Floats, low: np.ndarray, high: np.ndarray) -> Floats:
    """``values[:, low[s]:high[s]]`` taken together by ``operation`` for every ``s``, (series, windows).

    numpy lets no other thread run before it is done, so it is given a part of the windows at a time.
    """
    padded = np.concatenate([values, np.zeros((len(values), 1))], axis=1)
    bounds = np.stack([low, high], axis=1)
    parts = (high - low).cumsum() * len(values) // _AT_ONCE
    starts = [0, *(np.flatnonzero(parts[1:] != parts[:-1]) + 1).tolist(), len(bounds)]
    result = np.empty((len(values), len(bounds)))
    for start, end in pairwise(starts):
        timely()
        if start < end:
            result[:, start:end] = operation.reduceat(padded, bounds[start:end].ravel(), axis=1)[:, ::2]
    return result
