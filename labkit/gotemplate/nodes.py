"""What a template consists of, once it is read."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Literal:
    """A constant: string, number, boolean or ``nil``."""

    value: Any


@dataclass(frozen=True)
class Field:
    """``.a.b``: of the value of ``base``, or of the dot where there is none; ``.`` alone has no names."""

    names: tuple[str, ...]
    base: "Operand | None" = None
    offset: int = 0


@dataclass(frozen=True)
class Variable:
    """``$name``, or ``$`` for the data that the template was given."""

    name: str
    offset: int


@dataclass(frozen=True)
class Call:
    """A function with its arguments."""

    function: str
    arguments: "tuple[Operand, ...]"
    offset: int


@dataclass(frozen=True)
class Pipeline:
    """Commands of which each gets the value of the one before as its last argument.

    ``variables`` are those it declares (or, with ``assign``, sets): one, or two in a ``range``.
    """

    commands: "tuple[Operand, ...]"
    variables: tuple[str, ...] = ()
    assign: bool = False
    offset: int = 0


Operand = Literal | Field | Variable | Call | Pipeline


@dataclass(frozen=True)
class Text:
    """Text as it stands."""

    text: str


@dataclass(frozen=True)
class Print:
    """The value of a pipeline is printed, unless it sets a variable."""

    pipeline: Pipeline


@dataclass(frozen=True)
class Branch:
    """``if`` and ``with``: ``then`` where the pipeline's value is true, else ``otherwise``."""

    pipeline: Pipeline
    then: "Body"
    otherwise: "Body"
    dotted: bool
    """``with``: the value is the dot of ``then``."""


@dataclass(frozen=True)
class Range:
    """``range``: ``body`` once for each element, which is its dot; ``otherwise`` where there is none."""

    pipeline: Pipeline
    body: "Body"
    otherwise: "Body"


@dataclass(frozen=True)
class Include:
    """``template "name" pipeline``."""

    name: str
    pipeline: Pipeline | None
    offset: int


@dataclass(frozen=True)
class Jump:
    """``break`` or ``continue`` of the innermost ``range``."""

    leave: bool


Node = Text | Print | Branch | Range | Include | Jump
Body = tuple[Node, ...]
