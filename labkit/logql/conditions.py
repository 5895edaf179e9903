"""The part of the parser that reads conditions on labels."""

from labkit.logql import syntax
from labkit.logql.reading import MATCHES, Reader

_OPS = ("=", "==", "!=", ">", ">=", "<", "<=", "=~", "!~")
_JOINED = {"and": "and", ",": "and", "or": "or"}


def condition(reader: Reader) -> syntax.Condition:
    """A condition; ``and`` (also written as a comma, or as nothing) binds closer than ``or``."""
    left = _conjunction(reader)
    while reader.taken("or"):
        reader.deeper()
        left = syntax.BothConditions("or", left, _conjunction(reader))
    return left


def _conjunction(reader: Reader) -> syntax.Condition:
    left = _single(reader)
    while reader.taken("and", ",") or reader.at("IDENTIFIER", "("):
        reader.deeper()
        left = syntax.BothConditions("and", left, _single(reader))
    return left


def _single(reader: Reader) -> syntax.Condition:
    if reader.taken("("):
        reader.deeper()
        inner = condition(reader)
        reader.expect(")")
        return inner
    name = reader.expect("IDENTIFIER")
    if not reader.at(*_OPS):
        raise reader.unexpected()
    op = reader.take().kind
    if reader.at("STRING") or op in ("=~", "!~"):
        if op not in MATCHES:
            raise reader.unexpected("NUMBER", "DURATION", "BYTES")
        return syntax.TextCondition(reader.matcher(name, op))
    if reader.at("ip") and op in ("=", "!="):
        return _address(reader, name.text, op)
    return _amount(reader, name.text, "==" if op == "=" else op)


def _address(reader: Reader, name: str, op: str) -> syntax.Condition:
    reader.take()
    reader.expect("(")
    pattern = reader.expect("STRING").value
    reader.expect(")")
    return syntax.AddressCondition(name, op, pattern)


def _amount(reader: Reader, name: str, op: str) -> syntax.Condition:
    if reader.at("DURATION", "BYTES"):
        token = reader.take()
        return syntax.AmountCondition(name, op, token.kind.lower(), float(token.value))
    return syntax.AmountCondition(name, op, "number", literal(reader))


def literal(reader: Reader) -> float:
    """A number with or without a sign."""
    sign = reader.take().kind if reader.at("+", "-") else ""
    return reader.number(reader.expect("NUMBER"), sign)
