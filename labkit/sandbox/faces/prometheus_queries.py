"""The endpoints that evaluate or read PromQL."""

from labkit.promql import Result
from labkit.promql.parsing import parse
from labkit.sandbox.faces.prometheus_call import TRUNCATED, Answer, Call, Pieces
from labkit.sandbox.faces.prometheus_parameters import BEGIN, END, ParameterError, invalid
from labkit.sandbox.faces.prometheus_results import cut, rendered

POINTS = 11_000
"""Steps a range query may have."""


def query(call: Call) -> Answer:
    """An expression at one time."""
    parameters = call.parameters
    limit, time = parameters.limit(), parameters.time_or("time", call.now)
    return _answer(call, call.engine.instant(parameters.get("query"), time), limit)


def query_range(call: Call) -> Answer:
    """An expression over a range of times."""
    parameters = call.parameters
    limit, start, end = parameters.limit(), parameters.time("start"), parameters.time("end")
    if end < start:
        raise invalid("end", "end timestamp must not be before start time")
    step = parameters.duration("step")
    if step <= 0:
        raise invalid("step", "zero or negative query resolution step widths are not accepted. Try a positive integer")
    if (end - start) // step > POINTS:
        raise ParameterError(
            "exceeded maximum resolution of 11,000 points per timeseries. "
            "Try decreasing the query resolution (?step=XX)"
        )
    return _answer(call, call.engine.range(parameters.get("query"), start, end, step), limit)


def query_exemplars(call: Call) -> Answer:
    """The exemplars of the series of an expression: there are none here."""
    start, end = call.parameters.time_or("start", BEGIN), call.parameters.time_or("end", END)
    if end < start:
        raise ParameterError("end timestamp must not be before start timestamp")
    parse(call.parameters.get("query"))
    return Answer([])


def format_query(call: Call) -> Answer:
    """An expression in upstream's layout."""
    return Answer(parse(call.parameters.get("query")).prettify())


def _answer(call: Call, result: Result, limit: int) -> Answer:
    shown, truncated = cut(result, limit)
    warnings = [*result.annotations.warnings, *([TRUNCATED] if truncated else [])]
    return Answer(Pieces([b"{", *rendered(shown), b"}"]), warnings, list(result.annotations.infos))
