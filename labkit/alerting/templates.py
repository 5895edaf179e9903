"""Templates of labels and annotations: what they may call, and what they are given.

Functions: https://prometheus.io/docs/prometheus/latest/configuration/template_reference/. A sample of
a query is a mapping of ``Labels`` and ``Value``. Left out is ``tmpl``, which calls a template by a
computed name: rules' templates have no others to call.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import re2

from labkit import gotemplate
from labkit.alerting.humanize import humanize, humanize1024, humanize_duration, humanize_percentage, humanize_timestamp
from labkit.clock import SECOND
from labkit.durations import duration
from labkit.errors import QueryError
from labkit.gotemplate.builtins import BUILTINS
from labkit.signals.labels import Labels

VARIABLES = ("$labels", "$externalLabels", "$externalURL", "$value")
"""What a template of a rule has beside the dot."""

Sample = dict[str, Any]
Query = Callable[[str], list[Sample]]
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_ADDRESS = re.compile(r"^[^/]*//[^/]*")
_escaped = BUILTINS["urlquery"]
_GROUP = re.compile(r"\$(?:\$|(?P<plain>\w+)|\{(?P<braced>\w+)\})")
_CHANGING = re.compile(r"[$.](?:value|Value)\b|\b(?:query|now)\b|(?<![\w)\]\"])\.(?![\w.])|\$(?!\w)")
"""What in a template may come out differently from one evaluation to the next."""


def sample(labels: Labels, value: float) -> Sample:
    """A sample as templates see it."""
    return {"Labels": dict(labels), "Value": value}


def changing(text: str) -> bool:
    """Whether a template depends on more than its sample's labels."""
    return "{{" in text and _CHANGING.search(text) is not None


def graph_link(expression: str) -> str:
    """The path of an expression's graph in Prometheus' pages."""
    return f"/graph?g0.expr={_escaped(expression)}&g0.tab=0"


def table_link(expression: str) -> str:
    """The path of an expression's table in Prometheus' pages."""
    return f"/graph?g0.expr={_escaped(expression)}&g0.tab=1"


class Expander:
    """Expands the templates of rules. ``query`` and ``now`` (seconds) are those of the time that is expanded for."""

    def __init__(self, external_labels: Mapping[str, str], external_url: str) -> None:
        self._external = dict(external_labels)
        self._url = external_url
        self._query: Query = _no_query
        self._now = 0.0
        self._functions = FUNCTIONS | {
            "query": self._ask,
            "now": lambda: self._now,
            "externalURL": lambda: external_url,
            "pathPrefix": lambda: _ADDRESS.sub("", external_url),
        }
        self._parsed = lru_cache(2_000)(self._parse)

    def expand(self, text: str, labels: Labels, value: float, query: Query, now: float) -> str:
        """The text of a template for a sample; where it fails, upstream's note of the failure."""
        if "{{" not in text:
            return text
        self._query, self._now = query, now
        given = dict(labels)
        variables = {
            "$labels": given, "$externalLabels": self._external, "$externalURL": self._url, "$value": value,
        }  # fmt: skip
        data = {"Labels": given, "ExternalLabels": self._external, "ExternalURL": self._url, "Value": value}
        try:
            return self._parsed(text).render(data, variables)
        except (gotemplate.TemplateError, QueryError) as error:
            return f"<error expanding template: {error.what}>"

    def _ask(self, text: str) -> list[Sample]:
        return self._query(text)

    def _parse(self, text: str) -> gotemplate.Template:
        return gotemplate.parse(text, self._functions, VARIABLES)


def _no_query(text: str) -> list[Sample]:
    raise gotemplate.TemplateError(f"no query can be made here: {text}", remedy="expand it for an evaluation")


def _first(samples: Sequence[Sample]) -> Sample:
    if not samples:
        raise gotemplate.TemplateError("first() called on vector with no elements", remedy="ask with 'with' first")
    return samples[0]


def _label(name: str, one: Sample) -> str:
    return str(one["Labels"].get(name, ""))


def _sort_by_label(name: str, samples: Sequence[Sample]) -> list[Sample]:
    return sorted(samples, key=lambda one: _label(name, one))


@lru_cache(200)
def _regex(pattern: str) -> Any:
    try:
        return re2.compile(pattern, options=_OPTIONS)
    except re2.error as error:
        raise gotemplate.TemplateError(f"error parsing regexp: {error}", remedy="correct the pattern") from error


def _match(pattern: str, text: str) -> bool:
    return _regex(pattern).search(text) is not None


def _replace_all(pattern: str, replacement: str, text: str) -> str:
    """Go's ``ReplaceAllString``: ``$1`` and ``${name}`` are groups, and a group that is not there is empty."""

    def group(found: re.Match[str], named: re.Match[str]) -> str:
        name = named["plain"] or named["braced"]
        if name is None:
            return "$"
        try:
            return found[int(name) if name.isdecimal() else name] or ""
        except IndexError:
            return ""

    return str(_regex(pattern).sub(lambda found: _GROUP.sub(lambda named: group(found, named), replacement), text))


def _title(text: str) -> str:
    """Go's ``strings.Title``: what follows a space, or begins the text, is a capital."""
    return re.sub(r"(?:^|(?<=[^\w']))\w", lambda found: found[0].upper(), text)


def _strip_port(address: str) -> str:
    found = re.fullmatch(r"\[(.*)\]:\d*|([^:]*):\d*", address)
    return (found[1] or found[2] or "") if found else address


def _strip_domain(address: str) -> str:
    host, colon, port = address.partition(":")
    return address if re.fullmatch(r"[\d.]+", host) else host.split(".")[0] + colon + port


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "query": _no_query, "now": lambda: 0.0, "externalURL": str, "pathPrefix": str,
    "first": _first, "label": _label, "value": lambda one: one["Value"],
    "strvalue": lambda one: one["Labels"].get("__value__", ""), "sortByLabel": _sort_by_label,
    "humanize": humanize, "humanize1024": humanize1024, "humanizeDuration": humanize_duration,
    "humanizePercentage": humanize_percentage, "humanizeTimestamp": humanize_timestamp,
    "toTime": humanize_timestamp, "parseDuration": lambda text: duration(text) / SECOND,
    "title": _title, "toUpper": str.upper, "toLower": str.lower, "match": _match, "reReplaceAll": _replace_all,
    "graphLink": graph_link, "tableLink": table_link, "stripPort": _strip_port, "stripDomain": _strip_domain,
    "urlQueryEscape": _escaped,
    "safeHtml": str, "args": lambda *values: {f"arg{place}": one for place, one in enumerate(values)},
}  # fmt: skip
"""By name; those that depend on the evaluation are bound by an :class:`Expander`."""
