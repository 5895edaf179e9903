"""What Prometheus says of its targets and of their metrics, told from the series ``up``."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from labkit.clock import MINUTE, SECOND, Millis, rfc3339
from labkit.errors import QueryError
from labkit.promql.parsing import selector_of
from labkit.sandbox.faces.prometheus.call import Answer, Call
from labkit.sandbox.faces.prometheus.parameters import invalid
from labkit.signals.labels import NAME, Labels
from labkit.signals.matcher import Match, Matcher
from labkit.signals.series import Selected, is_stale
from labkit.signals.source import SeriesSource

INTERVAL: Millis = 15 * SECOND
"""What is taken for the interval of a target that was scraped but once."""
_RECENT: Millis = 5 * MINUTE


@dataclass(frozen=True)
class Target:
    """One target, as its newest scrape left it."""

    labels: Labels
    up: bool
    scraped: Millis
    interval: Millis
    duration: float

    @property
    def job(self) -> str:
        """The job it is scraped for, which is its pool's name too."""
        return self.labels.get("job")

    @property
    def address(self) -> str:
        """Where it is scraped; an address that is probed for it stands for itself."""
        instance = self.labels.get("instance")
        return instance if "://" in instance else f"http://{instance}/metrics"


def active(source: SeriesSource, now: Millis) -> list[Target]:
    """The targets that are scraped now, by job and instance."""
    durations = {
        series.labels.without((NAME,)): float(series.values[-1])
        for series in _newest(source, "scrape_duration_seconds", now)
    }
    found = [_target(series, durations) for series in _newest(source, "up", now)]
    return sorted(found, key=lambda target: (target.job, target.labels))


def _newest(source: SeriesSource, name: str, now: Millis) -> list[Selected]:
    found = source.select((Matcher(NAME, Match.EQUAL, name),), now - _RECENT + 1, now)
    return [series for series in found if not is_stale(series.values[-1:]).any()]


def _target(series: Selected, durations: dict[Labels, float]) -> Target:
    labels, times = series.labels.without((NAME,)), series.times[-2:].tolist()
    return Target(
        labels=labels,
        up=bool(series.values[-1] == 1),
        scraped=times[-1],
        interval=times[-1] - times[0] if len(times) == 2 else INTERVAL,
        duration=durations.get(labels, 0.0),
    )


def targets(call: Call) -> Answer:
    """Those that are scraped; dropped ones there are none."""
    state, pool = call.parameters.get("state").lower(), call.parameters.get("scrapePool")
    every = active(call.source, call.now)
    shown = [_shown(one) for one in every if state in ("", "any", "active") and pool in ("", one.job)]
    counts = dict.fromkeys(sorted({one.job for one in every}), 0) if state in ("", "any", "dropped") else {}
    return Answer({"activeTargets": shown, "droppedTargets": [], "droppedTargetCounts": counts})


def scrape_pools(call: Call) -> Answer:
    """The names of the pools: one a job."""
    return Answer({"scrapePools": sorted({one.job for one in active(call.source, call.now)})})


def _shown(target: Target) -> dict[str, Any]:
    instance, interval = target.labels.get("instance"), seconds(target.interval)
    timeout = seconds(min(target.interval, 10 * SECOND))
    refused = f'Get "{target.address}": dial tcp {instance}: connect: connection refused'
    return {
        "discoveredLabels": {
            "__address__": instance, "__metrics_path__": "/metrics", "__scheme__": "http",
            "__scrape_interval__": interval, "__scrape_timeout__": timeout, "job": target.job,
        },
        "labels": dict(target.labels),
        "scrapePool": target.job,
        "scrapeUrl": target.address,
        "globalUrl": target.address,
        "lastError": "" if target.up else refused,
        "lastScrape": rfc3339(target.scraped),
        "lastScrapeDuration": target.duration,
        "health": "up" if target.up else "down",
        "scrapeInterval": interval,
        "scrapeTimeout": timeout,
    }  # fmt: skip


def seconds(duration: Millis) -> str:
    """A duration as Prometheus' configuration writes it, in seconds or parts of them."""
    return f"{duration // SECOND}s" if duration % SECOND == 0 else f"{duration}ms"


def metadata(call: Call) -> Answer:
    """Type and help of metrics, by name."""
    limit, each = call.parameters.number("limit"), call.parameters.number("limit_per_metric")
    wanted = call.parameters.get("metric")
    found = [
        (name, [{"type": known.type, "help": known.help, "unit": ""}])
        for name, known in sorted(call.source.metadata.items())
        if wanted in ("", name)
    ]
    shown = found if limit is None or limit < 0 else found[:limit]
    return Answer({name: known[:each] if each is not None and each > 0 else known for name, known in shown})


def targets_metadata(call: Call) -> Answer:
    """Type and help of the metrics of every target."""
    limit, text = call.parameters.number("limit"), call.parameters.get("match_target")
    try:
        matchers = selector_of(text) if text else ()
    except QueryError as error:
        raise invalid("match_target", error.what) from error
    wanted = call.parameters.get("metric")
    rows = [
        row
        for target in active(call.source, call.now)
        if all(matcher.matches(target.labels) for matcher in matchers)
        for row in _rows(call, target)
        if wanted in ("", row["metric"])
    ]
    return Answer(rows if limit is None or limit < 0 else rows[:limit])


def _rows(call: Call, target: Target) -> list[dict[str, Any]]:
    """The metrics whose series bear the target's job and instance."""
    own = Matcher("job", Match.EQUAL, target.job)
    instance = target.labels.get("instance")
    names = {
        labels.name
        for labels in call.source.series((own,), call.now - _RECENT + 1, call.now)
        if labels.get("instance", instance) == instance
    }
    known = call.source.metadata
    return [
        {
            "target": dict(target.labels), "metric": name, "type": known[name].type, "help": known[name].help,
            "unit": "",
        }
        for name in sorted({family(name, known) for name in names} & set(known))
    ]  # fmt: skip


def family(name: str, known: Container[str]) -> str:
    """The metric a series is of: a histogram's series have suffixes."""
    for suffix in ("_bucket", "_count", "_sum"):
        base = name.removesuffix(suffix)
        if base != name and base in known:
            return base
    return name
