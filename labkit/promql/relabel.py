"""Functions that change labels."""

import numpy as np

from labkit.errors import QueryError
from labkit.promql.failures import ExecutionError
from labkit.promql.limits import limited, timely
from labkit.promql.values import Lines, Text, merged
from labkit.signals.labels import NAME, Labels
from labkit.signals.regex import compiled, expanded


def label_replace(lines: Lines, target: Text, replacement: Text, source: Text, pattern: Text) -> Lines:
    """``target`` set to ``replacement`` wherever ``pattern`` matches the whole of ``source``."""
    try:
        regex = compiled(pattern.value)
    except QueryError as error:
        raise ExecutionError(f"invalid regular expression in label_replace(): {pattern.value}") from error
    _label_name(target, "label_replace")

    written = _Written()
    references = replacement.value.count("$")

    def replaced(labels: Labels) -> Labels:
        text = labels.get(source.value)
        written.add(len(replacement.value) + references * len(text))
        found = regex.fullmatch(text)
        if found is None:
            return labels
        return Labels([*labels.without((target.value,)), (target.value, expanded(replacement.value, found))])

    return _relabelled(lines, [replaced(labels) for labels in lines.labels], target.value)


def label_join(lines: Lines, target: Text, separator: Text, *sources: Text) -> Lines:
    """``target`` set to the values of ``sources``, joined."""
    for source in sources:
        _label_name(source, "label_join", "source")
    _label_name(target, "label_join")
    written, names = _Written(), [source.value for source in sources]

    def joined(labels: Labels) -> Labels:
        values = [labels.get(name) for name in names]
        written.add(sum(map(len, values)) + len(separator.value) * len(values))
        return Labels([*labels, (target.value, separator.value.join(values))])

    return _relabelled(lines, [joined(labels) for labels in lines.labels], target.value)


class _Written:
    """How many characters a call has written at most: each counts as a sample, before it is written."""

    def __init__(self) -> None:
        self._characters = 0

    def add(self, characters: int) -> None:
        timely()
        self._characters += characters
        limited(self._characters)


def _relabelled(lines: Lines, labels: list[Labels], target: str) -> Lines:
    def fail(_: Labels) -> ExecutionError:
        return ExecutionError("vector cannot contain metrics with the same labelset")

    same = [new is old for new, old in zip(labels, lines.labels, strict=True)]
    dropped = lines.flags() & (np.array(same, bool) | (target != NAME))  # a name that is given stays
    relabelled = Lines(labels, lines.values, lines.present, dropped)
    return merged(relabelled.rows(np.flatnonzero(lines.present.any(axis=1))), fail)


def _label_name(name: Text, function: str, role: str = "destination") -> None:
    """Prometheus 3 takes any UTF-8 text but the empty one for a label's name."""
    if not name.value or not name.utf8:
        raise ExecutionError(f"invalid {role} label name in {function}(): {name.value}")
