"""PromQL over Prometheus' HTTP API, answered as pandas frames.

The response's form is that of https://prometheus.io/docs/prometheus/latest/querying/api/.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

from labkit.clock import SECOND, Millis
from labkit.errors import QueryError, SandboxUnreachable

if TYPE_CHECKING:
    import pandas as pd

RESOLUTION = 15 * SECOND
"""The scrape interval: no finer step shows more."""
POINTS = 240
"""About how many points a range has, unless a step is asked for."""


def instant(url: str, query: str, at: Millis) -> "pd.DataFrame":
    """The value of ``query`` at a time: a row a series, its labels and then ``value``; ``at`` is the index' name."""
    data = _ask(url, "query", {"query": query, "time": str(at / SECOND)})
    return instant_frame(data)


def ranged(url: str, query: str, start: Millis, end: Millis, step: Millis | None) -> "pd.DataFrame":
    """The values of ``query`` from ``start`` to ``end``: a row a time (UTC), a column a series."""
    if step is None:
        step = max(RESOLUTION, -(-(end - start) // POINTS // RESOLUTION) * RESOLUTION)
    data = _ask(
        url,
        "query_range",
        {"query": query, "start": str(start / SECOND), "end": str(end / SECOND), "step": str(step / SECOND)},
    )
    return range_frame(data)


def instant_frame(data: dict[str, Any]) -> "pd.DataFrame":
    """The frame of an instant query's ``data``: vector, scalar or string."""
    import pandas as pd  # noqa: PLC0415  (heavy)

    if data["resultType"] in {"scalar", "string"}:
        value = data["result"][1]
        return pd.DataFrame({"value": [float(value) if data["resultType"] == "scalar" else value]})
    if data["resultType"] == "matrix":
        return range_frame(data)
    rows = [{**series["metric"], "value": float(series["value"][1])} for series in data["result"]]
    labels = sorted(
        {label for row in rows for label in row} - {"value"}, key=lambda label: (label != "__name__", label)
    )
    return pd.DataFrame(rows, columns=[*labels, "value"])


def range_frame(data: dict[str, Any]) -> "pd.DataFrame":
    """The frame of a range query's ``data``.

    Columns are named by the labels in which the series differ; one such label gives plain values and
    names the columns' axis, so that ``frame.plot()`` has a legend that says what it must.
    """
    import pandas as pd  # noqa: PLC0415  (heavy)

    series = data["result"]
    differing = _differing([one["metric"] for one in series])
    columns = {
        index: pd.Series({time: float(value) for time, value in one["values"]}, dtype="float64")
        for index, one in enumerate(series)
    }
    frame = pd.DataFrame(columns).sort_index()
    frame.index = pd.to_datetime(frame.index.to_numpy(dtype="float64"), unit="s", utc=True).rename("time")
    frame.columns = pd.Index([_name(one["metric"], differing) for one in series], dtype="object")
    if len(differing) == 1:
        frame.columns.name = differing[0]
    return frame


def _differing(metrics: list[dict[str, str]]) -> list[str]:
    labels = sorted({label for metric in metrics for label in metric})
    return [label for label in labels if len({metric.get(label) for metric in metrics}) > 1]


def _name(metric: dict[str, str], differing: list[str]) -> str:
    if not differing:
        return metric.get("__name__", "value")
    if len(differing) == 1:
        return metric.get(differing[0], "")
    return ", ".join(f"{label}={metric[label]}" for label in differing if label in metric)


def _ask(url: str, endpoint: str, parameters: dict[str, str]) -> dict[str, Any]:
    """The ``data`` of an answer; raises :class:`QueryError` with Prometheus' own complaint."""
    address = f"{url}/api/v1/{endpoint}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    body = urllib.parse.urlencode(parameters).encode()
    try:
        with opener.open(address, body, timeout=60) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            raise QueryError(_complaint(error.read()), where=parameters["query"], remedy="correct the query") from error
    except (OSError, ValueError) as error:
        raise SandboxUnreachable(f"no answer: {error}", where=address, remedy="see: labkit status") from error
    return dict(answer["data"])


def _complaint(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")[:200]
