"""How often series change."""

from collections.abc import Callable

import numpy as np

from labkit.promql.values import Bundle, Flags, Floats, Lines, Ranges
from labkit.promql.windows import count, each_bundle, first_and_last


def changes(ranges: Ranges) -> Lines:
    """How often the value changed; NaN after NaN is no change."""
    return _transitions(ranges, lambda new, old: (new != old) & ~(np.isnan(new) & np.isnan(old)))


def resets(ranges: Ranges) -> Lines:
    """How often a counter was reset."""
    return _transitions(ranges, lambda new, old: new < old)


def _transitions(ranges: Ranges, happened: Callable[[Floats, Floats], Flags]) -> Lines:
    def compute(bundle: Bundle) -> tuple[Floats, Flags]:
        happening = happened(bundle.values[:, 1:], bundle.values[:, :-1])
        before = np.concatenate([np.zeros((len(bundle.rows), 1)), happening.cumsum(axis=1)], axis=1)
        first, last = first_and_last(bundle)
        return before[:, last] - before[:, first], np.broadcast_to(count(bundle) > 0, (len(bundle.rows), len(first)))

    return each_bundle(ranges, compute)
