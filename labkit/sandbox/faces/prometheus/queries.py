"""The endpoints that evaluate or read PromQL."""

import time
from collections.abc import Callable, Sequence

import orjson

from labkit.clock import SECOND
from labkit.promql import Engine, Result
from labkit.promql.limits import Tally, tallied
from labkit.promql.parsing import parse
from labkit.sandbox.faces.prometheus.call import TRUNCATED, Answer, Call, Pieces, Refused
from labkit.sandbox.faces.prometheus.parameters import BEGIN, END, ParameterError, invalid
from labkit.sandbox.faces.prometheus.results import cut, rendered

POINTS = 11_000
"""Steps a range query may have."""
LONGEST = 120.0
"""Seconds a query may take (``--query.timeout``)."""
SAID = 10
"""Warnings, and infos, that an answer has at most."""


def query(call: Call) -> Answer:
    """An expression at one time."""
    parameters = call.parameters
    limit, time = parameters.limit(), parameters.time_or("time", call.now)
    engine = _engine(call)
    return _answered(call, limit, lambda: engine.instant(parameters.get("query"), time))


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
    engine = _engine(call)
    return _answered(call, limit, lambda: engine.range(parameters.get("query"), start, end, step))


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


def _engine(call: Call) -> Engine:
    """The engine with the settings of this request; what it has waited for counts too."""
    parameters, waited = call.parameters, time.monotonic() - call.arrival
    timeout = parameters.duration("timeout") / SECOND if parameters.get("timeout") else LONGEST
    if waited >= min(timeout, LONGEST):
        raise Refused("timeout", "query timed out in query queue")
    try:
        lookback = parameters.duration("lookback_delta") if parameters.get("lookback_delta") else 0
    except ParameterError as error:
        reason = str(error).removeprefix('invalid parameter "lookback_delta": ')
        raise ParameterError(f"error parsing lookback delta duration: {reason}") from error
    return call.engine.under(lookback=lookback if lookback > 0 else None, timeout=min(timeout, LONGEST) - waited)


def _answered(call: Call, limit: int, evaluate: Callable[[], Result]) -> Answer:
    begun = time.monotonic()
    with tallied() as tally:
        result = evaluate()
    ended = time.monotonic()
    shown, truncated = cut(result, limit)
    pieces = [b"{", *rendered(shown)]
    if call.parameters.get("stats"):
        pieces.append(b',"stats":%b' % orjson.dumps(_statistics(tally, begun - call.arrival, ended - begun)))
    notes = result.annotations
    warnings = [*annotations(notes.warnings, "warning"), *([TRUNCATED] if truncated else [])]
    return Answer(Pieces([*pieces, b"}"]), warnings, annotations(notes.infos, "info"))


def annotations(texts: Sequence[str], kind: str) -> list[str]:
    """The first of many, and how many more there are (upstream ``AsStrings``)."""
    if len(texts) <= SAID:
        return list(texts)
    return [*texts[:SAID], f"{len(texts) - SAID} more {kind} annotations omitted"]


def _statistics(tally: Tally, waited: float, took: float) -> dict[str, dict[str, float]]:
    """What the query took; evaluation is not divided into phases here, so that its time stands in one of them."""
    return {
        "timings": {
            "evalTotalTime": took, "resultSortTime": 0.0, "queryPreparationTime": 0.0, "innerEvalTime": took,
            "execQueueTime": waited, "execTotalTime": waited + took,
        },
        "samples": {"totalQueryableSamples": tally.queried, "peakSamples": tally.peak},
    }  # fmt: skip
