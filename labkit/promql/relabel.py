"""Functions that change labels."""

import numpy as np

from labkit.errors import QueryError
from labkit.promql.failures import ExecutionError
from labkit.promql.limits import limited
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
    values = [labels.get(source.value) for labels in lines.labels]
    # A character counts as a sample does: nested calls double a text again and again.
    limited(len(values) * len(replacement.value) + replacement.value.count("$") * sum(map(len, values)))

    def replaced(labels: Labels) -> Labels:
        found = regex.fullmatch(labels.get(source.value))
        if found is None:
            return labels
        return Labels([*labels.without((target.value,)), (target.value, expanded(replacement.value, found))])

    return _relabelled(lines, [replaced(labels) for labels in lines.labels], target.value)


def label_join(lines: Lines, target: Text, separator: Text, *sources: Text) -> Lines:
    """``target`` set to the values of ``sources``, joined."""
    for source in sources:
        _label_name(source, "label_join", "source")
    _label_name(target, "label_join")
    limited(sum(len(labels.get(source.value)) + len(separator.value) for source in sources for labels in lines.labels))
    joined = [
        Labels([*labels, (target.value, separator.value.join(labels.get(source.value) for source in sources))])
        for labels in lines.labels
    ]
    return _relabelled(lines, joined, target.value)


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
