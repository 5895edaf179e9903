"""A pipeline made ready: every stage a function that changes a record and says whether it stays."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from labkit.logql import syntax
from labkit.logql.expressions import json_fields, logfmt_fields
from labkit.logql.filters import label_condition, line_filter
from labkit.logql.formats import decolorize, label_format, line_format
from labkit.logql.parsers import json_parser, logfmt_parser, pattern_parser, regexp_parser, unpack
from labkit.logql.record import Record
from labkit.signals.matcher import Matcher

Step = Callable[[Record], bool]

_WRITTEN = 2_048
"""What a template costs, which may work for a second; of all other stages each takes some microseconds."""
_PLAIN = 32

_MAKERS: dict[type, Callable[[Any], Step]] = {
    syntax.LineFilter: lambda stage: _of_line(line_filter(stage)),
    syntax.Json: lambda stage: json_fields(stage.fields) if stage.fields else json_parser,
    syntax.Logfmt: lambda stage: logfmt_fields(stage) if stage.fields else logfmt_parser(stage),
    syntax.Extract: lambda stage: (regexp_parser if stage.kind == "regexp" else pattern_parser)(stage.expression),
    syntax.Plain: lambda stage: unpack if stage.kind == "unpack" else decolorize,
    syntax.LabelFilter: lambda stage: label_condition(stage.condition),
    syntax.LineFormat: lambda stage: line_format(stage.template),
    syntax.LabelFormat: lambda stage: label_format(stage.assignments),
    syntax.Sift: lambda stage: (_drop if stage.kind == "drop" else _keep)(stage.labels),
}


def compiled(stage: syntax.Stage) -> Step:
    """One stage, ready; raises :class:`~labkit.errors.LabkitError` or :class:`ValueError` if an expression is none."""
    return _MAKERS[type(stage)](stage)


def prepared(stages: Iterable[syntax.Stage]) -> Step:
    """All stages, one after the other."""
    steps = [compiled(stage) for stage in stages]

    def run(record: Record) -> bool:
        return all(step(record) for step in steps)

    return run


def cost(stages: Iterable[syntax.Stage]) -> int:
    """How many steps of :class:`~labkit.logql.work.Work` one line through ``stages`` is."""
    return sum(_WRITTEN if isinstance(stage, syntax.LineFormat | syntax.LabelFormat) else _PLAIN for stage in stages)


def split(stages: Sequence[syntax.Stage]) -> tuple[Callable[[str], bool] | None, Sequence[syntax.Stage]]:
    """The line filters before all else as one test of the bare line, and the stages that remain."""
    number = next((at for at, stage in enumerate(stages) if not isinstance(stage, syntax.LineFilter)), len(stages))
    tests = [line_filter(stage) for stage in stages[:number] if isinstance(stage, syntax.LineFilter)]
    if not tests:
        return None, stages
    if len(tests) == 1:
        return tests[0], stages[number:]
    return lambda line: all(test(line) for test in tests), stages[number:]


def _of_line(test: Callable[[str], bool]) -> Step:
    return lambda record: test(record.line)


def _drop(labels: Sequence[str | Matcher]) -> Step:
    def drop(record: Record) -> bool:
        for label in labels:
            if isinstance(label, str):
                record.remove(label)
            elif label.accepts(record.get(label.name)):
                record.remove(label.name)
        return True

    return drop


def _keep(labels: Sequence[str | Matcher]) -> Step:
    def kept(name: str, value: str) -> bool:
        return any(
            name == label if isinstance(label, str) else name == label.name and label.accepts(value) for label in labels
        )

    def keep(record: Record) -> bool:
        for name, value in list(record.labels.items()):
            if not kept(name, value):
                record.remove(name)
        return True

    return keep
