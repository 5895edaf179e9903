"""What Prometheus says of itself."""

import os
import platform
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from labkit.clock import rfc3339
from labkit.sandbox.faces.prometheus.call import Answer, Call
from labkit.sandbox.faces.prometheus.parameters import BEGIN, END, ParameterError
from labkit.sandbox.faces.prometheus.pool import CONCURRENT
from labkit.sandbox.faces.prometheus.targets import active, seconds
from labkit.signals.labels import NAME, Labels
from labkit.signals.matcher import Match, Matcher

VERSION = "3.5.3"
"""The release whose answers these are."""
_MOST = 10_000


def buildinfo(_: Call) -> Answer:
    """The version whose API this is, and whose build it is not."""
    return Answer({
        "version": VERSION, "revision": "labkit", "branch": "labkit", "buildUser": "labkit", "buildDate": "",
        "goVersion": "",
    })  # fmt: skip


def runtimeinfo(call: Call) -> Answer:
    """How the server runs; it began with its oldest sample."""
    begun = rfc3339(max(0, min(_bounds(call)[0], call.now)))
    return Answer({
        "startTime": begun, "CWD": "/prometheus", "hostname": platform.node(), "serverTime": rfc3339(call.now),
        "reloadConfigSuccess": True, "lastConfigTime": begun, "corruptionCount": 0,
        "goroutineCount": threading.active_count(), "GOMAXPROCS": os.cpu_count() or 1, "GOMEMLIMIT": 2**63 - 1,
        "GOGC": "", "GODEBUG": "", "storageRetention": "",
    })  # fmt: skip


def flags(_: Call) -> Answer:
    """The flags of upstream that mean something here."""
    return Answer({
        "enable-feature": "", "query.lookback-delta": "5m", "query.max-concurrency": str(CONCURRENT),
        "query.max-samples": "50000000", "query.timeout": "2m", "web.cors.origin": ".*",
        "web.enable-admin-api": "false", "web.enable-lifecycle": "false",
        "web.enable-remote-write-receiver": "false", "web.route-prefix": "/",
    })  # fmt: skip


def config(call: Call) -> Answer:
    """A configuration by which a Prometheus would scrape the targets that are scraped here."""
    pools: dict[str, dict[str, Any]] = {}
    for target in active(call.source, call.now):
        pool = pools.setdefault(target.job, {
            "job_name": target.job, "scrape_interval": seconds(target.interval), "static_configs": [],
        })  # fmt: skip
        more = {name: value for name, value in target.labels if name not in ("job", "instance")}
        pool["static_configs"].append({"targets": [target.labels.get("instance")]} | ({"labels": more} if more else {}))
    text = yaml.safe_dump({"scrape_configs": [pools[job] for job in sorted(pools)]}, sort_keys=False)
    return Answer({"yaml": text})


def tsdb(call: Call) -> Answer:
    """How many series there are, and which names and labels make them many."""
    limit = _limit(call)
    found = call.source.series((), BEGIN, END)
    pairs = Counter(f"{name}={value}" for labels in found for name, value in labels)
    values: dict[str, set[str]] = {}
    for labels in found:
        for name, value in labels:
            values.setdefault(name, set()).add(value)
    start, end = _bounds(call)
    return Answer({
        "headStats": {
            "numSeries": len(found), "numLabelPairs": len(pairs), "chunkCount": len(found), "minTime": start,
            "maxTime": end,
        },
        "seriesCountByMetricName": _largest(Counter(labels.name for labels in found), limit),
        "labelValueCountByLabelName": _largest({name: len(every) for name, every in values.items()}, limit),
        "memoryInBytesByLabelName": _largest(_bytes(found), limit),
        "seriesCountByLabelValuePair": _largest(pairs, limit),
    })  # fmt: skip


def walreplay(_: Call) -> Answer:
    """Nothing is replayed when a sandbox starts."""
    return Answer({"min": 0, "max": 0, "current": 0})


def metrics(call: Call) -> str:
    """The server's own metrics, in Prometheus' text format."""
    series = len(call.source.series((), BEGIN, END))
    return (
        "# HELP prometheus_build_info The version whose API this server speaks.\n"
        "# TYPE prometheus_build_info gauge\n"
        f'prometheus_build_info{{branch="labkit",revision="labkit",version="{VERSION}"}} 1\n'
        "# HELP prometheus_engine_queries_concurrent_max The max number of concurrent queries.\n"
        "# TYPE prometheus_engine_queries_concurrent_max gauge\n"
        f"prometheus_engine_queries_concurrent_max {CONCURRENT}\n"
        "# HELP prometheus_tsdb_head_series Total number of series.\n"
        "# TYPE prometheus_tsdb_head_series gauge\n"
        f"prometheus_tsdb_head_series {series}\n"
    )


def _limit(call: Call) -> int:
    text = call.parameters.get("limit") or "10"
    if not (text.isascii() and text.isdecimal() and int(text[:20]) > 0):
        raise ParameterError("limit must be a positive number")
    if int(text[:20]) > _MOST:
        raise ParameterError(f"limit must not exceed {_MOST}")
    return int(text)


def _bounds(call: Call) -> tuple[int, int]:
    """The times of the first and the last scrape; without any, upstream's bounds of an empty head."""
    found = call.source.select((Matcher(NAME, Match.EQUAL, "up"),), BEGIN, END) or call.source.select((), BEGIN, END)
    if not found:
        return 2**63 - 1, -(2**63)
    return min(int(series.times[0]) for series in found), max(int(series.times[-1]) for series in found)


def _bytes(found: Iterable[Labels]) -> Counter[str]:
    size: Counter[str] = Counter()
    for labels in found:
        for name, value in labels:
            size[name] += len(value.encode())
    return size


def _largest(counts: Mapping[str, int], limit: int) -> list[dict[str, Any]]:
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [{"name": name, "value": number} for name, number in ordered[:limit]]
