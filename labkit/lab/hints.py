"""Why a query has no data: what of it Prometheus does not know."""

import difflib
import re

import promql_parser as ast

from labkit.clock import SECOND, Millis
from labkit.errors import LabkitError, QueryError
from labkit.lab.http import Api
from labkit.lab.quantities import children
from labkit.promql.parsing import parse

_SHOWN = 8
"""Values of a label that a hint lists."""
_PATIENCE = 5.0
"""Seconds that a hint may take to find."""
_STREAM = re.compile(r'(\w+)\s*(=~|!=|!~|=)\s*["`]([^"`]*)["`]')
"""A matcher of a stream selector."""


def why_nothing(api: Api, query: str, start: Millis, end: Millis) -> str:
    """The first reason found, in words; empty if nothing can be said."""
    try:
        return _reason(_Known(api, start, end), query)
    except LabkitError:  # a hint is a courtesy: the empty answer stands without it
        return ""


def no_lines(api: Api, query: str) -> str:
    """Why a log query finds no line: a stream's label that is not there, or a filter."""
    try:
        labels = api.get("/loki/api/v1/labels", timeout=_PATIENCE).get("data") or []
        for label, operator, value in _STREAM.findall(query.partition("}")[0]):
            if label not in labels:
                return f"No stream has the label {label}. Labels: {', '.join(labels)}."
            values = api.get(f"/loki/api/v1/label/{label}/values", timeout=_PATIENCE).get("data") or []
            if operator == "=" and value not in values:
                return f"No stream has {label}={_quoted(value)}. Its values are {', '.join(values[:_SHOWN])}."
    except LabkitError:  # as above
        return ""
    return "Its streams are known; in this time no line of them passes the filters."


class _Known:
    """What Prometheus holds between two times."""

    def __init__(self, api: Api, start: Millis, end: Millis) -> None:
        self._api = api
        self._span = (("start", str(start / SECOND - 300)), ("end", str(end / SECOND)))

    def values(self, label: str, selector: str | None = None) -> list[str]:
        match = (("match[]", selector),) if selector else ()
        path = f"/api/v1/label/{label}/values"
        return list(self._api.get(path, (*self._span, *match), timeout=_PATIENCE)["data"])


def _reason(known: _Known, query: str) -> str:
    selectors = list(_selectors(parse(query)))
    if not selectors:
        return "Nothing is selected."
    names = known.values("__name__")
    for selector in selectors:
        if found := _missing(known, names, selector):
            return found
    return "Every selector finds series; the operators, functions or comparisons between them leave none."


def _missing(known: _Known, names: list[str], selector: ast.VectorSelector) -> str:
    """Why one selector finds nothing; empty if it finds something."""
    name = selector.name
    if name and name not in names:
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
        return f"No metric is called {name} in this time." + (f" Did you mean {', '.join(near)}?" if near else "")
    matchers = [(m.name, _operator(m), m.value) for m in selector.matchers.matchers]
    if known.values("__name__", _written(name, matchers)):
        return ""
    for label, operator, value in matchers:
        if name and not known.values("__name__", _written(name, [(label, operator, value)])):
            return _unmatched(known, name, label, f"{label}{operator}{_quoted(value)}")
    return f"No series matches {_written(name, matchers)} in this time; its matchers do not hold together."


def _unmatched(known: _Known, name: str, label: str, matcher: str) -> str:
    values = known.values(label, name)
    if not values:
        return f"{name} has no label {label}."
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return f"No series of {name} matches {matcher}. Its values of {label} are {', '.join(values[:_SHOWN])}{more}."


def _selectors(node: ast.Expr) -> list[ast.VectorSelector]:
    if isinstance(node, ast.MatrixSelector):
        node = node.vector_selector
    if isinstance(node, ast.VectorSelector):
        return [node]
    return [found for child in children(node) for found in _selectors(child)]


def _operator(matcher: ast.Matcher) -> str:
    signs = ((ast.MatchOp.Equal, "="), (ast.MatchOp.NotEqual, "!="), (ast.MatchOp.Re, "=~"), (ast.MatchOp.NotRe, "!~"))
    return next(sign for operator, sign in signs if operator == matcher.op)


def _written(name: str | None, matchers: list[tuple[str, str, str]]) -> str:
    inner = ", ".join(f"{label}{operator}{_quoted(value)}" for label, operator, value in matchers)
    if not name and not inner:
        raise QueryError("a selector selects nothing")
    return f"{name or ''}{{{inner}}}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
