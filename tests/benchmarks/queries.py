"""How long queries take, side by side with Debian's Prometheus: ``python -m tests.benchmarks.queries [--out FILE]``.

Both servers hold the same series and answer the same requests over HTTP, in turns, on the same machine;
a query's figure is the median. Nothing is asserted about times: they are for people to read.
"""

import argparse
import http.client
import json
import math
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from labkit.clock import SECOND
from tests.benchmarks.servers import ours, theirs
from tests.benchmarks.workload import INSTANT, RANGE, STEP, Workload, workload


@dataclass(frozen=True)
class Row:
    """One query's figures: medians in seconds, bytes of our answer, and the largest relative difference of a value."""

    kind: str
    query: str
    ours: float
    theirs: float | None
    size: int
    difference: float | None


def measured(instances: int = 10, hours: float = 6.0, times: int = 5) -> list[Row]:
    """The figures of every query, on ``instances`` × 100 series of so many hours."""
    work = workload(instances, hours)
    requests = [("instant", query) for query in INSTANT] + [("range", query) for query in RANGE]
    with ours(instances, hours) as own, theirs(work) as other, ExitStack() as stack:
        clients = [stack.enter_context(closing(Client(url))) for url in (own, other) if url is not None]
        return [_row(clients, work, kind, query, times) for kind, query in requests]


class Client:
    """One connection to a server; a plain one, for the client's own work is in every figure."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=120)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def ask(self, target: str) -> tuple[bytes, float]:
        """The body of an answer, and the seconds until its last byte was there."""
        begun = time.perf_counter()
        self._connection.request("GET", target, headers={"Accept-Encoding": "identity"})
        answer = self._connection.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - begun
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"{target}: {answer.status} {body[:300]!r}")
        return body, seconds


def _row(clients: Sequence[Client], work: Workload, kind: str, query: str, times: int) -> Row:
    """One query's figures; the first answers warm both servers up and are compared."""
    target = _target(work, kind, query)
    answers = [client.ask(target)[0] for client in clients]
    taken: list[list[float]] = [[] for _ in clients]
    for _ in range(times):
        for seconds, client in zip(taken, clients, strict=True):
            seconds.append(client.ask(target)[1])
    medians = [statistics.median(seconds) for seconds in taken]
    return Row(
        kind=kind, query=query, ours=medians[0], theirs=medians[1] if len(medians) > 1 else None,
        size=len(answers[0]), difference=difference(*map(json.loads, answers)) if len(answers) > 1 else None,
    )  # fmt: skip


def _target(work: Workload, kind: str, query: str) -> str:
    """Path and parameters of a request."""
    if kind == "instant":
        return f"/api/v1/query?{urlencode({'query': query, 'time': work.end / SECOND})}"
    when = {"start": work.start / SECOND, "end": work.end / SECOND, "step": STEP / SECOND}
    return f"/api/v1/query_range?{urlencode({'query': query, **when})}"


def difference(left: dict[str, Any], right: dict[str, Any]) -> float:
    """The largest relative difference between two answers; infinite if they differ in series or times."""
    series_l, series_r = _numbers(left), _numbers(right)
    if series_l.keys() != series_r.keys():
        return math.inf
    worst = 0.0
    for key, value in series_l.items():
        other = series_r[key]
        if value != other and not (math.isnan(value) and math.isnan(other)):
            worst = max(worst, abs(value - other) / max(abs(value), abs(other)))
    return worst


def _numbers(answer: dict[str, Any]) -> dict[tuple[Any, ...], float]:
    return {
        (*sorted(series["metric"].items()), time): float(number)
        for series in answer["data"]["result"]
        for time, number in series.get("values", [series.get("value")])
    }


def table(rows: Sequence[Row]) -> str:
    """The figures in Markdown; a ratio above 1 says that ours is faster."""
    lines = [
        "| | query | labkit, ms | Prometheus, ms | Prometheus ÷ labkit | answer, kB | largest difference |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        other = "–" if row.theirs is None else f"{row.theirs * 1000:.1f}"
        ratio = "–" if row.theirs is None else f"{row.theirs / row.ours:.2f}"
        apart = "–" if row.difference is None else f"{row.difference:.0e}" if row.difference else "none"
        query = row.query.replace("|", "\\|")
        lines.append(
            f"| {row.kind} | `{query}` | {row.ours * 1000:.1f} | {other} | {ratio} | {row.size / 1000:,.0f} | {apart} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print the table, and write it where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=10, help="hundreds of series")
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--times", type=int, default=5, help="how often each query is asked")
    parser.add_argument("--out", type=Path, help="write the table here too")
    asked = parser.parse_args()
    text = table(measured(asked.instances, asked.hours, asked.times))
    print(text)  # noqa: T201  # this is a program
    if asked.out:
        asked.out.write_text(text)


if __name__ == "__main__":
    main()
