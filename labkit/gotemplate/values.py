"""Values of templates: what is true, how they are printed and compared."""

from collections.abc import Mapping, Sequence
from typing import Any

from labkit.gotemplate.printf import value as printed

__all__ = ["equal", "field", "less", "printed", "truth"]


def truth(value: Any) -> bool:
    """Whether a value is true: not the zero of its type, not empty."""
    return bool(value)


def field(value: Any, name: str) -> Any:
    """The field ``name`` of ``value``; what is missing is empty. Raises :class:`TypeError` if it can have none."""
    if value is None:
        raise TypeError(f"nil pointer evaluating interface {{}}.{name}")
    if not isinstance(value, Mapping):
        raise TypeError(f"can't evaluate field {name} in type {kind(value)}")
    return value.get(name, "")


def kind(value: Any) -> str:
    """The name that Go has for a value's type."""
    known = {bool: "bool", int: "int", float: "float64", str: "string", type(None): "nil"}
    if type(value) in known:
        return known[type(value)]
    if isinstance(value, Mapping):
        return "map"
    return "slice" if isinstance(value, Sequence) else type(value).__name__


def equal(one: Any, *others: Any) -> bool:
    """``eq``: whether ``one`` equals any of ``others``; raises :class:`TypeError` if they cannot be compared."""
    for other in others:
        if None not in (one, other) and kind(one) != kind(other):
            raise TypeError("incompatible types for comparison")
    return any(one == other for other in others)


def less(one: Any, other: Any) -> bool:
    """``lt``; raises :class:`TypeError` if they have no order or differ in kind."""
    if kind(one) != kind(other):
        raise TypeError("incompatible types for comparison")
    if kind(one) not in ("int", "float64", "string"):
        raise TypeError("invalid type for comparison")
    return bool(one < other)
