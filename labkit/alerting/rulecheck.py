"""What upstream refuses in a rule that has the right fields (``model/rulefmt/rulefmt.go``, ``Rule.Validate``).

Names are held to the classic alphabet, as Prometheus before version 3 and our parser hold them.
"""

import re
from collections.abc import Mapping

from labkit import gotemplate
from labkit.alerting.documents import Document, Malformed, Path
from labkit.alerting.rule import Rule
from labkit.alerting.templates import FUNCTIONS, VARIABLES
from labkit.errors import QueryError
from labkit.promql.parsing import parse

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)


def rule(document: Document, path: Path, checked: Rule) -> None:
    """Raise :class:`Malformed` at the first thing that is wrong with a rule."""
    for field, what in _problems(checked):
        raise Malformed(what, document.line((*path, field)), (*path, field))
    labels(document, (*path, "labels"), checked.labels)
    for name in checked.annotations:
        if not _LABEL.fullmatch(name):
            raise Malformed(f"invalid annotation name: {name}", document.line((*path, "annotations", name)), path)
    if checked.alert:
        _templates(document, path, checked)


def labels(document: Document, path: Path, given: Mapping[str, str]) -> None:
    """Raise :class:`Malformed` at a label that a rule may not set."""
    for name in given:
        if not _LABEL.fullmatch(name) or name == "__name__":
            raise Malformed(f"invalid label name: {name}", document.line((*path, name)), (*path, name))


def _problems(checked: Rule) -> list[tuple[str, str]]:
    """Field and problem, in upstream's order."""
    found = []
    if checked.record and checked.alert:
        found.append(("alert", "only one of 'record' and 'alert' must be set"))
    if not checked.record and not checked.alert:
        found.append(("expr", "one of 'record' or 'alert' must be set"))
    if not checked.expr:
        found.append(("expr", "field 'expr' must be set in rule"))
    elif problem := _expression(checked.expr):
        found.append(("expr", f"could not parse expression: {problem}"))
    if checked.record:
        found += _recording(checked)
    return found


def _recording(checked: Rule) -> list[tuple[str, str]]:
    found = []
    if checked.annotations:
        found.append(("annotations", "invalid field 'annotations' in recording rule"))
    if checked.hold:
        found.append(("for", "invalid field 'for' in recording rule"))
    if checked.keep_firing_for:
        found.append(("keep_firing_for", "invalid field 'keep_firing_for' in recording rule"))
    if not _METRIC.fullmatch(checked.record):
        found.append(("record", f"invalid recording rule name: {checked.record}"))
    return found


def _expression(text: str) -> str:
    try:
        parse(text)
    except QueryError as error:
        return error.what.removeprefix("parse error: ")
    return ""


def _templates(document: Document, path: Path, checked: Rule) -> None:
    for kind, texts in (("label", checked.labels), ("annotation", checked.annotations)):
        for name, text in texts.items():
            try:
                gotemplate.parse(text, FUNCTIONS, VARIABLES)
            except gotemplate.TemplateError as error:
                place = (*path, f"{kind}s", name)
                what = f'{kind} "{name}": error parsing template __alert_{checked.alert}: {error.where}: {error.what}'
                raise Malformed(what, document.line(place), place) from error
