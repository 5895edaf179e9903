"""``absent`` and ``absent_over_time``: one series where there is none."""

import numpy as np
import promql_parser as ast

from labkit.promql.parsing import matchers
from labkit.promql.values import Flags, Lines
from labkit.signals.labels import NAME, Labels
from labkit.signals.matcher import Match


def absent(argument: ast.Expr, present: Flags) -> Lines:
    """1 at the steps where no series is ``present`` (series, steps), labelled after what was looked for."""
    missing = ~np.logical_or.reduce(present, axis=0)
    return Lines([_sought(argument)], np.ones((1, len(missing))), missing[None, :])


def _sought(argument: ast.Expr) -> Labels:
    """The labels that a selector pins down, once each, by equality."""
    if isinstance(argument, ast.MatrixSelector):
        argument = argument.vector_selector
    if not isinstance(argument, ast.VectorSelector):
        return Labels()
    sought: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in matchers(argument):
        if matcher.op is Match.EQUAL and matcher.name not in seen:
            sought[matcher.name] = matcher.value
            seen.add(matcher.name)
        else:  # upstream forgets a label of which more is asked, but for what comes before the first value
            sought.pop(matcher.name, None)
    return Labels((name, value) for name, value in sought.items() if name != NAME)
