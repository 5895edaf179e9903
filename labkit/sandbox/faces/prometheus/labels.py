"""The endpoints that tell which series and labels there are."""

import re
from collections.abc import Sequence

from labkit.errors import QueryError
from labkit.promql.parsing import selector_of
from labkit.sandbox.faces.prometheus.call import Answer, Call, limited
from labkit.sandbox.faces.prometheus.parameters import BEGIN, END, ParameterError, invalid, quoted
from labkit.signals.labels import Labels
from labkit.signals.matcher import Matcher

_EMPTY = "at least one non-empty matcher"
_ESCAPED = re.compile(r"_(?:_|([0-9A-Fa-f]{1,6})_)")


def series(call: Call) -> Answer:
    """The labels of the series that match."""
    if not call.parameters.all("match[]"):
        raise ParameterError("no match[] parameter provided")
    limit, (start, end) = call.parameters.limit(), _range(call)
    try:
        wanted = _selectors(call)
    except ParameterError as error:
        raise invalid("match[]", error) from error
    return limited([dict(labels) for labels in _matching(call, wanted, start, end)], limit)


def label_names(call: Call) -> Answer:
    """The names of labels, of all series or of those that match."""
    limit, (start, end), wanted = call.parameters.limit(), _range(call), _selectors(call)
    found = _matching(call, wanted, start, end) if _bounded(call, wanted) else None
    return limited(call.source.label_names(found), limit)


def label_values(call: Call, name: str) -> Answer:
    """The values of a label, in all series or in those that match."""
    name = unescaped(name)
    if not name:
        raise ParameterError(f"invalid label name: {quoted(name)}")
    limit, (start, end), wanted = call.parameters.limit(), _range(call), _selectors(call)
    found = _matching(call, wanted, start, end) if _bounded(call, wanted) else None
    return limited(call.source.label_values(name, found), limit)


def unescaped(name: str) -> str:
    """A label's name as it is, of one that a client has escaped: ``U__http_2e_status`` is ``http.status``.

    Upstream: ``model.UnescapeName`` with values' escaping; what is not so escaped stays.
    """
    text = name.removeprefix("U__")
    if text == name or _ESCAPED.sub("", text).count("_"):
        return name
    try:
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else "_", text)
    except (ValueError, OverflowError):
        return name


def _range(call: Call) -> tuple[int, int]:
    return call.parameters.time_or("start", BEGIN), call.parameters.time_or("end", END)


def _bounded(call: Call, wanted: Sequence[object]) -> bool:
    """Whether anything narrows the series down."""
    return bool(wanted or call.parameters.get("start") or call.parameters.get("end"))


def _selectors(call: Call) -> list[tuple[Matcher, ...]]:
    """The selectors of ``match[]``; each must say something of a label that is there."""
    try:
        found = [selector_of(text) for text in call.parameters.all("match[]")]
    except QueryError as error:
        empty = _EMPTY in error.what  # of a query; of a parameter upstream says it in other words
        raise ParameterError(f"match[] must contain {_EMPTY}" if empty else error.what) from error
    for matchers in found:
        if all(matcher.accepts("") for matcher in matchers):
            raise ParameterError(f"match[] must contain {_EMPTY}")
    return found


def _matching(call: Call, wanted: list[tuple[Matcher, ...]], start: int, end: int) -> list[Labels]:
    """The series of any of the selectors (of none, all) with samples in the range, sorted."""
    found = [call.source.series(matchers, start, end) for matchers in wanted or [()]]
    return found[0] if len(found) == 1 else sorted({labels for part in found for labels in part})
