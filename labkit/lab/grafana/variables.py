"""The variables of a dashboard: what each can be, and what it is."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labkit.clock import SECOND, Millis
from labkit.errors import QueryError
from labkit.lab.grafana.interpolation import Value, filled
from labkit.lab.grafana.model import Variable
from labkit.lab.http import Api

ALL = "$__all"
_LABEL_VALUES = re.compile(r"label_values\(\s*(?:(?P<selector>.+),\s*)?(?P<label>\w+)\s*\)", re.DOTALL)
_FUNCTION = re.compile(r"(?P<name>metrics|query_result|label_names)\((?P<inside>.*)\)", re.DOTALL)


@dataclass(frozen=True)
class Sources:
    """The servers behind the datasources, by Grafana's names of their kinds; what is not here has no server."""

    apis: Mapping[str, Api]
    start: Millis
    end: Millis

    def api(self, kind: str) -> Api:
        """The server of a kind of datasource; raises :class:`QueryError` if there is none."""
        if kind not in self.apis:
            raise QueryError(f"there is no datasource of type {kind} here", remedy=f"there are {', '.join(self.apis)}")
        return self.apis[kind]

    @property
    def span(self) -> list[tuple[str, str]]:
        """The time range as Prometheus' parameters."""
        return [("start", str(self.start / SECOND)), ("end", str(self.end / SECOND))]


def resolved(variables: Sequence[Variable], given: Mapping[str, Any], sources: Sources) -> dict[str, Value]:
    """A value for each variable, in their order: the one that is ``given``, else the dashboard's current one.

    Raises :class:`QueryError` for a name that is no variable's, and a value that a variable cannot have.
    """
    unknown = sorted(set(given) - {variable.name for variable in variables})
    if unknown:
        known = ", ".join(variable.name for variable in variables) or "none"
        raise QueryError(f"the dashboard has no variable {unknown[0]}", remedy=f"its variables: {known}")
    values: dict[str, Value] = {}
    for variable in variables:
        values[variable.name] = _value(variable, given.get(variable.name), values, sources)
    return values


def _value(variable: Variable, given: Any, before: Mapping[str, Value], sources: Sources) -> Value:
    if variable.type in {"constant", "textbox"}:
        wanted = given if given is not None else variable.current.value
        return Value((str(wanted if wanted is not None else variable.query),))
    if variable.type == "datasource":
        return Value((str(given or _one(variable.current.value) or variable.query),), shown=str(variable.query))
    options = [name for name, _ in options_of(variable, before, sources)]
    chosen = _chosen(variable, given, options)
    several = variable.multi or variable.include_all
    if chosen == [ALL]:
        everything = filled(variable.all_value, before) if variable.all_value else None
        return Value(tuple(options), several=True, everything=everything, shown="All")
    return Value(tuple(chosen), several=several)


def _chosen(variable: Variable, given: Any, options: list[str]) -> list[str]:
    """What is given, if it can be; else what the file has as current, if it is still there; else the first, or all."""
    if given is not None:
        wanted = [str(one) for one in (given if isinstance(given, list | tuple | set) else [given])]
        if wanted in (["All"], ["all"], [ALL]) and variable.include_all:
            return [ALL]
        strange = [one for one in wanted if one not in options]
        if strange:
            shown = ", ".join(options[:12]) + (" …" if len(options) > 12 else "")
            raise QueryError(
                f"{variable.name} cannot be {strange[0]!r}", remedy=f"it can be: {shown or 'nothing in this time'}"
            )
        return wanted
    current = variable.current.value
    wanted = [str(one) for one in (current if isinstance(current, list) else [current]) if one is not None]
    if ALL in wanted and variable.include_all:
        return [ALL]
    kept = [one for one in wanted if one in options]
    return kept or ([ALL] if variable.include_all else options[:1])


def options_of(variable: Variable, before: Mapping[str, Value], sources: Sources) -> list[tuple[str, str]]:
    """What a variable can be: pairs of value and text."""
    if variable.type in {"custom", "interval"}:
        return [_pair(option) for option in _split(str(variable.query))]
    if variable.type != "query":
        raise QueryError(f"variables of type {variable.type} are not supported here", where=variable.name)
    found = _filtered(_asked(variable, before, sources), variable.regex)
    return [(value, value) for value in _sorted(found, variable.sort)]


def _split(query: str) -> list[str]:
    r"""The options of a list: commas part them, but for ``\,``."""
    return [part.replace("\\,", ",").strip() for part in re.split(r"(?<!\\),", query) if part.strip()]


def _pair(option: str) -> tuple[str, str]:
    text, separator, value = option.partition(" : ")
    return (value.strip(), text.strip()) if separator else (option, option)


def _asked(variable: Variable, before: Mapping[str, Value], sources: Sources) -> list[str]:
    """The answers to a variable's query."""
    query = variable.query
    kind = kind_of(variable.datasource, before) or "prometheus"
    if isinstance(query, dict) and "label" in query:  # Loki's own form
        query = (
            f"label_values({query['stream']}, {query['label']})"
            if query.get("stream")
            else f"label_values({query['label']})"
        )
    text = filled(str(query.get("query", "") if isinstance(query, dict) else query), before).strip()
    if kind == "loki":
        return _loki(text, sources)
    return _prometheus(text, sources)


def _prometheus(text: str, sources: Sources) -> list[str]:
    api = sources.api("prometheus")
    if found := _LABEL_VALUES.fullmatch(text):
        match = [("match[]", found["selector"].strip())] if found["selector"] else []
        return list(api.get(f"/api/v1/label/{found['label']}/values", [*sources.span, *match], query=text)["data"])
    function = _FUNCTION.fullmatch(text)
    if function and function["name"] == "metrics":
        wanted = _pattern(function["inside"])
        return [
            name
            for name in api.get("/api/v1/label/__name__/values", sources.span, query=text)["data"]
            if wanted.search(name)
        ]
    if function and function["name"] == "label_names":
        return list(api.get("/api/v1/labels", sources.span, query=text)["data"])
    query = function["inside"] if function else text
    answer = api.post("/api/v1/query", [("query", query), ("time", str(sources.end / SECOND))], query=query)["data"]
    scalar = answer.get("resultType") == "scalar"
    return [_result(series) for series in ([{"metric": {}, "value": answer["result"]}] if scalar else answer["result"])]


def _result(series: Mapping[str, Any]) -> str:
    """A series as ``query_result`` gives it: ``name{label="value"} value time``."""
    labels = ",".join(f'{name}="{value}"' for name, value in series["metric"].items() if name != "__name__")
    time, value = series["value"]
    return f"{series['metric'].get('__name__', '')}{{{labels}}} {value} {time * 1000:.0f}"


def _loki(text: str, sources: Sources) -> list[str]:
    found = _LABEL_VALUES.fullmatch(text)
    if not found:
        raise QueryError("a variable of Loki asks label_values(…)", where=text)
    stream = [("query", found["selector"].strip())] if found["selector"] else []
    return list(
        sources.api("loki").get(f"/loki/api/v1/label/{found['label']}/values", stream, query=text).get("data") or []
    )


def kind_of(source: Any, values: Mapping[str, Value]) -> str | None:
    """The type of the datasource that is referred to; ``None`` for the default one."""
    if isinstance(source, dict):
        return str(source["type"]) if "type" in source else kind_of(source.get("uid"), values)
    if not isinstance(source, str) or source == "default":
        return None
    name = source.strip("${}")
    if name in values:
        return values[name].shown or None
    return next((kind for kind in ("prometheus", "loki", "jaeger", "alertmanager") if kind in name.lower()), None)


def _filtered(found: Iterable[str], regex: str) -> list[str]:
    """What the variable's regex passes, or the group ``value`` or first group in it."""
    body = regex.strip().removeprefix("/")
    body = body.rpartition("/")[0] if regex.strip().startswith("/") and "/" in body else body
    if not body:
        return list(dict.fromkeys(found))
    pattern = _pattern(re.sub(r"\(\?<(?=\w)", "(?P<", body))  # a group, not a look behind
    kept = (match for one in found if (match := pattern.search(one)))
    return list(
        dict.fromkeys(
            match.groupdict().get("value") or (match[1] if pattern.groups else match.string) for match in kept
        )
    )


def _pattern(text: str) -> re.Pattern[str]:
    """A regular expression of the dashboard; raises :class:`QueryError` if it is none."""
    try:
        return re.compile(text)
    except re.error as error:
        raise QueryError(f"not a regular expression: {error}", where=text, remedy="correct the variable") from error


def _sorted(found: list[str], order: int) -> list[str]:
    """Grafana's orders: 1, 2 by alphabet up and down; 3, 4 by the number in it; 5, 6 by alphabet without case; 7, 8 natural."""
    if not 1 <= order <= 8:
        return found
    keys: tuple[Callable[[str], Any], ...] = (str, _number, str.lower, _natural)
    return sorted(found, key=keys[(order - 1) // 2], reverse=order % 2 == 0)


def _number(text: str) -> tuple[float, str]:
    digits = re.search(r"\d+(?:\.\d+)?", text)
    return (float(digits[0]) if digits else float("-inf"), text)


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value
