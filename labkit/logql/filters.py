"""Filters of lines and of labels.

A text is looked for as a text before anything is matched, and regular expressions are RE2's, so that
the time a line takes grows with its length alone.
"""

import operator
import re
from collections.abc import Callable

from labkit.logql import syntax
from labkit.logql.addresses import address_test, found_address
from labkit.logql.patterns import Pattern
from labkit.logql.record import Record
from labkit.logql.units import go_duration, number, size
from labkit.signals.regex import compiled

LineTest = Callable[[str], bool]
LabelTest = Callable[[Record], bool]

FAILED = "LabelFilterErr"
_PLAIN = re.compile(r"[\w \-:/\",=@#%&;<>!~']*")
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip
_READ: dict[str, Callable[[str], float]] = {"number": number, "duration": go_duration, "bytes": size}


def line_filter(stage: syntax.LineFilter) -> LineTest:
    """The test of a line filter: one of what it seeks is found, or none."""
    tests = [_sought(stage.op[1], sought) for sought in stage.sought]
    if stage.op.startswith("!"):
        if len(tests) == 1:
            only = tests[0]
            return lambda line: not only(line)
        return lambda line: not any(test(line) for test in tests)
    return tests[0] if len(tests) == 1 else lambda line: any(test(line) for test in tests)


def _sought(kind: str, sought: syntax.Sought) -> LineTest:
    text = sought.text
    if sought.address:
        return found_address(text)
    if kind == ">":
        return Pattern.of_filter(text).test
    if kind == "=" or _PLAIN.fullmatch(text):
        return lambda line: text in line
    pattern = compiled(text, dot_all=False)
    return lambda line: pattern.search(line) is not None


def label_condition(condition: syntax.Condition) -> LabelTest:
    """The test of a condition on labels."""
    match condition:
        case syntax.TextCondition(matcher):
            name, accepts = matcher.name, matcher.accepts
            return lambda record: accepts(record.get(name))
        case syntax.AmountCondition():
            return _amount(condition)
        case syntax.AddressCondition():
            return _address(condition)
        case syntax.BothConditions(op, left, right):
            first, second = label_condition(left), label_condition(right)
            if op == "or":
                return lambda record: first(record) or second(record)
            return lambda record: bool(first(record) & second(record))  # both, for the errors they note


def _amount(condition: syntax.AmountCondition) -> LabelTest:
    """A label that is not there drops the line; one that cannot be read keeps it, with an error."""
    compare, read, wanted, name = _COMPARED[condition.op], _READ[condition.kind], condition.value, condition.name

    def test(record: Record) -> bool:
        if name not in record.labels:
            return False
        try:
            value = read(record.labels[name])
        except ValueError as error:
            if not record.error:
                record.fail(FAILED, str(error))
            return True
        return compare(value, wanted)

    return test


def _address(condition: syntax.AddressCondition) -> LabelTest:
    name, wanted, accepts = condition.name, condition.op == "=", address_test(condition.pattern)

    def test(record: Record) -> bool:
        return name in record.labels and accepts(record.labels[name]) is wanted

    return test
