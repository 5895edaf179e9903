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
    found = [matcher for matcher in matchers(argument) if matcher.name != NAME]
    names = [matcher.name for matcher in found]
    return Labels((m.name, m.value) for m in found if m.op is Match.EQUAL and names.count(m.name) == 1)
