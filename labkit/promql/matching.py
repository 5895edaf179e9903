"""Arithmetic and comparison between two vectors: which series meet, and what their result is called."""

from dataclasses import dataclass

import numpy as np
import promql_parser as ast

from labkit.promql.failures import ExecutionError, unsupported
from labkit.promql.limits import limited
from labkit.promql.operators import ARITHMETIC, COMPARISON, calculated, filtered
from labkit.promql.values import METADATA, Flags, Lines, merged, nothing
from labkit.signals.labels import NAME, Labels

_Card = ast.VectorMatchCardinality


@dataclass(frozen=True)
class Matching:
    """How series of two vectors are matched."""

    on: bool
    names: frozenset[str]
    include: tuple[str, ...]
    many: str
    """The side that may have many series to one of the other: ``left``, ``right``, or nothing."""

    def signature(self, labels: Labels) -> Labels:
        """What series that meet have in common."""
        return labels.only(self.names) if self.on else labels.without(self.names | {NAME})


def matching(modifier: ast.BinModifier | None) -> Matching:
    """The matching a modifier asks for."""
    if modifier is None:
        return Matching(on=False, names=frozenset(), include=(), many="")
    fill = modifier.fill_values
    if fill.lhs is not None or fill.rhs is not None:
        raise unsupported("the modifier fill")
    labels = modifier.matching
    many = "left" if modifier.card == _Card.ManyToOne else "right" if modifier.card == _Card.OneToMany else ""
    return Matching(
        on=labels is not None and labels.type == ast.LabelModifierType.Include,
        names=frozenset(labels.labels if labels is not None else ()),
        include=tuple(modifier.group_labels or ()),
        many=many,
    )


def matched(node: ast.BinaryExpr, left: Lines, right: Lines) -> Lines:
    """The result of an arithmetic operator or a comparison between two vectors."""
    how, operator = matching(node.modifier), str(node.op)
    steps = left.values.shape[1]
    # upstream looks at nothing where a side is empty
    both = np.logical_or.reduce(left.present) & np.logical_or.reduce(right.present)
    many, one = (right, left) if how.many == "right" else (left, right)
    _no_duplicates(how, one, both, "left" if how.many == "right" else "right")
    pairs = _pairs(how, many, one)
    if not pairs:
        return nothing(steps)
    of_many, of_one = (np.array(side) for side in zip(*pairs, strict=True))
    limited(len(pairs) * steps)
    present = many.present[of_many] & one.present[of_one]
    of_left, of_right = (of_one, of_many) if how.many == "right" else (of_many, of_one)
    values, against = left.values[of_left], right.values[of_right]
    as_bool = node.modifier is not None and node.modifier.return_bool
    if operator in COMPARISON and not as_bool:
        present &= filtered(operator, values, against)
    else:
        values = calculated(operator, values, against)
    if not how.many:  # what a comparison has filtered out meets nobody
        _one_to_one(how, many, of_many, present)
    changed = operator in ARITHMETIC
    labels = [_result(how, many.labels[m], one.labels[o], drop_name=changed) for m, o in pairs]
    lines = Lines(labels, values, present, np.full(len(labels), as_bool))
    return merged(lines.rows(np.flatnonzero(present.any(axis=1))), _ambiguous)


def _pairs(how: Matching, many: Lines, one: Lines) -> list[tuple[int, int]]:
    partners: dict[Labels, list[int]] = {}
    for row, labels in enumerate(one.labels):
        partners.setdefault(how.signature(labels), []).append(row)
    return [
        (row, partner) for row, labels in enumerate(many.labels) for partner in partners.get(how.signature(labels), ())
    ]


def _result(how: Matching, many: Labels, one: Labels, *, drop_name: bool) -> Labels:
    """The labels of a result (upstream ``resultMetric``)."""
    labels = many.without(METADATA) if drop_name else many
    if not how.many:
        labels = labels.only(how.names) if how.on else labels.without(how.names)
    if how.include:
        labels = Labels([*labels.without(how.include), *((name, one.get(name)) for name in how.include)])
    return labels


def _no_duplicates(how: Matching, lines: Lines, looked: Flags, side: str) -> None:
    """Raise if two series of the side of which there may be but one meet the same partners at a step."""
    seen: dict[Labels, list[int]] = {}
    for row, labels in enumerate(lines.labels):
        seen.setdefault(how.signature(labels), []).append(row)
    for group, rows in seen.items():
        if len(rows) > 1 and ((lines.present[rows].sum(axis=0) > 1) & looked).any():
            raise ExecutionError(
                f"found duplicate series for the match group {_braced(group)} on the {side} hand-side of the operation: "
                f"[{lines.labels[rows[1]]}, {lines.labels[rows[0]]}];many-to-many matching not allowed: "
                "matching labels must be unique on one side"
            )


def _one_to_one(how: Matching, left: Lines, rows: np.ndarray, present: Flags) -> None:
    """Raise if two series of the left meet the same partner at a step."""
    groups: dict[Labels, Flags] = {}
    for row, there in zip(rows, present, strict=True):
        group = how.signature(left.labels[row])
        if group in groups and (groups[group] & there).any():
            raise ExecutionError(
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
            )
        groups[group] = groups[group] | there if group in groups else there


def _ambiguous(_: Labels) -> ExecutionError:
    return ExecutionError("multiple matches for labels: grouping labels must ensure unique matches")


def _braced(labels: Labels) -> str:
    text = str(labels)
    return text if text.startswith("{") else "{" + f'__name__="{text}"' + "}"
