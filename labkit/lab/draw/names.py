"""Short names for series: of their labels, what tells them apart and no more."""

from collections.abc import Mapping, Sequence

Labels = Mapping[str, str]
_LONG = 18
"""Characters from which a value is shortened by what all values have in common."""
_TOLD_BY = {"pod": 1, "node": 2, "instance": 3}
"""Of labels that part the series alike, the least names them; those that are not here come first, for they are short."""


def short_names(series: Sequence[Labels]) -> list[str]:
    """A name for each series: the values of the labels that differ, without those that say the same as another.

    ``{pod="api-5c-x1", instance="10.0.0.1", status="200"}`` becomes ``x1 200`` beside ``x2 200``.
    """
    labels = _telling(series)
    if not labels:
        return [one.get("__name__", "value") for one in series]
    columns = [_trimmed([one.get(label, "") for one in series]) for label in labels]
    return [" ".join(filter(None, row)) or "{}" for row in zip(*columns, strict=True)]


def full_name(labels: Labels) -> str:
    """A series as PromQL writes it."""
    inner = ", ".join(f'{name}="{value}"' for name, value in labels.items() if name != "__name__")
    return f"{labels.get('__name__', '')}{{{inner}}}" if inner else labels.get("__name__", "{}")


def _telling(series: Sequence[Labels]) -> list[str]:
    """The labels that differ; of those that part the series alike (an instance and its pod), the one that a reader asks for."""
    names = sorted({name for one in series for name in one})
    kept: dict[tuple[int, ...], str] = {}
    for name in names:
        values = [one.get(name, "") for one in series]
        first = {value: index for index, value in reversed(list(enumerate(values)))}
        parts = tuple(first[value] for value in values)
        if len(first) > 1 and (parts not in kept or _TOLD_BY.get(name, 0) < _TOLD_BY.get(kept[parts], 0)):
            kept[parts] = name
    finer = [name for name in kept.values() if not any(_said_by(name, other, series) for other in kept.values())]
    return finer or list(kept.values())


def _said_by(name: str, other: str, series: Sequence[Labels]) -> bool:
    """Whether a label's values are parts of another's: an app is part of its pods' names."""
    return (
        name != other
        and all(one.get(name, "") in one.get(other, "") for one in series)
        and any(one.get(name) != one.get(other) for one in series)
    )


def _trimmed(values: list[str]) -> list[str]:
    """Long values without the words that all of them begin with."""
    distinct = {value for value in values if value}
    if len(distinct) < 2 or max(map(len, distinct)) < _LONG:
        return values
    prefix = _common(sorted(distinct))
    cut = 1 + max(prefix.rfind(mark) for mark in "-/._:")
    return [f"…{value[cut:]}" if value and cut > 3 else value for value in values]


def _common(ordered: list[str]) -> str:
    """What the first and the last of sorted texts begin with, and so all between."""
    first, last = ordered[0], ordered[-1]
    length = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:length]
