"""``info``: the labels of info series beside those of the series they are about (upstream ``info.go``).

An info series is about the series whose ``instance`` and ``job`` it shares; of several of one name the
newest counts.
"""

from dataclasses import dataclass

import numpy as np
import promql_parser as ast

from labkit.clock import Millis
from labkit.promql.failures import ExecutionError
from labkit.promql.limits import limited, timely
from labkit.promql.parsing import matchers
from labkit.promql.selector import Source, looked_up
from labkit.promql.values import Lines, Steps, nothing
from labkit.signals.labels import NAME, Labels
from labkit.signals.matcher import Match, Matcher
from labkit.signals.regex import quoted

_IDENTIFYING = ("instance", "job")
_DEFAULT = Matcher(NAME, Match.EQUAL, "target_info")

Choice = np.ndarray
"""Which info series (a row) is the newest at each step, -1 where there is none."""


@dataclass(frozen=True)
class _Wanted:
    """Which info series are wanted, and which of their labels: all if ``data`` is empty."""

    names: tuple[Matcher, ...]
    data: tuple[Matcher, ...]

    def takes(self, label: str) -> bool:
        return label != NAME and (not self.data or any(matcher.name == label for matcher in self.data))

    @property
    def needed(self) -> bool:
        """Whether a series for which there is no label is left out."""
        return any(not matcher.accepts("") for matcher in self.data)


def enriched(
    source: Source, lines: Lines, selector: ast.VectorSelector | None, steps: Steps, lookback: Millis
) -> Lines:
    """``lines`` with the labels of the info series that ``selector`` describes (``target_info`` without one)."""
    asked = matchers(selector) if selector is not None else ()
    wanted = _Wanted(
        tuple(m for m in asked if m.name == NAME) or (_DEFAULT,), tuple(m for m in asked if m.name != NAME)
    )
    itself = [any(matcher.matches(labels) for matcher in wanted.names) for labels in lines.labels]
    about = [labels for labels, one in zip(lines.labels, itself, strict=True) if not one]
    info, chosen = _newest(source, wanted, about, steps, lookback)
    rows: list[Lines] = []
    for row, labels in enumerate(lines.labels):
        timely()
        alone = lines.rows(np.array([row]))
        rows.extend([alone] if itself[row] else _told(alone, wanted, info, chosen.get(_identity(labels), {})))
    limited(len(rows) * len(steps.times))
    if not rows:
        return nothing(len(steps.times))
    return Lines(
        [labels for one in rows for labels in one.labels],
        np.concatenate([one.values for one in rows]),
        np.concatenate([one.present for one in rows]),
    )


def _identity(labels: Labels) -> Labels:
    return labels.only(_IDENTIFYING)


def _newest(
    source: Source, wanted: _Wanted, about: list[Labels], steps: Steps, lookback: Millis
) -> tuple[list[Labels], dict[Labels, dict[str, Choice]]]:
    """The info series, and by whom they are about and their name which of them is the newest."""
    identifying = [
        Matcher(label, Match.REGEX, "|".join(map(quoted, sorted({one.get(label) for one in about} - {""}))))
        for label in _IDENTIFYING
        if any(one.get(label) for one in about)
    ]
    if not identifying:
        return [], {}
    info, moments = looked_up(source, (*wanted.names, *wanted.data, *identifying), steps.times, lookback)
    when = np.where(info.present, moments, np.iinfo(np.int64).min)
    groups: dict[tuple[Labels, str], list[int]] = {}
    for row, labels in enumerate(info.labels):
        groups.setdefault((_identity(labels), labels.name), []).append(row)
    chosen: dict[Labels, dict[str, Choice]] = {}
    for (identity, name), members in groups.items():
        index = np.array(members)
        latest = when[index].max(axis=0)
        there = info.present[index].any(axis=0)
        if (((when[index] == latest).sum(axis=0) > 1) & there).any():
            raise ExecutionError(f"found duplicate series for info metric {name}")
        chosen.setdefault(identity, {})[name] = np.where(there, index[when[index].argmax(axis=0)], -1)
    return info.labels, chosen


def _told(line: Lines, wanted: _Wanted, info: list[Labels], chosen: dict[str, Choice]) -> list[Lines]:
    """One series with the labels it gets: several, if these change with time."""
    steps = line.values.shape[1]
    choices = np.stack([chosen[name] for name in sorted(chosen)]) if chosen else np.full((1, steps), -1)
    patterns, which = np.unique(choices, axis=1, return_inverse=True)
    told = []
    for place in range(patterns.shape[1]):
        present = line.present & (which.ravel() == place)
        if not present.any():
            continue
        extra = _extra(line.labels[0], wanted, [info[row] for row in patterns[:, place].tolist() if row >= 0])
        if extra or not wanted.needed:
            told.append(Lines([Labels([*line.labels[0], *extra.items()])], line.values, present))
    return told


def _extra(labels: Labels, wanted: _Wanted, info: list[Labels]) -> dict[str, str]:
    """The labels a series gets from its info series; raises if two of these disagree."""
    own = {name for name, _ in labels}
    extra: dict[str, str] = {}
    for name, value in (pair for series in info for pair in series):
        if not wanted.takes(name):
            continue
        if extra.get(name, value) != value:
            raise ExecutionError(f"conflicting label: {name}")
        if name not in own:
            extra[name] = value
    return extra
