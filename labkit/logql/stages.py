"""The half of the parser that reads pipelines: line filters, parsers, label filters and formats."""

from collections.abc import Callable

from labkit.logql import syntax
from labkit.logql.checks import checked
from labkit.logql.conditions import condition
from labkit.logql.reading import MATCHES, Reader
from labkit.signals.matcher import Matcher

LINE_FILTERS = ("|=", "|~", "|>", "!=", "!~", "!>")


def pipeline(reader: Reader) -> tuple[syntax.Stage, ...]:
    """All stages up to what is none; ``| unwrap`` is none."""
    stages: list[syntax.Stage] = []
    while True:
        start = reader.next
        if reader.at(*LINE_FILTERS) and reader.ahead() in ("STRING", "ip"):
            stages.append(checked(_line_filter(reader), start))
        elif reader.at("|=", "|~", "|>", "!~", "!>"):
            reader.take()
            raise reader.unexpected("STRING", "ip")
        elif reader.at("|") and reader.ahead() != "unwrap":
            reader.take()
            stages.append(checked(_stage(reader), start))
        else:
            return tuple(stages)


def _line_filter(reader: Reader) -> syntax.Stage:
    op = reader.take().kind
    sought = [_sought(reader)]
    while reader.at("or") and reader.ahead() in ("STRING", "ip"):
        reader.take()
        sought.append(_sought(reader))
    return syntax.LineFilter(op, tuple(sought))


def _sought(reader: Reader) -> syntax.Sought:
    if not reader.taken("ip"):
        return syntax.Sought(reader.take().value)
    reader.expect("(")
    text = reader.expect("STRING").value
    reader.expect(")")
    return syntax.Sought(text, address=True)


def _stage(reader: Reader) -> syntax.Stage:
    """The stage after a ``|``."""
    if reader.at("IDENTIFIER", "("):
        return syntax.LabelFilter(condition(reader))
    if reader.next.kind not in _NAMED:
        raise reader.unexpected()
    token = reader.take()
    return _NAMED[token.kind](reader, token.kind)


def _logfmt(reader: Reader, _: str) -> syntax.Stage:
    flags = set()
    while reader.at("FUNCTION_FLAG"):
        flags.add(reader.take().text)
    return syntax.Logfmt("--strict" in flags, "--keep-empty" in flags, _fields(reader))


def _fields(reader: Reader) -> tuple[tuple[str, str], ...]:
    """What a parser shall give: labels, each with the expression of its field, or named like it."""
    return tuple(reader.separated(lambda: _field(reader))) if reader.at("IDENTIFIER") else ()


def _field(reader: Reader) -> tuple[str, str]:
    label = reader.expect("IDENTIFIER").text
    return label, reader.expect("STRING").value if reader.taken("=") else label


def _assignment(reader: Reader) -> syntax.Assignment:
    name = reader.expect("IDENTIFIER").text
    reader.expect("=")
    value = reader.expect("IDENTIFIER", "STRING")
    return syntax.Assignment(name, value.value, rename=value.kind == "IDENTIFIER")


def _sifted(reader: Reader) -> str | Matcher:
    name = reader.expect("IDENTIFIER")
    return reader.matcher(name, reader.take().kind) if reader.at(*MATCHES) else name.text


_NAMED: dict[str, Callable[[Reader, str], syntax.Stage]] = {
    "json": lambda reader, _: syntax.Json(_fields(reader)),
    "logfmt": _logfmt,
    "regexp": lambda reader, kind: syntax.Extract(kind, reader.expect("STRING").value),
    "pattern": lambda reader, kind: syntax.Extract(kind, reader.expect("STRING").value),
    "unpack": lambda _, kind: syntax.Plain(kind),
    "decolorize": lambda _, kind: syntax.Plain(kind),
    "line_format": lambda reader, _: syntax.LineFormat(reader.expect("STRING").value),
    "label_format": lambda reader, _: syntax.LabelFormat(tuple(reader.separated(lambda: _assignment(reader)))),
    "drop": lambda reader, kind: syntax.Sift(kind, tuple(reader.separated(lambda: _sifted(reader)))),
    "keep": lambda reader, kind: syntax.Sift(kind, tuple(reader.separated(lambda: _sifted(reader)))),
}
"""How each stage that has a name is read, behind the name."""
