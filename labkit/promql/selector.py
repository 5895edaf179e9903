"""Selectors: from stored samples to instant vectors and range vectors.

Semantics: https://prometheus.io/docs/prometheus/latest/querying/basics/ — a range excludes its
left end, an instant is the newest sample not older than the lookback, a stale marker ends a series.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
import promql_parser as ast
from numpy.typing import NDArray

from labkit.clock import DAY, Millis
from labkit.promql.limits import limited, queried, timely
from labkit.promql.parsing import ends, matchers, millis
from labkit.promql.values import Bundle, Floats, Lines, Ranges, Steps, Times, picked
from labkit.signals.matcher import Matcher
from labkit.signals.series import Selected, is_stale

_NEAR: Millis = DAY
"""Steps within so long are looked up together."""


class Source(Protocol):
    """Where series come from."""

    def select(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Selected]:
        """The series that match and their samples from ``start`` to ``end``, both included."""


def instants(source: Source, node: ast.VectorSelector, steps: Steps, lookback: Millis) -> tuple[Lines, "np.ndarray"]:
    """A selector's instant vector, and the times of its samples, of shape (series, steps)."""
    return looked_up(source, matchers(node), ends(node, steps), lookback)


def looked_up(source: Source, wanted: Sequence[Matcher], times: Times, lookback: Millis) -> tuple[Lines, "np.ndarray"]:
    """The newest samples at ``times`` that are not older than ``lookback``, and their times, (series, steps) each."""
    parts = [_looked_up(source, wanted, part, lookback) for part in _near(times)]
    if len(parts) == 1:
        return parts[0]
    return _together(parts, len(times))


def _together(parts: Sequence[tuple[Lines, "np.ndarray"]], steps: int) -> tuple[Lines, "np.ndarray"]:
    """What was looked up part by part of the steps, as one."""
    every = sorted({labels for lines, _ in parts for labels in lines.labels})
    rows = {labels: row for row, labels in enumerate(every)}
    limited(len(every) * steps)
    values, moments = np.zeros((len(every), steps)), np.zeros((len(every), steps), np.int64)
    present = np.zeros(values.shape, bool)
    start = 0
    for lines, sampled in parts:
        at = np.array([rows[labels] for labels in lines.labels], np.intp)
        window = slice(start, start + lines.values.shape[1])
        values[at, window], present[at, window], moments[at, window] = lines.values, lines.present, sampled
        start = window.stop
    return Lines(every, values, present), moments


def _near(times: Times) -> list[Times]:
    """Times in parts that lie near each other: what a store holds between far times would be read for nothing."""
    if len(times) < 2 or times[-1] - times[0] <= _NEAR:
        return [times]
    days = (times - times[0]) // _NEAR
    return np.split(times, np.flatnonzero(days[1:] != days[:-1]) + 1)


def _looked_up(source: Source, wanted: Sequence[Matcher], times: Times, lookback: Millis) -> tuple[Lines, "np.ndarray"]:
    timely()
    found = _select(source, wanted, times, lookback)
    limited(len(found) * len(times))
    values = np.zeros((len(found), len(times)))
    present = np.zeros(values.shape, bool)
    moments = np.zeros(values.shape, np.int64)
    labels = [series.labels for series in found]
    for rows, sampled in _aligned(found):
        index = sampled.searchsorted(times, side="right") - 1
        fresh = (index >= 0) & (sampled[index] > times - lookback)
        stack = _sampled([found[row].values for row in rows], index)
        there = fresh & ~is_stale(stack)
        queried(int(np.count_nonzero(there)))
        if len(rows) == len(found):  # all are alike: nothing to put together
            return Lines(labels, stack, there), np.broadcast_to(sampled[index], stack.shape)
        values[rows], present[rows], moments[rows] = stack, there, sampled[index]
    return Lines(labels, values, present), moments


def _sampled(values: list[Floats], index: NDArray[np.intp]) -> Floats:
    """The samples at ``index`` of series that share their times, of shape (series, index)."""
    if len(index) == 1:  # an instant: of each series one sample is wanted
        place = int(index[0])
        return np.fromiter((samples[place] for samples in values), np.float64, len(values))[:, None]
    return picked(np.stack(values), index)


def ranges(source: Source, node: ast.MatrixSelector, steps: Steps) -> Ranges:
    """A range selector's windows."""
    times, length = ends(node.vector_selector, steps), millis(node.range)
    return windows(_unstale(_select(source, matchers(node.vector_selector), times, length)), times, length)


def windows(found: list[Selected], times: Times, length: Millis) -> Ranges:
    """Series cut into a window ``(time - length, time]`` for each of ``times``; samples must not be stale markers."""
    limited(max(len(found) * len(times), sum(len(series.times) for series in found)))
    bundles = []
    for rows, sampled in _aligned(found):
        low, high = (sampled.searchsorted(bound, side="right") for bound in (times - length, times))
        queried(len(rows) * int((high - low).sum()))
        bundles.append(Bundle(rows, sampled, np.stack([found[row].values for row in rows]), low, high))
    return Ranges([series.labels for series in found], bundles, times, length)


def _select(source: Source, wanted: Sequence[Matcher], times: Times, length: Millis) -> list[Selected]:
    if not len(times):
        return []
    found = source.select(wanted, int(times.min()) - length + 1, int(times.max()))
    return sorted(found, key=lambda series: series.labels)


def _unstale(found: list[Selected]) -> list[Selected]:
    """The series without their stale markers."""
    if not found or not is_stale(np.concatenate([series.values for series in found])).any():
        return found
    stale = [is_stale(series.values) for series in found]
    return [
        Selected(series.labels, series.times[~gone], series.values[~gone]) if gone.any() else series
        for series, gone in zip(found, stale, strict=True)
    ]


def _aligned(found: list[Selected]) -> Iterable[tuple[list[int], Times]]:
    """The series by the array of times they share."""
    groups: dict[int, list[int]] = {}
    for row, series in enumerate(found):
        if len(series.times):
            groups.setdefault(id(series.times), []).append(row)
    return [(rows, found[rows[0]].times) for rows in groups.values()]
