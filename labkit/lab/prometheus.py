"""PromQL over Prometheus' HTTP API, answered as pandas frames that draw themselves.

The response's form is that of https://prometheus.io/docs/prometheus/latest/querying/api/.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labkit.clock import SECOND, Millis
from labkit.lab.http import Api

if TYPE_CHECKING:
    from labkit.lab.frames import About, Answer

RESOLUTION = 15 * SECOND
"""The scrape interval: no finer step shows more."""
POINTS = 240
"""About how many points a range has, unless a step is asked for."""


def api(url: str) -> Api:
    """Prometheus at ``url``."""
    return Api("Prometheus", url)


def instant(url: str, query: str, at: Millis) -> "Answer":
    """The value of ``query`` at a time: a row a series, its labels and then ``value``."""
    answer = ask(url, "query", {"query": query, "time": str(at / SECOND)})
    return instant_frame(answer["data"], about(url, query, answer, at, at))


def ranged(url: str, query: str, start: Millis, end: Millis, step: Millis | None) -> "Answer":
    """The values of ``query`` from ``start`` to ``end``: a row a time (UTC), a column a series."""
    step = step or step_of(end - start)
    span = {"start": str(start / SECOND), "end": str(end / SECOND), "step": str(step / SECOND)}
    answer = ask(url, "query_range", {"query": query, **span})
    return range_frame(answer["data"], about(url, query, answer, start, end))


def step_of(span: Millis) -> Millis:
    """The distance between points that gives about :data:`POINTS` over ``span``: whole scrape intervals."""
    return max(RESOLUTION, -(-span // POINTS // RESOLUTION) * RESOLUTION)


def ask(url: str, endpoint: str, parameters: dict[str, str]) -> dict[str, Any]:
    """An answer with its ``data``, ``warnings`` and ``infos``; raises :class:`QueryError` with Prometheus' own complaint."""
    answer: dict[str, Any] = api(url).post(f"/api/v1/{endpoint}", parameters.items(), query=parameters["query"])
    return answer


def about(url: str, query: str, answer: dict[str, Any], start: Millis, end: Millis) -> "About":
    """What an answer is about; of an empty one, why it is empty."""
    from labkit.lab.frames import About  # noqa: PLC0415  (heavy)
    from labkit.lab.hints import why_nothing  # noqa: PLC0415  (loads the parser)
    from labkit.lab.quantities import unit_of  # noqa: PLC0415  (loads the parser)

    result = answer["data"]["result"]
    notes = (*answer.get("warnings", ()), *answer.get("infos", ()))
    hint = "" if result else why_nothing(api(url), query, start, end)
    span = (start / SECOND, end / SECOND) if start < end else None
    return described(About(query, unit_of(query), notes, hint=hint, span=span), answer["data"])


def described(said: "About", data: dict[str, Any]) -> "About":
    """``said`` with the labels of the series in ``data``."""
    if data["resultType"] not in {"vector", "matrix"}:
        return said
    metrics = [series["metric"] for series in data["result"]]
    differing = _differing(metrics)
    named = {_name(metric, differing): metric for metric in metrics} if data["resultType"] == "matrix" else {}
    return replace(said, common=common(metrics), labels=named)


def instant_frame(data: dict[str, Any], said: "About | None" = None) -> "Answer":
    """The frame of an instant query's ``data``: vector, scalar or string."""
    import pandas as pd  # noqa: PLC0415  (heavy)

    from labkit.lab.frames import About, Answer  # noqa: PLC0415  (heavy)

    said = said or About()
    if data["resultType"] in {"scalar", "string"}:
        value = data["result"][1]
        return Answer.of(pd.DataFrame({"value": [float(value) if data["resultType"] == "scalar" else value]}), said)
    if data["resultType"] == "matrix":
        return range_frame(data, said)
    rows = [{**series["metric"], "value": float(series["value"][1])} for series in data["result"]]
    labels = sorted(
        {label for row in rows for label in row} - {"value"}, key=lambda label: (label != "__name__", label)
    )
    return Answer.of(pd.DataFrame(rows, columns=[*labels, "value"]), said)


def range_frame(data: dict[str, Any], said: "About | None" = None) -> "Answer":
    """The frame of a range query's ``data``.

    Columns are named by the labels in which the series differ; one such label gives plain values and
    names the columns' axis, so that ``frame.plot()`` has a legend that says what it must.
    """
    import pandas as pd  # noqa: PLC0415  (heavy)

    from labkit.lab.frames import About, Answer  # noqa: PLC0415  (heavy)

    series = data["result"]
    differing = _differing([one["metric"] for one in series])
    columns = {
        index: pd.Series({time: float(value) for time, value in one["values"]}, dtype="float64")
        for index, one in enumerate(series)
    }
    frame = pd.DataFrame(columns).sort_index()
    moments = (frame.index.to_numpy(dtype="float64") * SECOND).round().astype("int64")  # what Prometheus reckons in
    frame.index = pd.to_datetime(moments, unit="ms", utc=True).rename("time")
    frame.columns = pd.Index([_name(one["metric"], differing) for one in series], dtype="object")
    if len(differing) == 1:
        frame.columns.name = differing[0]
    return Answer.of(frame, said or About())


def common(metrics: list[dict[str, str]]) -> dict[str, str]:
    """The labels that all series have in common."""
    first = metrics[0] if metrics else {}
    return {name: value for name, value in first.items() if all(metric.get(name) == value for metric in metrics)}


def _differing(metrics: list[dict[str, str]]) -> list[str]:
    labels = sorted({label for metric in metrics for label in metric})
    return [label for label in labels if len({metric.get(label) for metric in metrics}) > 1]


def _name(metric: dict[str, str], differing: list[str]) -> str:
    if not differing:
        return metric.get("__name__", "value")
    if len(differing) == 1:
        return metric.get(differing[0], "")
    return ", ".join(f"{label}={metric[label]}" for label in differing if label in metric)
