"""The syntax tree of LogQL. ``str`` of a node is a query that is parsed to the same node."""

from dataclasses import dataclass, field

from labkit.logql.tokens import quoted
from labkit.logql.units import written_duration, written_range
from labkit.promql.numbers import formatted
from labkit.signals.matcher import Matcher
from labkit.signals.streams import Nanos


def written(matcher: Matcher) -> str:
    """A matcher as LogQL writes it."""
    return f"{matcher.name}{matcher.op.value}{quoted(matcher.value)}"


# ── conditions on labels ──────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class TextCondition:
    """A label's text compared with a matcher."""

    matcher: Matcher

    def __str__(self) -> str:
        return written(self.matcher)


@dataclass(frozen=True)
class AmountCondition:
    """A label's text, read as ``kind`` (``number``, ``duration`` in nanoseconds, ``bytes``), compared with a number."""

    name: str
    op: str
    kind: str
    value: float

    def __str__(self) -> str:
        if self.kind == "duration":
            return f"{self.name}{self.op}{written_duration(int(self.value))}"
        return f"{self.name}{self.op}{formatted(self.value)}{'B' if self.kind == 'bytes' else ''}"


@dataclass(frozen=True)
class AddressCondition:
    """A label's address compared with an address, a range or a CIDR block; ``op`` is ``=`` or ``!=``."""

    name: str
    op: str
    pattern: str

    def __str__(self) -> str:
        return f"{self.name}{self.op}ip({quoted(self.pattern)})"


@dataclass(frozen=True)
class BothConditions:
    """Two conditions joined by ``and`` or ``or``."""

    op: str
    left: "Condition"
    right: "Condition"

    def __str__(self) -> str:
        return f"({self.left} {self.op} {self.right})"


Condition = TextCondition | AmountCondition | AddressCondition | BothConditions


# ── stages of a pipeline ──────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Sought:
    """What a line filter looks for: a text, or an address (``ip(…)``)."""

    text: str
    address: bool = False

    def __str__(self) -> str:
        return f"ip({quoted(self.text)})" if self.address else quoted(self.text)


@dataclass(frozen=True)
class LineFilter:
    """Keeps lines in which one of ``sought`` is found, or none of them if ``op`` begins with ``!``."""

    op: str
    sought: tuple[Sought, ...]

    def __str__(self) -> str:
        return f"{self.op} {' or '.join(map(str, self.sought))}"


@dataclass(frozen=True)
class Json:
    """``json``: all fields, or for each label the field that an expression names."""

    fields: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return "| json" + _assigned(self.fields)


@dataclass(frozen=True)
class Logfmt:
    """``logfmt``: all keys, or for each label the key that an expression names."""

    strict: bool = False
    keep_empty: bool = False
    fields: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        flags = " --strict" * self.strict + " --keep-empty" * self.keep_empty
        return f"| logfmt{flags}" + _assigned(self.fields)


@dataclass(frozen=True)
class Extract:
    """``regexp`` or ``pattern``, with its expression."""

    kind: str
    expression: str

    def __str__(self) -> str:
        return f"| {self.kind} {quoted(self.expression)}"


@dataclass(frozen=True)
class Plain:
    """A stage without arguments: ``unpack`` or ``decolorize``."""

    kind: str

    def __str__(self) -> str:
        return f"| {self.kind}"


@dataclass(frozen=True)
class LabelFilter:
    """Keeps lines whose labels meet a condition."""

    condition: Condition

    def __str__(self) -> str:
        return f"| {self.condition}"


@dataclass(frozen=True)
class LineFormat:
    """Writes the line anew from a template."""

    template: str

    def __str__(self) -> str:
        return f"| line_format {quoted(self.template)}"


@dataclass(frozen=True)
class Assignment:
    """One label of ``label_format``: renamed from ``value``, or written from the template ``value``."""

    name: str
    value: str
    rename: bool

    def __str__(self) -> str:
        return f"{self.name}={self.value if self.rename else quoted(self.value)}"


@dataclass(frozen=True)
class LabelFormat:
    """Renames labels and writes them from templates."""

    assignments: tuple[Assignment, ...]

    def __str__(self) -> str:
        return f"| label_format {', '.join(map(str, self.assignments))}"


@dataclass(frozen=True)
class Sift:
    """``drop`` or ``keep``: labels by name, some only if their value matches."""

    kind: str
    labels: tuple[str | Matcher, ...]

    def __str__(self) -> str:
        return f"| {self.kind} " + ", ".join(one if isinstance(one, str) else written(one) for one in self.labels)


Stage = LineFilter | Json | Logfmt | Extract | Plain | LabelFilter | LineFormat | LabelFormat | Sift


def _assigned(fields: tuple[tuple[str, str], ...]) -> str:
    return " " + ", ".join(f"{label}={quoted(expression)}" for label, expression in fields) if fields else ""


# ── expressions ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class LogQuery:
    """Streams by their labels, and what is done with each of their lines."""

    matchers: tuple[Matcher, ...]
    stages: tuple[Stage, ...] = ()

    def __str__(self) -> str:
        return " ".join(["{" + ", ".join(map(written, self.matchers)) + "}", *map(str, self.stages)])


@dataclass(frozen=True)
class Unwrap:
    """The label whose value is a sample, how it is read (``bytes``, ``duration``, …), and conditions after that."""

    label: str
    conversion: str = ""
    conditions: tuple[Condition, ...] = ()

    def __str__(self) -> str:
        label = f"{self.conversion}({self.label})" if self.conversion else self.label
        return f"| unwrap {label}" + "".join(f" | {condition}" for condition in self.conditions)


@dataclass(frozen=True)
class LogRange:
    """The lines (or unwrapped values) of ``length`` nanoseconds up to each step, ``offset`` earlier."""

    query: LogQuery
    length: Nanos
    offset: Nanos = 0
    unwrap: Unwrap | None = None

    def __str__(self) -> str:
        unwrap = f" {self.unwrap}" if self.unwrap else ""
        offset = f" offset {written_duration(self.offset)}" if self.offset else ""
        return f"{self.query}{unwrap}[{written_range(self.length)}]{offset}"


@dataclass(frozen=True)
class Grouping:
    """``by`` or ``without`` and the labels."""

    without: bool
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{'without' if self.without else 'by'} ({', '.join(self.names)})"


@dataclass(frozen=True)
class RangeAggregation:
    """An aggregation of each series over its range; ``parameter`` is the level of a quantile."""

    op: str
    range: LogRange
    parameter: float | None = None
    grouping: Grouping | None = None

    def __str__(self) -> str:
        parameter = f"{formatted(self.parameter)}, " if self.parameter is not None else ""
        return f"{self.op}({parameter}{self.range})" + (f" {self.grouping}" if self.grouping else "")


@dataclass(frozen=True)
class VectorAggregation:
    """An aggregation over series; ``parameter`` is how many ``topk`` and ``bottomk`` keep."""

    op: str
    inner: "MetricQuery"
    parameter: int | None = None
    grouping: Grouping | None = None

    def __str__(self) -> str:
        parameter = f"{self.parameter}, " if self.parameter is not None else ""
        return f"{self.op}{f' {self.grouping} ' if self.grouping else ''}({parameter}{self.inner})"


@dataclass(frozen=True)
class Matching:
    """How the sides of a binary operator are matched: ``on`` (or ignoring) ``names``, ``group`` left or right."""

    as_bool: bool = False
    on: bool = False
    names: tuple[str, ...] | None = None
    group: str = ""
    include: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = " bool" if self.as_bool else ""
        if self.names is not None:
            text += f" {'on' if self.on else 'ignoring'} ({', '.join(self.names)})"
        if self.group:
            text += f" group_{self.group} ({', '.join(self.include)})"
        return text


@dataclass(frozen=True)
class BinaryOperation:
    """An operator between two metric queries."""

    op: str
    left: "MetricQuery"
    right: "MetricQuery"
    matching: Matching = field(default_factory=Matching)

    def __str__(self) -> str:
        return f"({self.left} {self.op}{self.matching} {self.right})"


@dataclass(frozen=True)
class Literal:
    """A number; ``vector(…)`` makes it a vector without labels."""

    value: float
    vector: bool = False

    def __str__(self) -> str:
        return f"vector({formatted(self.value)})" if self.vector else formatted(self.value)


@dataclass(frozen=True)
class LabelReplace:
    """``label_replace``."""

    inner: "MetricQuery"
    target: str
    replacement: str
    source: str
    pattern: str

    def __str__(self) -> str:
        texts = ", ".join(map(quoted, (self.target, self.replacement, self.source, self.pattern)))
        return f"label_replace({self.inner}, {texts})"


MetricQuery = RangeAggregation | VectorAggregation | BinaryOperation | Literal | LabelReplace
Query = LogQuery | MetricQuery
