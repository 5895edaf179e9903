"""Functions that change labels."""

import numpy as np

from labkit.errors import QueryError
from labkit.promql.failures import ExecutionError
from labkit.promql.values import Lines, Text, merged
from labkit.signals.labels import Labels
from labkit.signals.regex import compiled, expanded


def label_replace(lines: Lines, target: Text, replacement: Text, source: Text, pattern: Text) -> Lines:
    """``target`` set to ``replacement`` wherever ``pattern`` matches the whole of ``source``."""
    try:
        regex = compiled(pattern.value)
    except QueryError as error:
        raise ExecutionError(f"invalid regular expression in label_replace(): {pattern.value}") from error
    _label_name(target.value, "label_replace")

    def replaced(labels: Labels) -> Labels:
        found = regex.fullmatch(labels.get(source.value))
        if found is None:
            return labels
        return Labels([*labels.without((target.value,)), (target.value, expanded(replacement.value, found))])

    return _relabelled(lines, [replaced(labels) for labels in lines.labels])


def label_join(lines: Lines, target: Text, separator: Text, *sources: Text) -> Lines:
    """``target`` set to the values of ``sources``, joined."""
    for source in sources:
        _label_name(source.value, "label_join", "source")
    _label_name(target.value, "label_join")
    joined = [
        Labels([*labels, (target.value, separator.value.join(labels.get(source.value) for source in sources))])
        for labels in lines.labels
    ]
    return _relabelled(lines, joined)


def _relabelled(lines: Lines, labels: list[Labels]) -> Lines:
    def fail(_: Labels) -> ExecutionError:
        return ExecutionError("vector cannot contain metrics with the same labelset")

    kept = np.flatnonzero(lines.present.any(axis=1))
    return merged([labels[row] for row in kept], lines.values[kept], lines.present[kept], fail)


def _label_name(name: str, function: str, role: str = "destination") -> None:
    """Prometheus 3 takes any UTF-8 text but the empty one for a label's name."""
    if not name:
        raise ExecutionError(f"invalid {role} label name in {function}(): {name}")
